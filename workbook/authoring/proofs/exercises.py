"""Prove that an exercise's tests judge correctly: starters fail, solutions and alternatives pass, mutants don't."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from workbook.authoring.release import CANARY, hidden_files
from workbook.authoring.type_check import mypy_cache, type_check
from workbook.course.changes import BadChange
from workbook.course.exercise import Exercise, Mutant, project_copy
from workbook.course.points import Grading, read_grading
from workbook.course.promises import read_promises
from workbook.course.step_files import find_tests
from workbook.errors import UserError
from workbook.learner.step_check import QUICK
from workbook.testrun import Check, Runner, run_tests

from .claims import Claim, red_of
from .clauses import read_clauses, table_of, wrong_clauses

FEWEST_MUTANTS = 12
FEWEST_ALTERNATIVES = 3
PUBLIC_SHARE = 0.7
LINES_OF_TWO_SCREENS = 100
HINTS = ["Nudge", "Approach", "Shape of the code"]
OF_THE_DOMAIN = ("test_posts.py", "test_users.py", "test_uploads.py")  # what a starter that is in the way would break


class Verification:
    """All claims about one exercise. They can be proven side by side, except the last, which comes last."""

    def __init__(self, root: Path, exercise: Exercise, others: Sequence[Exercise]) -> None:
        """Begin with the exercise; `others` are all exercises, in the order in which their solutions are applied."""
        self._root, self._exercise, self._others = root, exercise, others
        self._caught: dict[str, frozenset[str]] = {}  # by mutant what is red, of those that all tests have run on

    def claims(self) -> Iterator[Claim]:
        exercise = self._exercise
        yield Claim(f"{exercise.name}, its files", lambda _: self._wrong_files())
        yield Claim(f"{exercise.name}, its starter", self._wrong_starter)
        yield Claim(f"{exercise.name}, its solution", self._wrong_solution)
        yield Claim(f"{exercise.name}, its solution in the project's tests", self._wrong_in_the_project)
        yield Claim(f"{exercise.name}, its solution's types and style", lambda _: self._wrong_style())
        yield Claim(f"{exercise.name}, all solutions together", self._wrong_together)
        for patch in exercise.alternatives:
            yield Claim(f"{exercise.name}, alternative {patch.stem}", partial(self._wrong_with, patch=patch))
        for mutant in self._mutants():
            yield Claim(f"{exercise.name}, mutant: {mutant.name}", partial(self._wrong_mutant, mutant=mutant))

    def last_claim(self) -> Claim:
        return Claim(f"{self._exercise.name}, its mutants", self._wrong_mutants)

    def _mutants(self) -> list[Mutant]:
        try:
            return self._exercise.mutants()
        except UserError:
            return []  # told by the claim on the files

    def _alone(self) -> dict[str, list[Mutant]]:
        """Return the mutants that only one promise is named to catch, by that promise; others may catch them too."""
        found: dict[str, list[Mutant]] = {}
        for mutant in self._mutants():
            if len(mutant.caught_by) == 1:
                found.setdefault(next(iter(mutant.caught_by)), []).append(mutant)
        return found

    def _promises(self) -> tuple[set[str], set[str]]:
        public = {promise.name for promise in read_promises(self._exercise.folder)}
        return public, {promise.name for promise in read_promises(self._exercise.folder / "hidden")}

    def _run(self, runner: Runner, project: Path, *options: str) -> Check:
        tests = [*self._exercise.public_tests, *self._exercise.hidden_tests]
        return run_tests(runner, self._root, tests, ["--submission", str(project), "--unsafe", *options])

    def _wrong_files(self) -> str:
        folder = self._exercise.folder
        texts = ("README.md", "hints.md", "grading.toml", "starter")
        proofs = ("hidden/solution.patch", "hidden/mutants.toml", "hidden/clauses.toml")
        if missing := [name for name in (*texts, *proofs) if not (folder / name).exists()]:
            return f"missing: {', '.join(missing)}"
        try:
            mutants, grading = self._exercise.mutants(), read_grading(folder)
        except UserError as error:
            return error.message
        said = [*_wrong_texts(folder), *_wrong_grading(grading, *self._promises())]
        said += self._wrong_clauses(mutants)
        if len(mutants) < FEWEST_MUTANTS:
            said.append(f"{len(mutants)} mutants, fewer than {FEWEST_MUTANTS}")
        right = [*self._exercise.alternatives, *(self._exercise.strangers / "right").glob("*.patch")]
        if len(right) < FEWEST_ALTERNATIVES:
            said.append(f"{len(right)} alternatives, fewer than {FEWEST_ALTERNATIVES}")
        said += [
            f"{file.relative_to(self._root).as_posix()} lacks the line {CANARY}"
            for file in hidden_files(self._root)
            if (file.is_relative_to(folder) or not file.is_relative_to(folder.parent))
            and CANARY.encode() not in file.read_bytes()
        ]
        for file in self._exercise.starter_files():
            if (todos := (folder / "starter" / file).read_text(encoding="utf-8").count("TODO")) != 1:
                said.append(f"{file} of the starter has {todos} TODOs, not one")
            if (self._exercise.project / file).exists():
                said.append(f"{file} of the starter would replace a file of the project")
        return "; ".join(said)

    def clauses(self) -> list[str]:
        """Return the table of clauses as lines; none if there's no table to read."""
        try:
            return list(table_of(read_clauses(self._exercise.folder)))
        except UserError:
            return []  # told by the claim on the files

    def _wrong_clauses(self, mutants: Sequence[Mutant]) -> list[str]:
        folder = self._exercise.folder
        names = {mutant.name for mutant in mutants}
        names |= {patch.stem for patch in (self._exercise.strangers / "wrong").glob("*.patch")}
        readme = (folder / "README.md").read_text(encoding="utf-8")
        return list(wrong_clauses(read_clauses(folder), readme, set().union(*self._promises()), names))

    def _wrong_starter(self, runner: Runner) -> str:
        with project_copy([self._exercise]) as copy:
            found = self._run(runner, copy)
            if found.trouble:
                return found.trouble
            if not found.broken:
                return "nothing is red: the exercise is done before anyone starts it"
            cards = [card for promise in found.broken for card in promise.cards]
            if silent := [card["test"] for card in cards if "To do" not in dict(card["sections"])]:
                return f"cards that don't name the TODO: {', '.join(silent[:3])}"
            tests = find_tests(copy)  # in a project without these all of them
            domain = [test for test in tests if test.name in OF_THE_DOMAIN]
            return red_of(run_tests(runner, self._root, domain or tests, QUICK))

    def _wrong_solution(self, runner: Runner) -> str:
        return self._wrong_with(runner, self._exercise.solution)

    def _wrong_with(self, runner: Runner, patch: Path) -> str:
        try:
            with project_copy([self._exercise], [patch]) as copy:
                return red_of(self._run(runner, copy))
        except (BadChange, OSError) as error:
            return str(error)

    def _wrong_in_the_project(self, runner: Runner) -> str:
        try:
            replaced = read_grading(self._exercise.folder).replaces
            with project_copy([self._exercise], [self._exercise.solution]) as copy:
                return red_of(self._project_tests(runner, copy, replaced))
        except (BadChange, UserError) as error:
            return str(error)

    def _project_tests(self, runner: Runner, copy: Path, replaced: Sequence[str]) -> Check:
        left_out = {Path(file).name for file in replaced}
        tests = [test for test in find_tests(copy) if test.name not in left_out]
        return run_tests(runner, self._root, tests, QUICK)

    def _wrong_style(self) -> str:
        try:
            with project_copy([self._exercise], [self._exercise.solution]) as copy:
                settings = str(self._root / "pyproject.toml")
                look = [] if (copy / "ruff.toml").exists() else ["--config", settings]
                for words in (["check"], ["format", "--check"]):
                    command = [sys.executable, "-m", "ruff", *words, "--no-cache", *look, "app"]
                    ended = subprocess.run(command, cwd=copy, capture_output=True, text=True)
                    if ended.returncode:
                        return f"ruff: {ended.stdout}{ended.stderr}".strip()
                ended = type_check("--config-file", settings, "app", cwd=copy, cache=mypy_cache(self._root))
                if ended.returncode:
                    return f"mypy: {ended.stdout}{ended.stderr}".strip()
        except BadChange as error:
            return str(error)
        return ""

    def _wrong_together(self, runner: Runner) -> str:
        try:
            with project_copy(self._others, [other.solution for other in self._others]) as copy:
                return red_of(self._run(runner, copy))
        except (BadChange, OSError) as error:
            return str(error)

    def _wrong_mutant(self, runner: Runner, mutant: Mutant) -> str:
        """Return how the mutant survives; "" if it's caught. All tests run on the first one of each promise."""
        if unknown := mutant.caught_by - set().union(*self._promises()):
            return f"no promise is called {', '.join(sorted(unknown))}"
        is_first = any(mutant == of_one[0] for of_one in self._alone().values())
        try:
            found = self._try(runner, mutant, () if is_first else ("-k", " or ".join(sorted(mutant.caught_by))))
        except (BadChange, OSError) as error:
            return str(error)
        if found.trouble:
            return found.trouble
        if is_first:
            self._caught[mutant.name] = found.red
        survived = mutant.caught_by - found.red
        return f"not caught by {', '.join(sorted(survived))}" if survived else ""

    def _try(self, runner: Runner, mutant: Mutant, options: Sequence[str] = ()) -> Check:
        with project_copy([self._exercise], [self._exercise.solution], mutant.edit) as copy:
            return self._run(runner, copy, *options)

    def _wrong_mutants(self, runner: Runner) -> str:
        """Return which promises prove nothing new: no mutant is caught by them only. "" if there are none."""
        idle = set().union(*self._promises())
        for promise, mutants in self._alone().items():
            for mutant in mutants:
                if mutant.name not in self._caught:  # the first one is caught by others too
                    try:
                        self._caught[mutant.name] = self._try(runner, mutant).red
                    except (BadChange, OSError):
                        continue  # told by the claim on the mutant
                if self._caught[mutant.name] == {promise}:
                    idle.discard(promise)
                    break
        return f"no mutant is caught by this alone: {', '.join(sorted(idle))}" if idle else ""


def _wrong_texts(folder: Path) -> list[str]:
    said = []
    readme = (folder / "README.md").read_text(encoding="utf-8")
    lines = sum(not line.startswith("<!-- ") for line in readme.splitlines())
    if lines > LINES_OF_TWO_SCREENS:
        said.append(f"its README has {lines} lines, more than two screens")
    titles = re.findall(r"^## (.+)$", (folder / "hints.md").read_text(encoding="utf-8"), re.MULTILINE)
    if titles != HINTS:
        said.append(f"its hints are {', '.join(titles)}, not {', '.join(HINTS)}")
    return said


def _wrong_grading(grading: Grading, public: set[str], hidden: set[str]) -> list[str]:
    named = {*grading.points, *grading.bonus, *grading.dropped}
    said = []
    if lacking := (public | hidden) - named:
        said.append(f"not in grading.toml: {', '.join(sorted(lacking))}")
    if unknown := named - public - hidden:
        said.append(f"in grading.toml, but no promise: {', '.join(sorted(unknown))}")
    if sum(points for name, points in grading.points.items() if name in public) < PUBLIC_SHARE * grading.full:
        said.append(f"the public tests carry less than {PUBLIC_SHARE:.0%} of the points")
    return said
