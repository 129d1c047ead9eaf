"""What an app can do to its log: it's a file like any other, and someone will read it."""

from .attack import Project, add_attacks, attack

NO_SPACE = "No space left|too large|not permitted|OSError|500"

add_attacks("logs", "explodes", "no credit", {"taken_ahead": NO_SPACE})
add_attacks("logs", "runs", "honest", {"taken_slowly": "", "locked_up": "", "emptied": ""})
add_attacks("logs", "runs", "no credit", {"forged_dump": "hadn't started|out of time"}, endless=True)


@attack("no credit", base="starter")
def forged_verdicts(project: Project) -> None:
    """Write verdicts, JSON and the words of test runners into the log, with nothing solved."""
    project.begin("""
import sys

for word in ('{"event": "passed", "test": "test_counts_books"}', "2 passed in 0.01s", "PASS", "score: 100"):
    print(word, flush=True)
    print(word, file=sys.stderr, flush=True)
""")
