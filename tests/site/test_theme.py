"""What the site adds to Material: lean styles within the pages, a page for missing ones, a list for machines."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from workbook.site.css import Used, leave_out_unused
from workbook.site.host import KEPT
from workbook.site.text import first_sentence

from .pages import COURSE, paths

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGE = '<body dir="ltr" class="kept" style="color: var(--inline)"><p id="here" class="a b">'
SCRIPT = 'element.className = "added"; style.setProperty("--scripted", 1)'


def test_only_what_no_page_can_use_is_left_out() -> None:
    """A style rule is left out only if no page or script can use its classes and ids."""
    stays = [".kept{color:red}", ".a.b>#here{color:red}", ".added{color:red}", "p:not(.gone){color:red}"]
    stays += ["@media print{.a{color:red}}", "[dir=ltr] .a{color:red}", "@keyframes k{to{opacity:0}}", "h1{color:red}"]
    goes = [".gone{color:red}", ".a .gone{color:red}", "#gone{color:red}", "[dir=rtl] .a{color:red}"]
    goes += ["@media print{.gone{color:red}}"]
    used = Used([PAGE], [SCRIPT])

    assert [rule for rule in stays if leave_out_unused(rule, used) != rule] == []
    assert [rule for rule in goes if leave_out_unused(rule, used)] == []
    assert leave_out_unused(".gone,.a{color:red}", used) == ".a{color:red}"


def test_only_what_nothing_reads_is_left_out() -> None:
    """A variable is left out only if no rule, page or script reads it, even by way of another variable."""
    used = Used([PAGE], [SCRIPT])
    style = "h1{--read:1;--inline:2;--scripted:3;--unread:var(--only);--only:4;margin:var(--read)}"
    assert leave_out_unused(style, used) == "h1{--read:1;--inline:2;--scripted:3;margin:var(--read)}"


def test_no_rule_has_the_whole_page_styled_again(built: Path) -> None:
    """No rule makes the browser style the whole page twice while it loads, which would slow a phone."""
    used = Used([PAGE], [SCRIPT])
    assert leave_out_unused("[data-md-color-switching] *{transition:none}h1{color:red}", used) == "h1{color:red}"

    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert ":not([class])" not in text, page
        assert 'class="none"' not in text, page


def test_pages_wait_for_no_style(built: Path) -> None:
    """Every page includes its styles, and none links to a stylesheet."""
    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert 'rel="stylesheet"' not in text
        assert text.count("--md-default-fg-color:") >= 1
    assert [*built.glob("assets/stylesheets/*"), *built.rglob("*.map")] == []


def test_a_missing_page_leads_on(origin: str, page: "Page") -> None:
    """A missing address is a 404 that searches for its words and links to every page."""
    answer = page.goto(f"{origin}/stages/background-tasks-old.html")
    assert answer is not None
    assert answer.status == 404

    assert page.locator("article .map a").count() > len(COURSE.steps)
    page.locator("article .map a", has_text="Troubleshooting").click()
    assert page.url == f"{origin}/troubleshooting/"

    page.go_back()
    assert page.locator("#find").input_value() == "background tasks old"
    page.locator("#find").fill("preflight")
    page.get_by_role("button", name="Search").click()
    page.locator(".md-search-result__item").first.wait_for()


def test_machines_find_every_page(built: Path) -> None:
    """llms.txt has a line for every page of the site, with what the page is about."""
    lines = (built / "llms.txt").read_text(encoding="utf-8").splitlines()
    found = {match[1]: match[2] for line in lines if (match := re.fullmatch(r"- \[.+\]\((.+)\): (.+)", line))}
    assert {f"/{to}".replace("/index.html", "/") for to in found} == set(paths(built))
    assert len(set(found.values())) == len(found), "two pages are told by the same words"


def test_a_page_is_told_in_a_sentence() -> None:
    """A page's summary is the first sentence of its first paragraph, and never a line of facts."""
    facts = "<p>Stage 2 of 6 · 45 minutes · the code of the stage as a zip</p>"
    page = f"{facts}<p>You <em>put</em> code around a request. And more of it.</p>"
    assert first_sentence(page) == "You put code around a request."
    assert first_sentence("<p>Short.</p>") == ""


def test_a_host_compresses_and_lets_keep(origin: str) -> None:
    """The site is served as static hosts do: compressed on request, cached for a while, and nothing outside it."""
    with httpx.Client(base_url=origin, trust_env=False) as client:
        page = client.get("/", headers={"Accept-Encoding": "gzip"})
        assert (page.headers["content-encoding"], page.headers["cache-control"]) == ("gzip", KEPT)
        assert client.get("/", headers={"Accept-Encoding": "identity"}).text == page.text
        assert client.get("/stages/01-cors").headers["location"] == "/stages/01-cors/"
        assert client.get("/%2e%2e/%2e%2e/etc/passwd").status_code == 404
