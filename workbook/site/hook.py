"""What mkdocs calls while it builds the site: the pages and files made from the course, the shortcodes, the finish."""

import os
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page as MkDocsPage

from workbook.course.model import Course
from workbook.playground import site as playground
from workbook.site import (
    archive,
    blocks,
    changed,
    console_html,
    css,
    lessons,
    notebooks,
    offline,
    pages,
    parts,
    shortcodes,
    text,
)

_CACHE = Path(".cache") / "site"
_TABLE_HEAD = re.compile(r"<thead>.*?</thead>\n?", re.DOTALL)
_EMPTY_HEADING = re.compile(r"<th[^>]*></th>")
_TITLE = re.compile(r"^# .+$", re.MULTILINE)


def _course(config: MkDocsConfig) -> Course:
    return Course(Path(config.config_file_path).parent)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Look for snippets in the course, wherever mkdocs was started."""
    root = Path(config.config_file_path).parent
    config.mdx_configs["pymdownx.snippets"]["base_path"] = [str(root)]
    return config


@event_priority(100)  # before the plugins look at what there is
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and the zips that are made from the course."""
    course = _course(config)

    def add(path: str, content: str | bytes) -> None:
        files.append(File.generated(config, path, content=content, inclusion=InclusionLevel.NOT_IN_NAV))

    for before, after in changed.pairs(course):
        page = pages.changes_page(after)
        add(page, changed.changes(course, before, after, page))
    executed = notebooks.notebooks(course, course.root / _CACHE / "notebooks")
    for step in course.steps:
        if step.name in executed:
            page = pages.notebook_page(step)
            add(page, notebooks.notebook_text(course, step, executed[step.name], page))
        if lessons.is_page(course, step):
            try:
                add(pages.page_of(step), lessons.lesson_page(course, step))
            except lessons.BadLesson as error:
                raise PluginError(str(error)) from error
        if step.kind == "stage":
            add(pages.archive_of(step), archive.archive(course, step))
        for task in course.tasks(step):
            add(pages.task_page(step, task), blocks.task_text(course, step, task))
    for path, content in () if os.environ.get(offline.WANTED) else playground.playground_files(course):
        add(path, content)
    add(offline.PLACE, b"")  # so that pages can link to it; it is made when they are
    return files


def on_page_markdown(markdown: str, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
    """Put the step's head below the title, and replace the shortcodes."""
    course = _course(config)
    name = page.meta.get("step")
    try:
        about = blocks.Page(page.file.src_uri, course, course.known(name) if name else None)
        if name and about.step is None:
            raise shortcodes.BadShortcode(f"{about.path}: there's no step {name}")
        if about.step:
            markdown = _TITLE.sub(lambda found: f"{found[0]}\n\n{{{{ head }}}}\n", markdown, count=1)
        markdown = parts.without_marks(markdown)
        folder = posixpath.join("docs", posixpath.dirname(about.path))
        return shortcodes.expand(about, pages.with_links_for(about.path, markdown, folder, about.shown))
    except shortcodes.BadShortcode as error:
        raise PluginError(str(error)) from error


def on_page_content(html: str, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
    """Give the page a description, for search engines and llms.txt; mend what Markdown can't say."""
    step = _course(config).known(page.meta.get("step", ""))
    told = f"{step.concept}." if step else text.first_sentence(html)
    page.meta.setdefault("description", told or config.site_description)
    html = _TABLE_HEAD.sub(_mend_empty_headings, console_html.whole_commands(html))
    return html.replace("<p>Proof: ", '<p class="proof">Proof: ')


def _mend_empty_headings(head: re.Match[str]) -> str:
    """Return a table's head with its empty cells as ordinary cells; "" if it's all empty."""
    told = _EMPTY_HEADING.sub("<td></td>", head[0])
    return told if "<th" in told.replace("<thead", "") else ""


@event_priority(-100)  # after the search plugin, which writes its index here
def on_post_build(config: MkDocsConfig) -> None:
    """Put the style into the pages, and the pages into a zip."""
    site = Path(config.site_dir)
    css.inline(site)
    if os.environ.get(offline.WANTED):
        (site / offline.PLACE).unlink()
        offline.convert(site)
    else:
        (site / offline.PLACE).write_bytes(offline.pack_site(site))
