"""The site builds strictly, and what is made from the course is what the course says."""

import gzip
import io
import itertools
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from workbook.course.model import Step
from workbook.site.archive import archive
from workbook.site.changed import pairs
from workbook.site.pages import archive_of, changes_page, notebook_page, page_of, task_page

from .conftest import build
from .pages import COURSE, PAGES, ROOT

STAGES = [step for step in COURSE.steps if step.kind == "stage"]
LIGHT = 40_000  # bytes, compressed: what a reader on a phone waits for, with the style in it
FAULTS = {
    "a link to no page": ("[there](nowhere.md)", "nowhere.md"),
    "a link to no heading": ("[there](index.md#nowhere)", "#nowhere"),
    "a shortcode of no name": ("{{ nothing }}", "{{ nothing }}"),
    "a section that is not there": ("{{ code stages/01-cors/main.py:nothing }}", "main.py has no nothing"),
    "too much code at one go": ("{{ code stages/01-cors/main.py:all }}", "more than a reader takes in"),
    "a part of a README that is not there": ("{{ readme final/README.md No part }}", "has no part No part"),
    "a link in HTML to no page": ('<a href="../nowhere/">there</a>', "../nowhere/"),
    "a diagram of no name": ("```diagram\nnothing\n```", "nothing"),
}


def html(built: Path, page: str) -> str:
    path = built / re.sub(r"(index)?\.md$", "", page) / "index.html"
    return path.read_text(encoding="utf-8")


@pytest.mark.exhaustive(sample=1)  # each builds the whole site
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_the_build(fault: str, tmp_path: Path) -> None:
    """A link or a shortcode that leads nowhere fails the build, which names it."""
    text, named = FAULTS[fault]
    root = tmp_path / "course"
    root.mkdir()
    for name in ("workbook.toml", "CHANGELOG.md", "stages", "final", "exercises", "workbook", ".cache"):
        if (ROOT / name).exists():
            (root / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "docs", root / "docs")
    with (root / "docs" / "glossary.md").open("a", encoding="utf-8") as page:
        page.write(f"\n\n{text}\n")
    shutil.copy(ROOT / "mkdocs.yml", root)

    ended = build(root, tmp_path / "site", cwd=tmp_path)

    said = [line for line in (ended.stdout + ended.stderr).splitlines() if named in line]
    assert ended.returncode != 0
    assert said, ended.stdout + ended.stderr


@pytest.mark.parametrize("step", COURSE.steps, ids=lambda step: step.name)
def test_every_step_has_its_page(built: Path, step: Step) -> None:
    """The page of every step says its title, its minutes and its place in the course."""
    page = html(built, page_of(step))

    assert re.search(rf"<h1[^>]*>{re.escape(step.title)}<", page)
    assert re.findall(r"(\d+) minutes", page)[0] == str(step.minutes)
    assert f'data-step="{step.name}"' in page
    label = re.search(r'class="tick".*?</label>', page, re.DOTALL)
    assert label
    assert re.sub(r"<[^>]+>", "", label[0].partition(">")[2]).endswith(f"this {step.kind}")


@pytest.mark.parametrize("step", STAGES, ids=lambda step: step.name)
def test_what_is_made_for_a_stage_is_there(built: Path, step: Step) -> None:
    """A stage has its tasks and its executed notebook as pages, each light enough for a phone."""
    made = [notebook_page(step), *(task_page(step, task) for task in COURSE.tasks(step))]
    assert len(made) == 3
    for page in made:
        text = html(built, page)
        assert len(gzip.compress(text.encode())) < LIGHT, page
    assert "It returns" in html(built, notebook_page(step)), "the notebook was not executed"


def test_what_changed_is_told(built: Path) -> None:
    """From each stage to the next, and from the package to the project, a page names every file that is another."""
    found = [(before.name, after.name) for before, after in pairs(COURSE)]
    names = [step.name for step in STAGES]
    assert found == [*itertools.pairwise(names), ("05-routers", "final")]

    page = html(built, changes_page(COURSE.step("final")))
    for file in ("app/main.py", "app/crud.py", "app/routers/internal.py", "app/tasks.py"):
        assert f"<code>{file}</code>" in page
    assert "test_" not in re.sub(r"<[^>]+>", "", page.partition("<article")[2].partition("</article>")[0])


@pytest.mark.parametrize("step", STAGES, ids=lambda step: step.name)
def test_a_zip_is_the_stage(built: Path, step: Step, tmp_path: Path) -> None:
    """A stage's zip holds its files and says where its tests run; the same files give the same bytes, elsewhere too."""
    made = archive(COURSE, step)
    assert (built / archive_of(step)).read_bytes() == made == archive(COURSE, step)

    with zipfile.ZipFile(io.BytesIO(made)) as pack:
        names = pack.namelist()
        assert {member.date_time for member in pack.infolist()} == {(1980, 1, 1, 0, 0, 0)}, "the time of the build"
        readme = pack.read(f"{step.name}/README.txt").decode()
        pack.extractall(tmp_path)
    assert f"uv run pytest stages/{step.name}" in readme
    assert f"{step.name}/README.md" in names
    assert not [name for name in names if "__pycache__" in name or "/." in name]
    inside = [name.partition("/")[2] for name in names if not name.endswith("README.txt")]
    assert all((COURSE.folder(step) / n).read_bytes() == (tmp_path / step.name / n).read_bytes() for n in inside)


def test_nothing_of_this_machine_is_told(built: Path) -> None:
    """No page names a folder of the machine that built it."""
    ours = (str(ROOT), str(Path.home()) + "/", "/tmp/", str(built))
    pages = list(built.rglob("*.html"))
    assert len(pages) > len(PAGES)
    assert [(page.name, one) for page in pages for one in ours if one in page.read_text(encoding="utf-8")] == []


def test_no_shortcode_is_left(built: Path) -> None:
    """Every shortcode was replaced."""
    assert [page for page in built.rglob("*.html") if "{{ " in page.read_text(encoding="utf-8")] == []


def test_search_finds_what_pages_say(built: Path) -> None:
    """What is generated can be found by searching, too: an experiment's question, a task's story."""
    index = (built / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "Credentials off" in index
    assert "nine thousand likes" in index


def test_the_home_page_opens_with_what_fails(built: Path) -> None:
    """The home page shows a refusal before anything else, and both commands."""
    page = html(built, "index.md")
    assert page.index("blocked by CORS policy") < page.index("<h2")
    for command in ("pip install uv", "uv run --all-groups pytest"):
        assert command in re.sub(r"<[^>]+>", "", page)
