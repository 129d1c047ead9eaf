"""What a prediction chooses among, in the terminal and in the page."""

import hashlib

from .changes import Experiment
from .promises import PromiseText

CHOICES = 8
SURE = ("a guess", "fairly sure", "certain")


def choices_for(experiment: Experiment, promises: list[PromiseText]) -> list[PromiseText]:
    """Return what the learner chooses among: every core promise, every one that breaks, and others up to eight.

    The others differ from one experiment to the next: otherwise what's new in the list would be what breaks.
    """
    clear = [promise for promise in promises if promise.name not in experiment.unclear]
    must = {promise.name for promise in clear if not promise.deeper or promise.name in experiment.red}
    spare = [promise.name for promise in clear if promise.name not in must]
    spare.sort(key=lambda name: hashlib.sha256(f"{experiment.title} {name}".encode()).digest())
    chosen = must | set(spare[: max(0, CHOICES - len(must))])
    return [promise for promise in clear if promise.name in chosen]


def red_numbers(experiment: Experiment, choices: list[PromiseText]) -> list[int]:
    """Return the numbers of the promises that the experiment breaks."""
    return [n for n, promise in enumerate(choices, 1) if promise.name in experiment.red]
