"""What was handed in, read once: what is hashed is what travels and what is graded, whatever happens to the file."""

import contextlib
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .projects import ProjectFiles
from .reading import BadSubmission, Empty, read_submission, unpacked
from .trees import Changing, Parts

__all__ = ["Changing", "Snapshot", "snapshot_of", "take_snapshot"]
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Snapshot:
    """A project's files, as a zip of ours. `refused` is why there are none, if so; `empty`: nothing was in it.

    `left_out` names what was handed in beside them.
    """

    content: bytes
    refused: str = ""
    empty: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.refused.encode("utf-8", "backslashreplace") + b"\0" + self.content).hexdigest()

    @property
    def count(self) -> int:
        """How many files it holds."""
        if not self.content:
            return 0
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return len(archive.namelist())

    @contextlib.contextmanager
    def project(self) -> Iterator[Path]:
        """Yield the freshly unpacked folder that holds its app/main.py, and remove it. Raises `BadSubmission`."""
        if self.refused:
            raise (Empty if self.empty else BadSubmission)(self.refused)
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            files = {tuple(name.split("/")): archive.read(name) for name in archive.namelist()}
        with unpacked(ProjectFiles(files)) as folder:
            yield folder


def take_snapshot(top: Path, below: Parts = ()) -> Snapshot:
    """Read what's handed in at `below` in the folder `top`, or at `top`. Raises `OSError`, `Changing`."""
    return snapshot_of(lambda: read_submission(top, below))


def snapshot_of(read: Callable[[], ProjectFiles]) -> Snapshot:
    """Return what `read` reads, or why it's refused. Raises `OSError`, `Changing`."""
    try:
        project = read()
    except BadSubmission as error:
        return Snapshot(b"", str(error), isinstance(error, Empty))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for parts, content in sorted(project.files.items()):
            archive.writestr(zipfile.ZipInfo("/".join(parts), EPOCH), content, zipfile.ZIP_DEFLATED)
    return Snapshot(packed.getvalue(), left_out=project.left_out)
