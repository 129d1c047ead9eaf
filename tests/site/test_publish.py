"""“Publish this site”: its workflow, what a host has to do, and that the site gives nothing away."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from workbook.authoring.release import CANARY
from workbook.cli.app import app
from workbook.playground import vendor
from workbook.site.offline import PLACE

from .pages import COURSE, DOCS, ROOT

PAGE = (DOCS / "publish.md").read_text(encoding="utf-8")


@pytest.fixture
def workflow() -> dict[Any, Any]:
    read = yaml.safe_load((DOCS / "publish/site.yml").read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def command() -> list[str]:
    """Return the page's first command, which builds the site."""
    found = re.search(r"^\$ (.+--build .+)$", PAGE, re.MULTILINE)
    assert found
    return shlex.split(found[1])


def test_the_workflow_runs_the_command_of_the_page(workflow: dict[Any, Any]) -> None:
    """The workflow builds with the page's command, and uploads the folder that it names."""
    [job] = workflow["jobs"].values()
    steps = job["steps"]
    runs = [shlex.split(step["run"]) for step in steps if "run" in step]
    [uploaded] = [step["with"]["path"] for step in steps if "upload-pages-artifact" in step.get("uses", "")]

    assert runs == [["pipx", "install", "uv"], ["uv", "run", *shlex.split(vendor.COMMAND)], command()]
    assert f"uv run {vendor.COMMAND}" in PAGE
    assert uploaded == command()[-1]
    assert [step["uses"].partition("@")[0] for step in steps if "uses" in step][-1] == "actions/deploy-pages"


def test_the_workflow_may_publish_and_no_more(workflow: dict[Any, Any]) -> None:
    """The workflow runs on a push to main or by hand, may write only to Pages, and names the site's address."""
    triggers = workflow[True]  # YAML 1.1 reads `on` as true
    [job] = workflow["jobs"].values()
    [site_url] = [step["env"]["SITE_URL"] for step in job["steps"] if "env" in step]
    [configured] = [step["id"] for step in job["steps"] if "configure-pages" in step.get("uses", "")]

    assert triggers == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    assert workflow["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    assert job["environment"] == "github-pages"
    assert site_url == f"${{{{steps.{configured}.outputs.base_url}}}}/"


def test_the_command_is_one_that_workbook_has() -> None:
    """`workbook docs` understands the page's command: it takes `--build` and a folder."""
    words = command()
    shown = CliRunner().invoke(app, ["docs", "--help"], env={"COLUMNS": "100", "NO_COLOR": "1"})

    assert words[:2] == ["uv", "run"]
    assert words[words.index("workbook") + 1] == "docs"
    assert "--build" in shown.output


def test_the_site_gives_nothing_away(built: Path) -> None:
    """The built site doesn't have a hidden test, an exercise's solution, or anything marked as hidden."""
    texts = {path: path.read_bytes() for path in built.rglob("*") if path.is_file()}
    exercises = [COURSE.folder(step) for step in COURSE.steps if step.kind == "exercise"]

    assert [path for path, text in texts.items() if CANARY.encode() in text] == []
    for folder in exercises:
        patch = folder / "hidden/solution.patch"
        if not patch.is_file():  # the learner edition has none
            continue
        given = b"".join(
            path.read_bytes()
            for path in [folder / "hints.md", *folder.glob("starter/**/*.py"), *(ROOT / "final").rglob("*.py")]
        )
        added = re.findall(rb"^\+(\s*(?:async )?def \w+\(.*)$", patch.read_bytes(), re.MULTILINE)
        assert added
        for line in (line for line in added if line not in given):  # learners have the starter and final
            assert [path.relative_to(built) for path, text in texts.items() if line in text] == [], line


def test_what_the_page_needs_is_built(built: Path) -> None:
    """The files that the page mentions are in the site: the workflow, the offline copy, 404.html, the maps."""
    for name in ("publish/site.yml", PLACE, "404.html", "sitemap.xml", "llms.txt"):
        assert (built / name).is_file(), name
