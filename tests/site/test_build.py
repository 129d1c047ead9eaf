"""The site builds strictly, and what's generated from the course matches the course."""

import gzip
import io
import itertools
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbook.course.model import Step
from workbook.site.archive import archive
from workbook.site.changed import pairs
from workbook.site.pages import archive_of, changes_page, notebook_page, page_of, task_page

from .conftest import small_site
from .pages import COURSE, PAGES, PATHS, ROOT, paths

STAGES = [step for step in COURSE.steps if step.kind == "stage"]
LIGHT = 40_000  # bytes, compressed: what a reader on a phone waits for, with the style in it
FAULTS = {
    "a link to no page": ("[there](nowhere.md)", "nowhere.md"),
    "a link to no heading": ("[there](index.md#nowhere)", "#nowhere"),
    "a link in HTML to no page": ('<a href="../absent/">there</a>', "../absent/"),
    "a shortcode of no name": ("{{ nothing }}", "{{ nothing }}"),
    "a section that is not there": ("{{ code stages/01-hello/main.py:nothing }}", "main.py has no nothing"),
    "too much code at one go": ("{{ code stages/02-notes/app/main.py:all }}", "more than a reader takes in"),
    "a part of a README that is not there": ("{{ readme stages/01-hello/README.md No part }}", "has no part No part"),
    "a diagram of no name": ("```diagram\nabsent\n```", "absent"),
}
# Builds each of the sites that it is given, as `mkdocs build --strict` does; what they need is imported once.
BUILDS = """
import os, sys
from pathlib import Path
from mkdocs.__main__ import cli
from mkdocs.config import load_config
load_config(str(Path(sys.argv[1]) / "mkdocs.yml"))
for root in map(Path, sys.argv[1:]):
    if not (child := os.fork()):
        said = os.open(root / "said.txt", os.O_WRONLY | os.O_CREAT)
        os.dup2(said, 1), os.dup2(said, 2)
        cli.main(["build", "--strict", "-f", str(root / "mkdocs.yml"), "-d", str(root / "site")])
    (root / "status.txt").write_text(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
"""


@dataclass(frozen=True)
class Built:
    """How a build ended, and what it said."""

    status: int
    said: str


def html(built: Path, page: str) -> str:
    path = built / re.sub(r"(index)?\.md$", "", page) / "index.html"
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """Return the output of building the small site, once without a fault and once with each."""
    folder = tmp_path_factory.mktemp("faulty")
    roots = {fault: small_site(folder / str(n)) for n, fault in enumerate(["none", *FAULTS])}
    for fault, (text, _) in FAULTS.items():
        with (roots[fault] / "docs/final.md").open("a", encoding="utf-8") as page:
            page.write(f"\n\n{text}\n")
    command = [sys.executable, "-c", BUILDS, *map(str, roots.values())]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "CHECK_LINKS": "true"}
    subprocess.run(command, env=env, check=True, timeout=300)
    read = {
        fault: [(root / name).read_text("utf-8") for name in ("status.txt", "said.txt")]
        for fault, root in roots.items()
    }
    return {fault: Built(int(status), said) for fault, (status, said) in read.items()}


def test_the_small_site_has_no_fault(faulty: dict[str, Built]) -> None:
    """The small site builds, so that each failure below comes from its one fault."""
    assert faulty["none"].status == 0, faulty["none"].said


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_the_build(fault: str, faulty: dict[str, Built]) -> None:
    """A link or a shortcode that leads nowhere fails the build, which names it."""
    _, named = FAULTS[fault]
    assert faulty[fault].status != 0
    assert [line for line in faulty[fault].said.splitlines() if named in line], faulty[fault].said
    assert named not in faulty["none"].said


def test_every_page_is_known_before_the_build(built: Path) -> None:
    """The built site has exactly the pages that the tests expect."""
    assert paths(built) == PATHS


@pytest.mark.parametrize("step", COURSE.steps, ids=lambda step: step.name)
def test_every_step_has_its_page(built: Path, step: Step) -> None:
    """Each step's page shows its title, its minutes and its place in the course."""
    page = html(built, page_of(step))

    assert re.search(rf"<h1[^>]*>{re.escape(step.title)}<", page)
    assert re.findall(r"(\d+) minutes", page)[0] == str(step.minutes)
    assert f'data-step="{step.name}"' in page
    label = re.search(r'class="tick".*?</label>', page, re.DOTALL)
    assert label
    assert re.sub(r"<[^>]+>", "", label[0].partition(">")[2]).endswith(f"this {step.kind}")


@pytest.mark.parametrize("step", STAGES, ids=lambda step: step.name)
def test_what_is_made_for_a_stage_is_there(built: Path, step: Step) -> None:
    """A stage's tasks and its executed notebook have pages, each small enough for a phone."""
    made = [notebook_page(step), *(task_page(step, task) for task in COURSE.tasks(step))]
    assert len(made) == 3
    for page in made:
        text = html(built, page)
        assert len(gzip.compress(text.encode())) < LIGHT, page
    assert "It returns" in html(built, notebook_page(step)), "the notebook was not executed"


def test_what_changed_is_told(built: Path) -> None:
    """For each next stage, and for the project, a page names every file that's different."""
    found = [(before.name, after.name) for before, after in pairs(COURSE)]
    names = [step.name for step in STAGES]
    assert found == [*itertools.pairwise(names), ("05-routers", "final")]

    page = html(built, changes_page(COURSE.step("final")))
    for file in ("app/main.py", "app/crud.py", "app/routers/internal.py", "app/tasks.py"):
        assert f"<code>{file}</code>" in page
    assert "test_" not in re.sub(r"<[^>]+>", "", page.partition("<article")[2].partition("</article>")[0])


@pytest.mark.parametrize("step", STAGES, ids=lambda step: step.name)
def test_a_zip_is_the_stage(built: Path, step: Step, tmp_path: Path) -> None:
    """A stage's zip has its files and says where its tests run; the same files always give the same bytes."""
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
    home = [f"{Path.home()}/"] if len(Path.home().parts) > 1 else []  # for some users it's "/", as in every address
    ours = (str(ROOT), *home, "/tmp/", str(built))
    pages = list(built.rglob("*.html"))
    assert len(pages) > len(PAGES)
    assert [(page.name, one) for page in pages for one in ours if one in page.read_text(encoding="utf-8")] == []


def test_no_shortcode_is_left(built: Path) -> None:
    """No page has a shortcode left in it."""
    assert [page for page in built.rglob("*.html") if "{{ " in page.read_text(encoding="utf-8")] == []


def test_search_finds_what_pages_say(built: Path) -> None:
    """The search also finds what's generated: an experiment's question, a task's story."""
    index = (built / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "Credentials off" in index
    assert "nine thousand likes" in index


def test_the_home_page_opens_with_what_fails(built: Path) -> None:
    """The home page begins with a refusal, then shows the README's two commands with their links."""
    page = html(built, "index.md")
    assert 'href="troubleshooting/"' in page
    assert page.index("blocked by CORS policy") < page.index("<h2")
    for command in ("pip install uv", "uv run --all-groups pytest"):
        assert command in re.sub(r"<[^>]+>", "", page)
