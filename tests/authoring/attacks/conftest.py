# hidden-from-learners-3b9f51c2
"""Skip the attacks if the hidden parts are missing, because an attack begins with a solution."""

from workbook.authoring.attacks.grading import attacked_exercise

collect_ignore = [] if attacked_exercise("count").solution.exists() else ["test_attacks.py"]
