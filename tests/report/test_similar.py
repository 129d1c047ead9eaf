"""`workbook class similar`: the pairs on the terminal, and the page that shows them side by side."""

import pytest

from workbook.grader.similarity import Pair
from workbook.report.similar import CodeLine, Compared, excerpts, similar_page

from ..grader.classes import complete
from ..grader.test_similarity import COPY, FIRST, OTHER
from ..runners import Workbook

LINES = [f"line {n}" for n in range(1, 21)]


def test_only_what_is_shared_is_shown_and_its_surroundings() -> None:
    """A file's shared lines are marked, with two lines around them, and the rest is left out."""
    pair = Pair("ada", "eve", 0.7, {"ada": frozenset({("own.py", 5), ("own.py", 19)})})
    one = Compared("Count", 2, [pair], {"ada": {"own.py": "\n".join(LINES), "other.py": "x"}}, {}, [])

    shown = excerpts(one, pair, "ada")

    assert list(shown) == ["own.py"]
    assert [line.number for line in shown["own.py"]] == [0, 3, 4, 5, 6, 7, 0, 17, 18, 19, 20]
    assert [line.number for line in shown["own.py"] if line.shared] == [5, 19]
    assert CodeLine(5, "line 5", shared=True) in shown["own.py"]


def test_nothing_of_a_submission_acts_on_the_page() -> None:
    """Code and names are escaped, and characters that act unseen are written out."""
    lines = {name: frozenset({("a.py", 1)}) for name in ("a", "b")}
    class_ = {name: {"a.py": "<script>alert(1)</script>\u202e\n"} for name in ("a", "b")}
    page = similar_page([Compared("Count", 2, [Pair("a", "b", 0.9, lines)], class_, {"a": "<b>A", "b": "B"}, ["<i>"])])

    assert "<script>alert" not in page
    assert "<b>A" not in page
    assert "<i>" not in page
    assert "\u202e" not in page
    assert "90%" in page


@pytest.mark.parametrize("kind", ["zips and folders", "nothing"])
def test_a_class_is_compared(workbook: Workbook, kind: str) -> None:
    """The command lists the pairs and what it couldn't read, and writes the page; it grades nothing."""
    root = complete(workbook.root)
    class_folder = root.parent / "class"
    main = (root / "final/app/main.py").read_text(encoding="utf-8")
    for name, text in {"ada": FIRST, "bob": OTHER, "eve": COPY}.items() if kind != "nothing" else ():
        folder = class_folder / f"{name}-count"
        (folder / "app").mkdir(parents=True)
        (folder / "app/main.py").write_text(main, encoding="utf-8")
        (folder / "app/own.py").write_text(text, encoding="utf-8")
    class_folder.mkdir(exist_ok=True)
    (class_folder / "mia-count.zip").write_bytes(b"no zip")
    out = root.parent / "similar"

    ended = workbook("class", "similar", str(class_folder), "--out", str(out))

    assert ended.status == 0, ended.err
    assert "not compared: mia" in ended.out
    page = (out / "similar.html").read_text(encoding="utf-8")
    if kind == "nothing":
        assert "No pair shares much of its own code." in ended.out
    else:
        assert "ada and eve" in ended.out
        assert "bob" not in ended.out
        assert page.count("<details>") == 1
    assert sorted(path.name for path in out.iterdir()) == ["similar.html"]
