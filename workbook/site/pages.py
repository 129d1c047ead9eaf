"""Where the site shows the course's files, and links that follow them there."""

import posixpath
import re

from workbook.course.changes import Task
from workbook.course.model import Course, Step

_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<to>[^)\s]+)\)")
_ELSEWHERE = re.compile(r"[a-z]+:|#")


def page_of(step: Step) -> str:
    """Return the page of a step, as a path below docs/."""
    return {"stage": f"stages/{step.name}.md", "exercise": f"exercises/{step.name}.md"}.get(
        step.kind, f"{step.name}.md"
    )


def task_page(step: Step, task: Task) -> str:
    return f"tasks/{step.name}-{task.folder.name}.md"


def notebook_page(step: Step) -> str:
    return f"notebooks/{step.name}.md"


def changes_page(step: Step) -> str:
    """Return the path of the page on what `step` changed since the stage before it."""
    return f"changes/{step.name}.md"


def archive_of(step: Step) -> str:
    return f"download/{step.name}.zip"


def relative(to: str, page: str) -> str:
    """Return the link to a file of the site, as it's written on `page`."""
    return posixpath.relpath(to, posixpath.dirname(page) or ".")


def relative_root(page: str) -> str:
    """Return the way from the address of `page`, a folder, to the site's: `../../`, or nothing for the home page."""
    return "../" * len([part for part in page.removesuffix(".md").split("/") if part != "index"])


def shown_files(course: Course) -> dict[str, str]:
    """Return the course's files that have a page: their path in the repository, and that of the page."""
    docs = course.root / "docs"
    written = [path.relative_to(docs).as_posix() for path in docs.rglob("*.md")]
    shown = {f"docs/{name}": name for name in written} | {"README.md": "index.md", "CHANGELOG.md": "changelog.md"}
    for step in course.steps:
        place = course.place(step)
        shown |= {place: page_of(step), f"{place}/README.md": page_of(step)}
        if (course.folder(step) / "explore.ipynb").is_file():
            shown[f"{place}/explore.ipynb"] = notebook_page(step)
        for task in course.tasks(step):
            shown[f"{place}/tasks/{task.folder.name}/README.md"] = task_page(step, task)
    return shown


def with_links_for(page: str, text: str, folder: str, shown: dict[str, str]) -> str:
    """Return `text`, written for a file in `folder` of the repository, with links that work on `page`.

    A link to a file without a page becomes that file's path.
    """

    def rewrite(link: re.Match[str]) -> str:
        to, _, anchor = link["to"].partition("#")
        if _ELSEWHERE.match(link["to"]):
            return link[0]
        path = posixpath.normpath(posixpath.join(folder, to))
        if path not in shown and path.startswith("docs/") and folder.startswith("docs"):
            return link[0]  # the site's own: a picture, or a page that's made
        if path not in shown:
            return f"{link['text']} (`{path}`)"
        return f"[{link['text']}]({relative(shown[path], page)}{'#' + anchor if anchor else ''})"

    return _LINK.sub(rewrite, text)
