"""Looks for the tests, the expected values, the seed and the grader's secrets."""

import gc
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from . import known

CANARY = "-".join(("hidden", "from", "learners", "3b9f51c2"))
TELLING = re.compile(
    r"test_\w+_hidden\.py|solution\.patch|mutants\.toml|grading\.toml|workbook-results|journal\.db|PYTEST_|--submission"
)
OURS = Path(__file__).parent.parent


def secret() -> str:
    # What's in the grader's environment; put together late, so that a search for it doesn't find itself.
    return known.TERCES[::-1]


def told_by(text: str) -> str:
    # What of the grader's a text holds.
    if CANARY in text:
        return "the canary of a hidden test"
    if known.TERCES and secret() in text:
        return "the secret"
    found = TELLING.search(text)
    return found[0] if found else ""


def reading(path: Path | str, most: int = 2**18) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError:
        return ""


def processes() -> Iterator[Path]:
    return (folder for folder in Path("/proc").glob("[0-9]*"))


def environment() -> list[str]:
    """Looks into the environment: its own, the first one of its process, and that of every other process."""
    places = {"os.environ": repr(dict(os.environ))}
    places |= {str(folder): reading(folder / "environ") for folder in processes()}
    return [f"{place}: {found}" for place, text in places.items() if (found := told_by(text))]


def command_lines() -> list[str]:
    """Looks at the command lines of every process that it sees."""
    lines = {str(folder): reading(folder / "cmdline") for folder in processes()}
    return [f"{place}: {found}" for place, text in lines.items() if (found := told_by(text))]


def other_processes() -> list[str]:
    """Looks for processes of the machine: the grader's own, and a number that only the machine knows."""
    comms = {folder.name: reading(folder / "comm").strip() for folder in processes()}
    seen = [f"process {number} {name}" for number, name in comms.items() if name in {"systemd", "sshd", "pytest"}]
    if str(known.PID) in comms and known.PID > 1000:
        seen.append(f"the grader's process {known.PID}")
    return seen


def objects() -> list[str]:
    """Looks at every object that Python keeps: strings, lists, tables of functions."""
    seen = []
    for found in gc.get_objects():
        if isinstance(found, dict) and found is not globals():
            texts = [one for pair in list(found.items()) for one in pair if isinstance(one, str) and len(one) < 10_000]
            names = {one for one in texts if re.fullmatch(r"test_counts_\w+", one)}
            if names or any(CANARY in text or secret() in text for text in texts if text != CANARY):
                seen.append(f"in a table: {names or 'the canary or the secret'}")
    return seen


def modules() -> list[str]:
    """Looks for the tests' own modules among those that are imported."""
    pattern = re.compile(r"^(_?pytest|workbook\.(plugin|grader|journal|checks|grading|sandbox\.(?!inside)).*|test_.*)")
    return [name for name in list(sys.modules) if pattern.match(name)]


def frames() -> list[str]:
    """Walks the frames of every thread, up to whatever has called it."""
    seen = []
    for frame in list(sys._current_frames().values()):
        caller = frame
        while caller:
            if found := told_by(f"{caller.f_code.co_filename} {list(caller.f_locals)}"):
                seen.append(f"{caller.f_code.co_filename}: {found}")
            caller = caller.f_back  # type: ignore[assignment]
    return seen


def files() -> list[str]:
    """Walks the whole file system for the tests, by name and by content."""
    seen = []
    for folder, names, found in os.walk("/"):
        place = Path(folder)
        if (
            folder in {"/proc", "/sys", "/dev", "/usr", "/lib", "/lib64", sys.base_prefix}
            or "site-packages" in place.parts
        ):
            names.clear()
            continue
        if place == OURS or OURS in place.parents:
            continue
        for name in found[:500]:
            if told := told_by(name) or told_by(reading(place / name)):
                seen.append(f"{place / name}: {told}")
        if len(seen) > 20:
            break
    return seen


def hidden_tests() -> list[str]:
    """Looks for the tests where a clone of the course keeps them, beside every package that is imported."""
    homes = {
        Path(file).parents[1] for module in list(sys.modules.values()) if (file := module.__dict__.get("__file__"))
    }
    homes |= {parent for home in homes for parent in home.parents}
    return [str(path) for home in homes for path in home.glob("exercises/*/hidden/*")][:5]


def secret_file() -> list[str]:
    """Reads a file of the machine by its name, and through every process's root and working directory."""
    roots = [Path("/"), *(folder / place for folder in processes() for place in ("root", "cwd"))]
    return [str(root) for root in roots if secret() in reading(root / known.FILE.lstrip("/"))]


def accounts() -> list[str]:
    """Reads the machine's own accounts, keys and settings."""
    places = [
        "/etc/shadow",
        "/etc/machine-id",
        "/etc/ssh/sshd_config",
        "/root/.bashrc",
        "/root/.ssh",
        "/var/log/dpkg.log",
    ]
    places += [str(path) for path in Path("/home").glob("*/*")] if Path("/home").is_dir() else []
    return [place for place in places if os.access(place, os.R_OK)]


def other_folders() -> list[str]:
    """Reads what other processes have open and where they work."""
    seen = []
    for folder in processes():
        for link in (folder / "cwd", folder / "exe", *_fds(folder)):
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if found := told_by(target):
                seen.append(f"{link}: {found}")
    return seen


def _fds(folder: Path) -> list[Path]:
    try:
        return list((folder / "fd").iterdir())
    except OSError:
        return []


def memory() -> list[str]:
    """Searches its own memory, where a process that was forked finds what its parent knew."""
    first, rest = b"hidden-from-", b"srenrael"[::-1]
    seen = []
    with Path("/proc/self/maps").open() as maps, Path("/proc/self/mem").open("rb", 0) as memory:
        for line in maps:
            place = line.split()
            begin, end = (int(part, 16) for part in place[0].split("-"))
            if "r" not in place[1] or end - begin > 2**28 or place[-1] in {"[vvar]", "[vsyscall]", "[vvar_vclock]"}:
                continue
            try:
                memory.seek(begin)
                content = memory.read(end - begin)
            except (OSError, ValueError):
                continue
            at = content.find(first)
            while at >= 0:
                # Its own words end before the number, or are the one that is put together above.
                if content[at + 12 : at + 20] == rest and content[at + 29 :].lstrip(b"\0 \r")[:1] in (b"\n",):
                    seen.append(f"{line.split()[0]}")
                at = content.find(first, at + 1)
    return seen


def descriptors() -> list[str]:
    """Reads every descriptor that it has inherited, for what was written to it before."""
    seen = []
    for number in range(3, 256):
        try:
            size = os.fstat(number).st_size
            text = os.pread(number, min(size, 2**20), 0).decode("utf-8", "replace") if size else ""
        except OSError:
            continue
        if found := told_by(text):
            seen.append(f"descriptor {number}: {found}")
    return seen


def mounts() -> list[str]:
    """Reads in the table of mounts where the tests and the submissions lie on the machine."""
    text = reading("/proc/self/mountinfo")
    return [found for found in [told_by(text)] if found] + re.findall(r"\S*(?:hidden|submission|results)\S*", text)[:3]


def sockets() -> list[str]:
    """Reads the names of the machine's sockets."""
    return [known.ABSTRACT for _ in range(1) if known.ABSTRACT in reading("/proc/net/unix")]
