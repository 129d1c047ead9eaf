# hidden-from-learners-3b9f51c2
"""`workbook author release`: the learner edition is what's committed and not hidden, searched for leaks."""

import gzip
import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import pytest

from workbook.authoring.release import CANARY

from ..golden import Screens, transcript, unwrapped
from ..runners import Ended, Workbook, files_below

COURSE = """
title = "A course"

[[step]]
name = "sum"
kind = "exercise"
title = "Sum"
concept = "Adding"
minutes = 5
"""
SOLUTION = [f"    total = total + numbers[{n}] * weights[{n}]" for n in range(9)]
PATCH = "\n".join([f"# {CANARY}", "diff --git a/app/sums.py b/app/sums.py", *(f"+{line}" for line in SOLUTION), ""])
VISIBLE = {
    "workbook.toml": COURSE,
    ".gitattributes": "exercises/*/hidden export-ignore\ntests/authoring export-ignore\n",
    "README.md": "# A course\n",
    "exercises/sum/README.md": "# Sum\n",
    "exercises/sum/starter/app/sums.py": '"""TODO: add"""\n',
    "final/app/main.py": f"{SOLUTION[8]}\n",  # a line that the solution has in common with the project says nothing
    "docs/authors/index.md": "# Who wrote this\n",
}
HIDDEN = {
    "exercises/sum/hidden/test_sum_hidden.py": f"# {CANARY}\n",
    "exercises/sum/hidden/mutants.toml": f"# {CANARY}\n",
    "exercises/sum/hidden/solution.patch": PATCH,
    "exercises/sum/hidden/alternatives/other.patch": PATCH,
    "tests/authoring/test_secret.py": f"# {CANARY}\n",
}


def git(folder: Path, *words: str) -> None:
    assert shutil.which("git"), "git is not installed"
    who = {f"GIT_{role}_{what}": "Ada" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = os.environ | who | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *words], cwd=folder, env=env, check=True, capture_output=True)


def write(root: Path, files: dict[str, str] | dict[str, bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content.encode() if isinstance(content, str) else content)


def commit(root: Path, files: dict[str, str] | dict[str, bytes]) -> None:
    write(root, files)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Change")


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Workbook]:
    """Return the command in a course that's a Git repository with everything committed."""
    root = tmp_path / "full"
    root.mkdir()
    git(root, "init", "--quiet")
    commit(root, VISIBLE | HIDDEN)
    workbook = Workbook(root)
    yield workbook
    workbook.close()


def printed(ended: Ended) -> str:
    """Return what was printed without its line breaks, which depend on a path's length."""
    return unwrapped(ended.out + ended.err)


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "edition"


def test_the_edition_is_what_is_not_hidden(course: Workbook, dest: Path, screens: Screens) -> None:
    """`release` writes everything that's committed and not hidden, and says what to publish."""
    ended = course("release", "../edition")

    assert (ended.status, ended.err) == (0, "")
    assert files_below(dest) == {name: content.encode() for name, content in VISIBLE.items()}
    screens("release", ended.out)


def test_the_edition_is_what_is_committed(course: Workbook, dest: Path, screens: Screens) -> None:
    """`release` leaves out changes that aren't committed, and says so."""
    write(course.root, {"README.md": "# Changed\n", "new page.md": "new"})
    (course.root / "docs/authors/index.md").unlink()

    ended = course("release", "../edition")

    assert ended.status == 0
    assert files_below(dest) == {name: content.encode() for name, content in VISIBLE.items()}
    screens("release-uncommitted-changes", ended.out)


def test_texts_are_for_learners(course: Workbook, dest: Path) -> None:
    """Parts of a Markdown file marked as not for learners are removed, and so are links to what's left out."""
    text = "See [the authors](authors/index.md), [all of them](authors/), [us](https://us.example/docs/a.md)."
    marked = "# A course\n\n<!-- not for learners -->\nGrade it.\n<!-- end -->\n\nLearn it.\n"
    attributes = VISIBLE[".gitattributes"] + "docs/authors export-ignore\n"
    commit(course.root, {"README.md": marked, "docs/index.md": text, ".gitattributes": attributes})
    commit(course.root, {"docs/latin.md": b"caf\xe9 [x](authors/index.md#y)"})

    assert course("release", str(dest)).status == 0
    found = files_below(dest)
    assert found["README.md"] == b"# A course\n\nLearn it.\n"
    assert found["docs/index.md"].decode() == "See the authors, all of them, [us](https://us.example/docs/a.md)."
    assert found["docs/latin.md"] == b"caf\xe9 x"


def test_the_edition_may_lie_in_the_course(course: Workbook, screens: Screens) -> None:
    """DEST can be a new or an empty folder below the course, and doesn't count as a change of the course."""
    (course.root / "dist").mkdir()

    ended = course("release", "dist")

    assert ended.status == 0
    screens("release-below-the-course", ended.out)


def test_solutions_come_afterwards(course: Workbook, dest: Path, screens: Screens) -> None:
    """`--solutions` adds the committed solutions and alternatives, but no hidden test and no mutant."""
    commit(course.root, {"stages/01-one/tasks/1-two/solution.toml": "edits = []\n"})
    write(course.root, {"exercises/sum/hidden/solution.patch": "changed"})

    ended = course("release", "../edition", "--solutions")

    assert ended.status == 0
    added = {name: content for name, content in files_below(dest).items() if name not in VISIBLE}
    assert added.pop("stages/held-back.pack")
    assert added == {
        "solutions/sum/solution.patch": PATCH.encode(),
        "solutions/sum/alternatives/other.patch": PATCH.encode(),
        "solutions/01-one/1-two.toml": b"edits = []\n",
    }
    screens("release-solutions", ended.out)


def test_a_few_lines_are_no_solution(course: Workbook, dest: Path) -> None:
    """A hint may contain four lines of a solution, and any number of short ones."""
    commit(course.root, {"exercises/sum/hints.md": "\n".join([*SOLUTION[:4], SOLUTION[8], "return total"])})

    assert course("release", str(dest)).status == 0


def in_a_zip(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def notebook(*lines: str) -> bytes:
    return json.dumps({"cells": [{"source": [f"{line}\n" for line in lines]}]}, indent=1).encode()


def page(*lines: str) -> bytes:
    """Return the page as mkdocs makes it: every word in a separate tag."""
    marked = [" ".join(f'<span class="n">{escape(word)}</span>' for word in line.split(" ")) for line in lines]
    return f"<pre>{chr(10).join(marked)}</pre>".encode()


SECRET = CANARY.encode()
SPREAD = [line.replace("total", '"total" & <total>') for line in SOLUTION]
LEAKS = {
    "page": ("docs/index.html", b"<p>" + SECRET),
    "notebook": ("explore.ipynb", notebook(f"# {CANARY}")),
    "zip": ("files.zip", in_a_zip("x.py", SECRET)),
    "zip in a zip": ("files.zip", in_a_zip("y.zip", in_a_zip("x.py", SECRET))),
    "gzip": ("sitemap.xml.gz", gzip.compress(SECRET)),
    "hidden file in a zip": ("all.zip", in_a_zip("exercises/sum/hidden/x.py", b"")),
    "README": ("README.md", "\n".join(SOLUTION[:5]).encode()),
    "code": ("stages/01/main.py", "\n".join(SOLUTION[2:7]).encode()),
    "source of a notebook": ("explore.ipynb", notebook(*SOLUTION[:5])),
    "code on a page": ("docs/index.html", page(*SOLUTION[:5])),
    "hidden elsewhere": ("copies/exercises/sum/hidden/x.py", b""),
    "hidden again": (".gitattributes", b"tests/authoring export-ignore\n"),
    "authors' tests": (".gitattributes", b"exercises/*/hidden export-ignore\n"),
}


def test_leaks_stop_the_release(course: Workbook, dest: Path, screens: Screens) -> None:
    """Each leak from a hidden file is named, nothing is written, and the exit status is 1."""
    runs = []
    for name, (file, content) in LEAKS.items():
        commit(course.root, {file: content})
        runs.append((f"# {name}", course.refusals("release dest", status=1)))
        assert not dest.exists()
        git(course.root, "reset", "--quiet", "--hard", "HEAD~1")

    screens("release-leaks", transcript(runs))


def test_a_solution_with_letters_that_pages_escape(course: Workbook, dest: Path) -> None:
    """Lines with quotes, ampersands and angle brackets are also found on pages and in notebooks."""
    patch = "\n".join([f"# {CANARY}", "diff --git a/x b/x", *(f"+{line}" for line in SPREAD)])
    commit(course.root, {"exercises/sum/hidden/solution.patch": patch})
    commit(course.root, {"a.html": page(*SPREAD[:5]), "b.ipynb": notebook(*SPREAD[:5])})

    ended = course("release", str(dest))

    assert ended.status == 1
    assert "a.html holds 5 lines of exercises/sum/hidden/solution.patch" in printed(ended)
    assert "b.ipynb holds 5 lines of exercises/sum/hidden/solution.patch" in printed(ended)


def test_a_zip_that_cannot_be_searched(course: Workbook, dest: Path) -> None:
    """A broken zip could contain anything, so it stops the release and is named."""
    commit(course.root, {"files.zip": in_a_zip("x.py", b"x" * 99).replace(b"PK\x03\x04", b"PK\x00\x00")})

    ended = course("release", str(dest))

    assert (ended.status, dest.exists()) == (1, False)
    assert "files.zip can't be searched for leaks: " in printed(ended)


@pytest.mark.parametrize("make", [lambda dest: write(dest, {"x": "mine"}), lambda dest: dest.write_text("mine")])
def test_dest_must_be_new(course: Workbook, dest: Path, make: Callable[[Path], object], screens: Screens) -> None:
    """`release` doesn't write into a folder that isn't empty, or over a file; exit 2."""
    make(dest)

    refused = course.refusals("release ../edition")

    screens("release-dest-not-empty", refused)
    assert (dest if dest.is_file() else dest / "x").read_text() == "mine"


def test_without_git(course: Workbook, dest: Path, screens: Screens) -> None:
    """Without Git, outside of a repository, or with nothing committed, `release` says what it needs."""
    missing = course("release", str(dest), env={"PATH": str(course.temporary)})
    shutil.rmtree(course.root / ".git")
    outside = course("release", str(dest), env={"GIT_CEILING_DIRECTORIES": str(course.root.parent)})
    git(course.root, "init", "--quiet")
    nothing = course("release", str(dest))

    assert (missing.status, outside.status, nothing.status) == (2, 1, 1)
    screens("release-no-git", missing.err)
    assert "git archive failed: fatal: not a git repository" in printed(outside)
    screens("release-nothing-committed", nothing.err)
    assert not dest.exists()


def test_an_edition_is_not_released_again(course: Workbook, dest: Path, screens: Screens) -> None:
    """In a learner edition there's nothing hidden, so `release` says so and exits 2."""
    course("release", str(dest))

    ended = course("release", str(dest.with_name("again")), cwd=dest)

    assert (ended.status, ended.out) == (2, "")
    screens("release-from-a-learner-edition", ended.err)
