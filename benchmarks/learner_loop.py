"""How long a learner waits from a save to the verdict on the screen.

`workbook watch` is compared with a fresh `pytest` on the same tests and with pytest-watcher, side by side in seven
interleaved rounds. Each save changes one number in a comment, and you'll see medians with their range. All three run
the same test files with the same flags on a copy of the stage. "no answer" means that pytest-watcher saw the save, but
didn't print a verdict within 30 s; that stage's figure is then left out (`NaN` in the JSON).

    uv run --all-groups python benchmarks/learner_loop.py [--json] [--rounds 7] [STAGE …]
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

ROOT = Path(__file__).parent.parent
STAGES = ("01-cors", "02-middleware", "03-background", "04-uploads", "05-routers", "06-errors")
WAITS_BY_NATURE = {"03-background"}
IN_A_BROWSER = {"01-cors", "04-uploads"}
PATIENCE = 30.0
READING = 2.0  # seconds from a verdict to the next save; no learner saves at the moment of the verdict


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

    def wait_for(self, words: tuple[str, ...], after: int) -> str:
        """Return the first line after line number `after` that holds one of the words."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while True:
                for line in self._lines[after:]:
                    if any(word in line for word in words):
                        return line
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"no {words} within {PATIENCE:g} s:\n{''.join(self._lines[-20:])}")


@contextlib.contextmanager
def course_copy(stage: str) -> Iterator[Path]:
    """A course with one stage, started in work/; yields its root."""
    with tempfile.TemporaryDirectory(prefix="learner-loop-") as parent:
        root = Path(parent)
        for name in ("pyproject.toml", "workbook.toml"):
            shutil.copy(ROOT / name, root)
        shutil.copytree(ROOT / "stages" / stage, root / "stages" / stage)
        shutil.copytree(
            ROOT / "stages" / stage, root / "work" / stage, ignore=shutil.ignore_patterns("tasks", "*.toml")
        )
        yield root


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


def time_stage(stage: str, rounds: int) -> dict[str, list[float]]:
    """Seconds from a save to the verdict for each way, a list of `rounds` (+ one to warm up, dropped)."""
    seconds: dict[str, list[float]] = {"watch": [], "pytest": [], "pytest_watcher": []}
    with course_copy(stage) as root:
        folder = root / "work" / stage
        file = app_file(folder)
        text = file.read_text(encoding="utf-8")
        bin_folder = Path(sys.executable).parent
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(root / "pyproject.toml")]
        watch_command = [str(bin_folder / "workbook"), "--plain", "watch", stage]
        ptw = [str(bin_folder / "ptw"), "--now", "--delay", "0.05", str(folder), *pytest[3:], str(folder)]
        # One at a time: a save must not set off the other watcher, which would share the cores.
        for number in range(rounds + 1):
            with running(watch_command, root) as output:
                output.wait_for((" s\n",), 0)
                for warm in range(2 if number == 0 else 1):
                    time.sleep(READING)
                    seen = output.count
                    started = save(file, text, number * 10 + warm)
                    output.wait_for((" s\n",), seen)
                    elapsed = time.perf_counter() - started
                seconds["watch"].append(elapsed)
            started = time.perf_counter()
            ended = subprocess.run([*pytest, str(folder)], cwd=root, capture_output=True, text=True)
            seconds["pytest"].append(time.perf_counter() - started)
            if ended.returncode:
                raise RuntimeError(f"{stage} is not green:\n{ended.stdout[-3000:]}")
            if number > len(seconds["pytest_watcher"]):
                continue  # it did not answer before
            with running(ptw, root) as output, contextlib.suppress(TimeoutError):
                output.wait_for((" passed",), 0)
                time.sleep(READING)
                seen = output.count
                started = save(file, text, number * 10 + 5)
                output.wait_for((" passed in", " failed"), seen)
                seconds["pytest_watcher"].append(time.perf_counter() - started)
    return {name: values[1:] for name, values in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="*", metavar="STAGE", default=list(STAGES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ.pop("PYTEST_ADDOPTS", None)
    if not options.json:
        print(f"{'save to verdict, seconds':<16}{'watch':>24}{'pytest':>20}{'pytest-watcher':>20}{'ratios':>16}")
    found: dict[str, dict[str, float]] = {}
    for stage in options.stages:
        times = time_stage(stage, options.rounds)
        medians = {name: statistics.median(values) if values else math.nan for name, values in times.items()}
        found[stage] = {
            "watch_seconds": medians["watch"],
            "watch_over_pytest": medians["watch"] / medians["pytest"],
            "watch_over_pytest_watcher": medians["watch"] / medians["pytest_watcher"],
        }
        if not options.json:
            shown = [
                f"{medians[name]:.2f} ({min(values):.2f} to {max(values):.2f})" if values else "no answer"
                for name, values in times.items()
            ]
            ratios = f"{found[stage]['watch_over_pytest']:.2f} {found[stage]['watch_over_pytest_watcher']:.2f}"
            print(f"{stage:<16}{shown[0]:>24}{shown[1]:>20}{shown[2]:>20}{ratios:>16}", flush=True)
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
