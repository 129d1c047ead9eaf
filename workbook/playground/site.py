"""The playground's part of the site: its files, and the button on a stage's page."""

import json
import logging
from collections.abc import Iterator
from html import escape
from pathlib import Path

from workbook.course.model import Course, Step

from . import examples, exercises, notebooks, tasks
from .deck import deck_json
from .vendor import COMMAND, MANIFEST, built

ASSETS = Path(__file__).parent / "assets"
BUTTON = Path(__file__).parent / "button.js"
INSIDE = Path(__file__).parent / "inside"
OFFLINE = Path(__file__).parent / "offline.js"
OFFLINE_PLACE = "playground-offline.js"  # the site's own folder, since it can only keep pages below its own
ANCHOR = "run-it-here"  # of the heading above it
log = logging.getLogger("mkdocs.playground")


def playground_files(course: Course) -> Iterator[tuple[str, str | bytes]]:
    """Yield what the site serves for the playground, by its path; nothing without examples, or without the bundles."""
    if not examples.stages(course):
        return
    folder = built()
    if folder is None:
        log.info("The playground is left out of this site: its files are made by %s", COMMAND)
        return
    for path in sorted(path for path in ASSETS.rglob("*") if path.is_file()):
        yield f"assets/{path.relative_to(ASSETS).as_posix()}", path.read_text(encoding="utf-8")
    for path in sorted(folder.iterdir()):
        yield f"assets/playground/{folder.name}/{path.name}", path.read_bytes()
    yield OFFLINE_PLACE, OFFLINE.read_text(encoding="utf-8")
    inside = {path.name: path.read_text(encoding="utf-8") for path in sorted(INSIDE.glob("*.py"))}
    yield "assets/playground/inside.json", json.dumps(inside)
    yield "assets/playground/examples.json", examples.as_json(course)
    yield "assets/playground/deck.json", deck_json(course)
    for name, text in (*tasks.task_files(course), *exercises.exercise_files(course), *notebooks.notebook_files(course)):
        yield f"assets/playground/{name}", text


def has_button(step: Step) -> bool:
    """Return whether a step's page has a button: it needs an example, and the bundles."""
    return examples.has_example(step) and built() is not None


def button(step: Step, root: str, script: str = "") -> str:
    """Return the element that becomes a button if scripts run; "" if the bundles weren't made.

    `root` leads from the page's address to the site's. The script is in the page, so that the button costs no request,
    and other pages nothing.
    """
    folder = built()
    if folder is None:
        return ""
    sizes = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    needs = examples.read_example(step).needs
    skipped = {f"{bundle}.zip.txt" for bundle in ("database", "passwords", "tests") if bundle not in needs} | {
        "fsrs.js"
    }
    megabytes = sum(size["gzip"] for name, size in sizes.items() if name not in skipped) / 1e6
    more = sizes["tests.zip.txt"]["gzip"] / 1e6  # what a task or an exercise loads, once
    what = f'example="{escape(step.name)}" megabytes="{megabytes:.0f}" more="{more:.1f}"'
    script = script or ("exercise" if step.kind == "exercise" else "")
    return _element(what + (f' script="{script}"' if script else ""), root, folder.name)


def review_button(root: str) -> str:
    """Return the element that becomes the button of review and progress; "" if the bundles weren't made."""
    folder = built()
    note = "Nothing leaves this browser, unless you export it to a file."
    what = f'script="review" label="Show my progress" note="{note}"'
    return _element(what, root, folder.name) if folder else ""


def _element(what: str, root: str, build: str) -> str:
    place = f'build="{build}" from="{root}assets/playground/"'
    return f"<div><workbook-playground {what} {place}></workbook-playground><script>\n{_script()}</script></div>"


def _script() -> str:
    """Return the script without comments and indentation, in a block, since a page can be shown twice in one visit."""
    lines = map(str.strip, BUTTON.read_text(encoding="utf-8").splitlines())
    return "{\n" + "\n".join(line for line in lines if line and not line.startswith("//")) + "\n}\n"
