"""What a check found out, read from the lines that the plugin wrote."""

import json
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_OF_RESULTS = 32 * 1024 * 1024
Wanted = tuple[str, dict[str, str]]  # an app that a test asks for: its folder and its environment
INTERNAL_ERROR = 3  # pytest's own
# How a process ends that reads what it doesn't survive; one that the machine lacks memory for is killed.
OF_WHAT_CAME = {-getattr(signal, name, 0) for name in ("SIGXCPU", "SIGSEGV", "SIGABRT", "SIGBUS")} | {INTERNAL_ERROR}


@dataclass
class Promise:
    """One promise of a step and how it went: kept, broken, waiting (for a cause shown once) or not proven here.

    It may also be open, because its task hasn't begun, or replaced, because an exercise has another in its place.
    `cases`: how each of its tests ended, by its id. `as_before`: the stage keeps it before its task is begun, too.
    """

    name: str
    text: str
    file: Path
    line: int
    deeper: bool
    outcome: str = "unknown"
    cards: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    plain: str = ""
    cases: dict[str, str] = field(default_factory=dict)
    as_before: bool = False

    @property
    def broken_cases(self) -> list[str]:
        """The parameters of the cases that failed or weren't reached, as pytest names them: `total_pages-/users`."""
        broken = (test for test, outcome in self.cases.items() if outcome not in {"passed", "skipped"})
        return [test.partition("[")[2].removesuffix("]") for test in broken]


@dataclass
class Check:
    """One run of a step's tests. If something kept it from ending, `trouble` says what.

    `cpu`: seconds of processor time, of the tests and of apps in a sandbox. `ended`: the exit status of each of these.
    `memory`: the most bytes that the process of the tests had, where that's known.
    `cut_short`: some tests have ended, and then the process that runs them died of what came back.
    `served`: the apps that a learner's tests asked for, in this order: folder and environment.
    """

    promises: list[Promise]
    seconds: float = 0.0
    trouble: str = ""
    cpu: float = 0.0
    ended: list[int] = field(default_factory=list)
    cut_short: bool = False
    memory: int = 0
    served: list[Wanted] = field(default_factory=list)

    @property
    def broken(self) -> list[Promise]:
        return [promise for promise in self.promises if promise.outcome in {"broken", "waiting"}]

    @property
    def red(self) -> frozenset[str]:
        return frozenset(promise.name for promise in self.broken)

    @property
    def kept(self) -> list[Promise]:
        return [promise for promise in self.promises if promise.outcome == "kept"]

    @property
    def not_proven(self) -> list[Promise]:
        return [promise for promise in self.promises if promise.outcome == "not proven"]

    @property
    def tests_ended(self) -> tuple[int, int]:
        """How many tests have ended, and of how many."""
        outcomes = [outcome for promise in self.promises for outcome in promise.cases.values()]
        return sum(outcome != "unknown" for outcome in outcomes), len(outcomes)

    @property
    def passed(self) -> bool:
        settled = all(promise.outcome not in {"open", "broken", "waiting"} for promise in self.promises)
        return settled and not self.trouble and bool(self.promises)

    def below(self, folder: Path) -> "Check":
        """Return the part of this check whose tests are below `folder`."""
        return Check([p for p in self.promises if p.file.is_relative_to(folder)], self.seconds, self.trouble)


def read_check(file: Path, output: str, seconds: float, exit_status: int | None = None) -> Check:
    """Read the lines in `file`. `output` is what pytest printed, in case it didn't end.

    `exit_status` is that of its process, if it's known.
    """
    promises: dict[str, Promise] = {}
    by_test: dict[str, Promise] = {}
    causes: set[str] = set()
    trouble, status, cpu = "", None, 0.0
    ended: list[int] = []
    served: list[Wanted] = []
    for event in _events(file):
        if event["event"] == "collected":
            key = f"{event['file']}::{event['name']}"
            texts = event["name"], event["promise"], Path(event["file"])
            promises.setdefault(key, Promise(*texts, event["line"], event["deeper"], as_before=event["as_before"]))
            by_test[event["test"]] = promises[key]
            promises[key].cases[event["test"]] = "unknown"
        elif event["event"] == "not-collected":
            trouble = event["text"]
        elif event["event"] == "finished":
            status, cpu = event["status"], cpu + event["cpu"]
        elif event["event"] == "apps":
            ended, cpu = event["ended"], cpu + event["cpu"]
        elif event["event"] == "served":
            served.append((event["app"], event["env"]))
        elif promise := by_test.get(event["test"]):
            _note(promise, event, causes)
    if status not in {0, 1} and not trouble:
        trouble = output[-2000:].strip() or "the tests ended without a verdict"
    began = any(promise.outcome != "unknown" for promise in promises.values())
    of_itself = (status is None and exit_status in OF_WHAT_CAME) or status == INTERNAL_ERROR
    return Check(list(promises.values()), seconds, trouble, cpu, ended, cut_short=began and of_itself, served=served)


def _note(promise: Promise, event: dict[str, Any], causes: set[str]) -> None:
    if promise.cases.get(event["test"]) != "failed":  # its clean-up may pass anyway
        promise.cases[event["test"]] = event["event"]
    if event["event"] == "failed":
        card = event["card"]
        if card and card["cause"] in causes:
            promise.outcome = "waiting" if promise.outcome != "broken" else "broken"
            return
        if card:
            causes.update({card["cause"]} - {None})
            promise.cards.append(card)
        promise.outcome, promise.plain = "broken", event["text"]
    elif promise.outcome in {"unknown", "kept"}:
        if event["event"] == "skipped":
            promise.outcome, promise.reason = "not proven", event["reason"]
        elif event["event"] == "passed":
            promise.outcome = "kept"


def _events(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    with file.open("rb") as results:
        lines = results.read(MOST_OF_RESULTS).decode("utf-8", "replace").splitlines()
    events = []
    for line in lines:
        try:
            events.append(json.loads(line))
        except ValueError:  # the last line of a run that was killed
            break
    return events
