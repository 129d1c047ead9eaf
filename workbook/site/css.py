"""The site's styles within its pages: only what a page can use, and nothing to load separately.

Three stylesheets that block the first picture cost a phone most of a second. Most of their rules are for what this
site does not have.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import tinycss2  # type: ignore[import-untyped]

Rule = Any  # tinycss2 doesn't have types

_SHEET = re.compile(r'<link rel="stylesheet" href="(?P<to>[^"]+)">')
_NOTE = re.compile(r"/\*[#!].*?\*/", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_VARIABLE = re.compile(r"--[\w-]+")
_READ = re.compile(r"var\(\s*(--[\w-]+)")
# Set on the body while a page takes its colours on, and taken off again. Its one rule, that nothing fades meanwhile,
# makes the browser style the whole page twice.
_SWITCHING = "data-md-color-switching"
# With `:not([class])` a change of any class, also that of <html>, makes it style the whole page; this means the same.
_NO_CLASS, _NO_SUCH_CLASS = ":not([class])", ":not(.none)"
_WITH_RULES_INSIDE = {"media", "supports", "layer", "container"}


class Used(HTMLParser):
    """The names that pages have, or that scripts may add: of classes, ids, variables."""

    def __init__(self, pages: Iterable[str], scripts: Iterable[str]) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.variables: set[str] = set()
        self.directions: set[str] = set()
        for script in scripts:
            self.names.update(_WORD.findall(script))
            self.variables.update(_VARIABLE.findall(script))
        for page in pages:
            self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("class", "id"):
                self.names.update((value or "").split())
            elif name == "dir":
                self.directions.add(value or "")
            elif name == "style":
                self.variables.update(_VARIABLE.findall(value or ""))

    def handle_data(self, data: str) -> None:
        self.variables.update(_READ.findall(data))  # a diagram's style


def inline(site: Path) -> None:
    """Put the stylesheets that pages link to into the pages, without the rules that no page can use."""
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    sheets: list[Path] = []
    for path, page in pages.items():
        for link in _SHEET.finditer(page):
            sheet = _target(site, path, link["to"])
            if sheet not in sheets:
                sheets.append(sheet)
    scripts = [
        path.read_text(encoding="utf-8")
        for path in site.rglob("*.js")
        if not {"lunr", "playground"} & set(path.relative_to(site).parts)
    ]
    style = leave_out_unused(
        "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets), Used(pages.values(), scripts)
    )
    if not any("<table class" in page for page in pages.values()):
        style = style.replace(_NO_CLASS, _NO_SUCH_CLASS)
    for path, page in pages.items():
        if not _SHEET.search(page):
            continue
        whole = _SHEET.sub("", _SHEET.sub(lambda _: f"<style>{style}</style>", page, count=1))
        path.write_text(whole, encoding="utf-8")
    for sheet in sheets:
        sheet.unlink()
    for sources in site.rglob("*.map"):
        sources.unlink()


def _target(site: Path, page: Path, link: str) -> Path:
    """Return the file that a page's link names; 404.html's links begin at the host's root, or with `site_url`."""
    if link.startswith("/"):
        return next(path for path in site.rglob(Path(link).name) if link.endswith(path.relative_to(site).as_posix()))
    return (page.parent / link).resolve()


def leave_out_unused(text: str, used: Used) -> str:
    """Return `text` without rules for classes, ids and directions that no page has, or variables that no rule reads."""
    kept = "".join(_rules(tinycss2.parse_stylesheet(_NOTE.sub("", text)), used, read=None))
    while True:
        read = used.variables | set(_READ.findall(kept))
        fewer = "".join(_rules(tinycss2.parse_stylesheet(kept), used, read))
        if fewer == kept:
            return kept.replace("</style", "<\\/style")
        kept = fewer


def _rules(rules: list[Rule], used: Used, read: set[str] | None) -> Iterator[str]:
    """Yield the rules that a page can use, without the variables that aren't in `read`."""
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [tinycss2.serialize(one).strip() for one in _selectors(rule.prelude) if _can_match(one, used)]
            declared = ";".join(_declarations(rule.content, read))
            if selectors and declared:
                yield f"{','.join(selectors)}{{{declared}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in _WITH_RULES_INSIDE and rule.content is not None:
            if inside := "".join(_rules(tinycss2.parse_rule_list(rule.content), used, read)):
                yield f"@{rule.at_keyword} {tinycss2.serialize(rule.prelude).strip()}{{{inside}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword != "charset":
            yield rule.serialize()


def _declarations(content: list[Rule], read: set[str] | None) -> Iterator[str]:
    for part in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        variable = part.type == "declaration" and part.name.startswith("--")
        if part.type != "error" and not (variable and read is not None and part.name not in read):
            yield part.serialize().rstrip(";")


def _selectors(prelude: list[Rule]) -> Iterator[list[Rule]]:
    """Yield a rule's selectors, which its commas separate."""
    one: list[Rule] = []
    for token in prelude:
        if token == ",":
            yield one
            one = []
        elif token.type != "comment":
            one.append(token)
    yield one


def _can_match(selector: list[Rule], used: Used) -> bool:
    """Return whether all that the selector asks for is there; what's in brackets, as in `:not(…)`, doesn't count.

    Scripts give elements other classes, but no script turns the direction of the text.
    """
    for before, token in itertools.pairwise([None, *selector]):
        match token.type:
            case "ident" if before == "." and token.value not in used.names:
                return False
            case "hash" if token.value not in used.names:
                return False
            case "[] block":
                name, _, value = tinycss2.serialize(token.content).partition("=")
                if name == "dir" and value.strip("\"'") not in used.directions:
                    return False
                if name == _SWITCHING:
                    return False
    return True
