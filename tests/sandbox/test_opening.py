"""A sandbox is used only if it proves that it's closed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbook.sandbox import NoSandbox, bubblewrap, open_sandbox, opening, selftest

from ..apps import write

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("needs_sandbox")
def test_auto_takes_the_fork_server() -> None:
    """If namespaces can be nested, the fork server is used."""
    with open_sandbox(ROOT) as sandbox:
        assert (sandbox.tier, sandbox.refused) == ("fork", "")
        assert sandbox.env == {"WORKBOOK_SANDBOX": str(sandbox.folder)}


@pytest.mark.usefixtures("needs_sandbox")
def test_a_tier_that_does_not_hold_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the fork server has a hole, the other tier is used and says why."""
    monkeypatch.setattr(opening, "FORKS", "workbook.sandbox.inside.no_such_module")

    with open_sandbox(ROOT) as sandbox:
        assert sandbox.tier == "bubblewrap"
        assert sandbox.refused.startswith("fork: ")
        assert "no_such_module" in sandbox.refused


@pytest.mark.usefixtures("needs_sandbox")
def test_a_sandbox_that_sees_the_course_is_refused(tmp_path: Path) -> None:
    """If the sandbox could see the course, for example below Python's folder, it doesn't open."""
    inside = Path(sys.prefix) / "share" / f"course-{os.getpid()}"
    write(inside, {"workbook.toml": "", "exercises/x/hidden/test_x.py": ""})
    try:
        with pytest.raises(NoSandbox, match="reads files of this machine"), open_sandbox(inside):
            pass
    finally:
        import shutil

        shutil.rmtree(inside)


@pytest.mark.parametrize(
    "bwrap, said",
    [
        ("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n", "No permissions to create new"),
        ("#!/bin/sh\nexec sleep 0\n", "it doesn't start"),
    ],
)
def test_a_machine_without_namespaces_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bwrap: str, said: str
) -> None:
    """If bubblewrap isn't allowed to work, the error has its message and what to do."""
    fake = write(tmp_path, {"bwrap": bwrap}) / "bwrap"
    fake.chmod(0o755)
    tmp_path.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "find_bwrap", lambda: str(fake))

    with pytest.raises(NoSandbox) as raised, open_sandbox(ROOT):
        pass
    if "only root may read" in raised.value.why:
        pytest.skip(f"not proven here: {raised.value.why}")
    assert said in raised.value.why
    assert "doctor --grading" in raised.value.then


@pytest.mark.usefixtures("needs_sandbox")
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root becomes another user on the way in")
def test_what_only_root_may_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the sandbox's user can't read Python's packages, the error names the folder, and what opens it."""
    private = tmp_path / "site-packages"
    private.mkdir(mode=0o700)
    usual = bubblewrap._interpreter
    monkeypatch.setattr(bubblewrap, "_interpreter", lambda: [*usual(), str(private)])

    with pytest.raises(NoSandbox, match=f"only root may read {private}: chmod -R go"), open_sandbox(ROOT):
        pass


def test_python_below_the_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """If Python is below /tmp, no link replaces that folder, because it would hide Python."""
    usual = bubblewrap.command("any", capabilities=(), hosts=0)[-1]
    assert '"--symlink", "sandbox/tmp", "/tmp"' in usual

    monkeypatch.setattr(bubblewrap, "_interpreter", lambda: ["/tmp/somebody/python3.14"])
    below = bubblewrap.command("any", capabilities=(), hosts=0)[-1]
    assert '"/tmp/somebody/python3.14"' in below
    assert '"sandbox/tmp", "/tmp"' not in below


@pytest.mark.exhaustive(of="suite")
def test_the_test_of_a_sandbox_finds_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a sandbox, the sandbox's own test finds every hole that's open."""
    from workbook.serving import SpawnLauncher

    monkeypatch.setattr(selftest, "SandboxLauncher", lambda _: SpawnLauncher())

    found = selftest.find_holes(Path(), ROOT)
    assert {"reads files of this machine", "reaches this machine's network", "starts processes"} <= set(found)


@pytest.mark.usefixtures("needs_sandbox")
def test_a_submission_is_sandboxed_by_default(tmp_path: Path) -> None:
    """`pytest exercises/NAME --submission PATH` serves the submission in the sandbox."""
    course = ROOT / "tests" / "small_course"
    app = "import os\nfrom pathlib import Path\n\nprint(Path('/sandbox').is_dir(), flush=True)\nos._exit(9)\n"
    project = write(tmp_path / "project", {"app/main.py": app})
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "exercises/count", "--submission", str(project)],
        cwd=course,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 1
    assert "ended by itself while it was starting, with exit status 9" in " ".join(ended.stdout.split())
    assert "True" in ended.stdout
