"""What states are called, on pages, in tables and in the terminal alike. docs/instructors/reports.md explains each."""

from workbook.grader.results import CAUSES

# A promise's outcome: a sign, the words, and a class of the page's style. The words say it; the rest helps to find it.
OUTCOMES = {
    "kept": ("✓", "Kept", "good"),
    "broken": ("✗", "Not kept", "bad"),
    "in part": ("✗", "Kept in part", "bad"),
    "waiting": ("…", "Not tested", "open"),
    "not proven": ("?", "Not testable here", "open"),
    "unstable": ("≈", "Undecided", "open"),
    "not graded": ("…", "Not graded yet", "open"),
    "dropped": ("–", "Dropped", "gone"),
}
# What a learner's work as a whole is: the state of a mark, and what its notes call it.
STATES = {
    "graded": "graded",
    "failed": "couldn't be graded",
    "not handed in": "not handed in",
    "not graded": "not graded yet",
}
STRANGER = "not on the roster"
UNDECIDED = "undecided"
BY_HAND = "decided by hand"
CHANGED = "changed since published"
LATE = "late"


def cause_in_words(cause: str) -> str:
    """Return the kind of reason why a mark may be none, as it's called in a list."""
    said = CAUSES[cause]
    return said[0].lower() + said[1:]


def outcome_in_words(outcome: str) -> str:
    """Return an outcome as it's called within a sentence."""
    return OUTCOMES[outcome][1].lower()
