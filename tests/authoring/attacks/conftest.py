# hidden-from-learners-3b9f51c2
"""Without the hidden parts there are no solutions that an attack could begin with."""

from workbook.authoring.attacks.grading import attacked_exercise

collect_ignore = [] if attacked_exercise("count").solution.exists() else ["test_attacks.py"]
