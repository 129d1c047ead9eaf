"""On the way into the sandbox: root gives up being root first. Run as a program, with a plan in JSON.

What the sandbox may read can be where only root gets to, for example the interpreter in /root. So root shows it to the
unprivileged user at a separate place, in a mount namespace that ends with the sandbox.
"""

import ctypes
import json
import os
import sys

CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18


def main() -> None:
    plan = json.loads(sys.argv[1])
    bwrap, visible = plan["bwrap"], plan["visible"]
    devices = [part for device in plan["devices"] for part in ("--dev-bind", device, device)]
    if os.geteuid() == 0:
        os.umask(0o022)  # what's made here is for the other user
        shown = _show([*(source for source, _ in visible), os.path.dirname(bwrap)])
        # By the widest folder: its libraries may lie beside it.
        holder = min((source for source in shown if bwrap.startswith(source + "/")), key=len)
        bwrap = shown[holder] + bwrap[len(holder) :]
        visible = [(shown[source], target) for source, target in visible]
        os.chdir("/")
        os.setgroups([])
        os.setresgid(plan["uid"], plan["uid"], plan["uid"])
        os.setresuid(plan["uid"], plan["uid"], plan["uid"])
        if closed := [source for source in plan["ours"] if not _is_open(shown[source])]:
            sys.exit(f"only root may read {closed[0]}: chmod -R go+rX {closed[0]}")
    binds = [part for source, target in visible for part in ("--ro-bind", source, target)]
    os.execv(bwrap, [bwrap, *plan["options"], *binds, *devices, *plan["inside"]])


def _is_open(place: str) -> bool:
    """Return whether it can be read, and the folders in it: behind a umask of 077 folders are closed at each level."""
    if not os.access(place, os.R_OK):
        return False
    folders = [place, *(each.path for each in os.scandir(place) if each.is_dir())] if os.path.isdir(place) else []
    return all(os.access(folder, os.R_OK | os.X_OK) for folder in folders)


def _show(sources: list[str]) -> dict[str, str]:
    """Bind each source to a place that every user gets to."""
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
        texts = [text.encode() if text is not None else None for text in (source, target, kind)]
        if libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), None) < 0:
            number = ctypes.get_errno()
            sys.exit(f"mount {target}: {os.strerror(number)}")

    if libc.unshare(CLONE_NEWNS) < 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    place = "/tmp"  # covered in this namespace alone: there is one everywhere
    sources = [source for source in sources if os.path.exists(source)]
    held = {source: os.open(source, os.O_PATH) for source in sources}  # one of them may lie below it
    mount("tmpfs", place, "tmpfs", 0)
    os.chmod(place, 0o755)
    shown = {}
    for number, (source, fd) in enumerate(held.items()):
        target = os.path.join(place, str(number), os.path.basename(source) or "root")
        os.mkdir(os.path.dirname(target), 0o755)
        if os.path.isdir(f"/proc/self/fd/{fd}"):
            os.mkdir(target, 0o755)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        mount(f"/proc/self/fd/{fd}", target, None, MS_BIND | MS_REC)
        os.close(fd)
        shown[source] = target
    return shown


if __name__ == "__main__":
    main()
