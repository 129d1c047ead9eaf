"""Without the hidden parts, in the learner edition, there are no solutions that an attack could begin with."""

from .grading import exercise_of

collect_ignore = [] if exercise_of("count").solution.exists() else ["test_attacks.py"]
