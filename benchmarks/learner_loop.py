"""How long a learner waits from a save to the verdict on the screen.

`workbook watch` is compared with a fresh `pytest` on the same tests and with pytest-watcher, in interleaved rounds.
There are seven, or as many as fit into a stage's share of five minutes, but at least two. Each way has a separate copy
of the stage, so that a save sets off only one of them. Each save changes one number in a comment, and you'll see
medians with their range, and how many rounds there were. `shown` is how long `workbook` alone, on a terminal,
takes to say that it has seen a save. pytest-watcher is asked in the first rounds only. "no answer" means that it
didn't print a verdict within 10 s; that figure is then left out (`NaN` in the JSON).

    uv run --all-groups python benchmarks/learner_loop.py [--json] [--rounds 7] [--minutes 5] [STAGE …]
"""

import argparse
import contextlib
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pexpect  # type: ignore[import-untyped]

ROOT = Path(__file__).parent.parent
STAGES = ("01-cors", "02-middleware", "03-background", "04-uploads", "05-routers", "06-errors")
WAITS_BY_NATURE = {"03-background"}
IN_A_BROWSER = {"01-cors", "04-uploads"}
PATIENCE = 60.0
LITTLE_PATIENCE = 10.0  # with pytest-watcher, which never answers where a browser runs
ASKED = 3  # rounds in which pytest-watcher is asked
CLOSING = 3.0  # seconds to end what runs, and to start the next
READING = 1.5  # seconds from a verdict to the next save; no learner saves at the moment of the verdict


class Output:
    """The lines that a process writes, as they come."""

    def __init__(self, pipe: IO[str]) -> None:
        self._lines: list[str] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, args=(pipe,), daemon=True).start()

    def _read(self, pipe: IO[str]) -> None:
        for line in pipe:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()

    @property
    def count(self) -> int:
        return len(self._lines)

    def wait_for(self, words: tuple[str, ...], after: int, patience: float = PATIENCE) -> str:
        """Return the first line after line number `after` that holds one of the words."""
        deadline = time.monotonic() + patience
        with self._changed:
            while True:
                for line in self._lines[after:]:
                    if any(word in line for word in words):
                        return line
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"no {words} within {patience:g} s:\n{''.join(self._lines[-20:])}")


@contextlib.contextmanager
def course_copies(stage: str, count: int) -> Iterator[list[Path]]:
    """Courses with one stage each, started in work/; yields their roots."""
    with tempfile.TemporaryDirectory(prefix="learner-loop-") as parent:
        roots = [Path(parent, str(number)) for number in range(count)]
        for root in roots:
            root.mkdir()
            for name in ("pyproject.toml", "workbook.toml"):
                shutil.copy(ROOT / name, root)
            shutil.copytree(ROOT / "stages" / stage, root / "stages" / stage)
            shutil.copytree(
                ROOT / "stages" / stage, root / "work" / stage, ignore=shutil.ignore_patterns("tasks", "*.toml")
            )
        yield roots


@contextlib.contextmanager
def running(command: list[str], cwd: Path) -> Iterator[Output]:
    process = subprocess.Popen(
        command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    try:
        yield Output(process.stdout)
    finally:
        process.terminate()
        process.wait(20)


def app_file(folder: Path) -> Path:
    return next(path for path in (folder / "main.py", folder / "app" / "main.py") if path.exists())


def save(file: Path, text: str, number: int) -> float:
    """Save the app's file with one comment changed, at once as editors do; returns when."""
    new = file.with_name(".saving")
    new.write_text(f"{text}\n# save {number:06d}\n", encoding="utf-8")
    started = time.perf_counter()
    new.replace(file)
    return started


class Copy:
    """A copy of a stage whose app is saved again and again."""

    def __init__(self, root: Path, stage: str) -> None:
        self.root, self.folder = root, root / "work" / stage
        self._file = app_file(self.folder)
        self._text = self._file.read_text(encoding="utf-8")
        self._saves = 0

    def save(self) -> float:
        """Save the app; returns when."""
        time.sleep(READING)
        self._saves += 1
        return save(self._file, self._text, self._saves)

    def time_save(self, output: Output, words: tuple[str, ...], patience: float) -> float:
        """Save the app, and return the seconds until the output has one of the words."""
        seen = output.count
        started = self.save()
        output.wait_for(words, seen, patience)
        return time.perf_counter() - started


class Session(Copy):
    """`workbook` alone on a terminal of 80 by 24."""

    def __init__(self, root: Path, stage: str) -> None:
        super().__init__(root, stage)
        command = str(Path(sys.executable).parent / "workbook")
        subprocess.run([command, "start", stage], cwd=root, capture_output=True, check=True)
        self._terminal = pexpect.spawn(command, cwd=root, dimensions=(24, 80), timeout=PATIENCE)
        self._terminal.expect("kept")

    def time_first_sign(self) -> float:
        """Save the app, and return the seconds until the screen says so; then wait for the verdict."""
        started = self.save()
        self._terminal.expect("Saved ")
        seconds = time.perf_counter() - started
        self._terminal.expect(r"\(\d+\.\d\d s\)")
        return seconds

    def close(self) -> None:
        self._terminal.close(force=True)


def time_stage(stage: str, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Seconds from a save to the verdict for each way; the first, which warms up, is dropped."""
    deadline = time.monotonic() + seconds
    found: dict[str, list[float]] = {"watch": [], "pytest": [], "pytest_watcher": [], "shown": []}
    with course_copies(stage, 4) as roots:
        watched, fresh, of_ptw = (Copy(root, stage) for root in roots[:3])
        bin_folder = Path(sys.executable).parent
        flags = ["-q", "-p", "no:cacheprovider", "-c"]
        pytest = [sys.executable, "-m", "pytest", *flags, str(fresh.root / "pyproject.toml"), str(fresh.folder)]
        watch_command = [str(bin_folder / "workbook"), "--plain", "watch", stage]
        ptw = [str(bin_folder / "ptw"), "--now", "--delay", "0.05", str(of_ptw.folder)]
        ptw += [*flags, str(of_ptw.root / "pyproject.toml"), str(of_ptw.folder)]
        with (
            running(ptw, of_ptw.root) as ptw_output,
            running(watch_command, watched.root) as output,
            contextlib.closing(Session(roots[3], stage)) as session,
        ):
            output.wait_for((" s\n",), 0)
            ptw_answers = True
            with contextlib.suppress(TimeoutError):
                ptw_output.wait_for((" passed",), 0, LITTLE_PATIENCE)
            longest = 0.0
            for number in range(rounds + 1):
                begun = time.monotonic()
                if number > 2 and begun + longest > deadline:
                    break
                found["watch"].append(watched.time_save(output, (" s\n",), PATIENCE))
                if number <= ASKED:
                    found["shown"].append(session.time_first_sign())
                started = time.perf_counter()
                ended = subprocess.run(pytest, cwd=fresh.root, capture_output=True, text=True)
                found["pytest"].append(time.perf_counter() - started)
                if ended.returncode:
                    raise RuntimeError(f"{stage} is not green:\n{ended.stdout[-3000:]}")
                if ptw_answers and number <= ASKED:
                    words = (" passed in", " failed")
                    try:
                        found["pytest_watcher"].append(of_ptw.time_save(ptw_output, words, LITTLE_PATIENCE))
                    except TimeoutError:
                        ptw_answers = False
                longest = max(longest, time.monotonic() - begun)
    return {name: values[1:] for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="*", metavar="STAGE", default=list(STAGES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=5, help="for all stages together")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ.pop("PYTEST_ADDOPTS", None)
    ways = ("watch", "pytest", "pytest_watcher", "shown")
    if not options.json:
        head = "".join(f"{f'{name}, s':>23}" for name in ways)
        print(f"{'save to verdict':<16}{head}{'ratios':>12} rounds")
    found: dict[str, dict[str, float]] = {}
    began = time.monotonic()
    for place, stage in enumerate(options.stages):
        left = options.minutes * 60 - (time.monotonic() - began)
        times = time_stage(stage, options.rounds, left / (len(options.stages) - place) - CLOSING)
        medians = {name: statistics.median(values) if values else math.nan for name, values in times.items()}
        found[stage] = {
            "watch_seconds": medians["watch"],
            "watch_over_pytest": medians["watch"] / medians["pytest"],
            "watch_over_pytest_watcher": medians["watch"] / medians["pytest_watcher"],
            "shown_seconds": medians["shown"],
        }
        if not options.json:
            shown = [
                f"{medians[name]:.2f} ({min(values):.2f} to {max(values):.2f})" if values else "no answer"
                for name in ways
                for values in [times[name]]
            ]
            ratios = f"{found[stage]['watch_over_pytest']:.2f} {found[stage]['watch_over_pytest_watcher']:.2f}"
            row = "".join(f"{text:>23}" for text in shown)
            print(f"{stage:<16}{row}{ratios:>12} {len(times['watch']):>6}", flush=True)
    counted = [values for stage, values in found.items() if stage not in WAITS_BY_NATURE] or list(found.values())
    worst = {
        name: max((values[name] for values in counted if not math.isnan(values[name])), default=math.nan)
        for name in counted[0]
    }
    quick = [v["watch_seconds"] for stage, v in found.items() if stage not in WAITS_BY_NATURE | IN_A_BROWSER]
    if quick:
        worst["watch_seconds_without_browser"] = max(quick)
    if options.json:
        print(json.dumps({**worst, "stages": found}, indent=2))
    else:
        print(
            "worst of the stages whose tests do not wait by nature: "
            + ", ".join(f"{k} {v:.2f}" for k, v in worst.items())
        )


if __name__ == "__main__":
    main()
