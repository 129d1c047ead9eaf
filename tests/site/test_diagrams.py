"""The diagrams: everyone can read them, even on a phone, and they're true to the stages' code."""

import ast
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from markdown import Markdown

from workbook.course.model import Course
from workbook.site.diagrams import NAMES, background, error, onion, project, render, routers, upload
from workbook.site.diagrams.canvas import XLINK
from workbook.site.fences import diagram
from workbook.site.pages import page_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
STAGES = ROOT / "stages"
SVG = "{http://www.w3.org/2000/svg}"
ASSETS = Path(str(files("material"))) / "templates" / "assets" / "stylesheets"
STYLES = [*sorted(ASSETS.glob("*.css")), ROOT / "workbook" / "site" / "theme" / "assets" / "site.css"]
# A page as the site makes it, with the margins of its text, in the widest of the usual fonts.
PAGE = """<!doctype html><meta charset="utf-8"><style>STYLES
:root { --md-text-font: "DejaVu Sans", Verdana; --md-code-font: "DejaVu Sans Mono" }
</style><body style="display: block; background: var(--md-default-bg-color)">
<article class="md-content__inner md-typeset"></article>"""
SHOW = """([diagram, scheme]) => {
  document.body.dataset.mdColorScheme = scheme;
  document.querySelector("article").innerHTML = diagram;
}"""
# What a reader sees of each text: its place and size in pixels, its box, its contrast with what is behind it.
MEASURE = """() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const over = (...colours) => {
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = colour => colour.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const side = r => [r.left, r.top, r.right, r.bottom];
  const svg = document.querySelector("svg"), paper = getComputedStyle(document.body).backgroundColor;
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const rects = [...svg.querySelectorAll("rect")];
  const points = [...svg.querySelectorAll("path")].flatMap(path =>
    Array.from({ length: path.getTotalLength() }, (_, n) => path.getPointAtLength(n)
      .matrixTransform(path.getScreenCTM())));
  return [...svg.querySelectorAll("text")].map(text => {
    const place = text.getBoundingClientRect(), style = getComputedStyle(text);
    const x = (place.left + place.right) / 2, y = (place.top + place.bottom) / 2;
    const behind = rects.filter(rect => {
      const r = rect.getBoundingClientRect();
      return r.left <= x && x <= r.right && r.top <= y && y <= r.bottom;
    });
    const under = behind.length ? getComputedStyle(behind.at(-1)).fill : paper;
    const [a, b] = [light(over(paper, under, style.fill)), light(over(paper, under))];
    const own = behind.length ? behind.at(-1) : svg;
    const crossed = points.some(({ x, y }) =>
      place.left < x && x < place.right && place.top + 4 < y && y < place.bottom - 4);
    return { text: text.textContent, crossed, place: side(place), pixels: parseFloat(style.fontSize) * scale,
      within: side(own.getBoundingClientRect()), contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
  });
}"""


def source(stage: str, file: str = "main.py") -> str:
    return (STAGES / stage / file).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def phone(browser: "Browser") -> Iterator["Page"]:
    """Return a phone's page with the site's style, for one diagram after the other."""
    with contextlib.closing(browser.new_context(viewport={"width": 360, "height": 800})) as context:
        page = context.new_page()
        page.set_content(PAGE.replace("STYLES", "".join(style.read_text(encoding="utf-8") for style in STYLES)))
        yield page


def measured(page: "Page", name: str, scheme: str) -> list[dict[str, Any]]:
    page.evaluate(SHOW, [diagram(name, "diagram", "", {}, Markdown()), scheme])
    texts: list[dict[str, Any]] = page.evaluate(MEASURE)
    return texts


@pytest.mark.parametrize("name", NAMES)
def test_a_diagram_is_told_to_those_who_do_not_see_it(name: str) -> None:
    """Each diagram is an image, or a group if it has links, with a title and a description."""
    svg = ElementTree.fromstring(render(name))
    title, told = svg.findtext(f"{SVG}title"), svg.findtext(f"{SVG}desc")
    assert title
    assert told
    assert len(told) > 150
    ids = {element.get("id") for element in svg.iter() if element.get("id")}
    assert {svg.get("aria-labelledby"), svg.get("aria-describedby")} == ids
    assert svg.get("role") == ("group" if svg.findall(f".//{SVG}a") else "img")


def test_diagrams_can_stand_on_one_page() -> None:
    """Two diagrams never share an id, and none has a script or loads anything from another host."""
    drawn = "".join(render(name) for name in NAMES)
    ids = re.findall(r' id="([^"]+)"', drawn)
    assert len(ids) == len(set(ids)) == 2 * len(NAMES)
    assert "<script" not in drawn
    assert not re.findall(r"https?://", re.sub(r' xmlns(:xlink)?="[^"]+"', "", drawn))


def test_an_unknown_diagram_is_refused() -> None:
    """For an unknown diagram, the error lists the known ones."""
    with pytest.raises(KeyError, match=r"onions.*course, onion, preflight"):
        render("onions")


@pytest.mark.parametrize("scheme", ["default", "slate"])
@pytest.mark.parametrize("name", NAMES)
def test_a_diagram_is_read_on_a_phone(phone: "Page", name: str, scheme: str) -> None:
    """At 360 pixels, in light and dark, each text has 12 pixels, enough contrast, and no line across it."""
    texts = measured(phone, name, scheme)
    assert texts
    for text in texts:
        left, top, right, bottom = text["place"]
        x1, y1, x2, y2 = text["within"]
        assert text["pixels"] >= 12, text
        assert text["contrast"] >= 4.5, text
        assert not text["crossed"], text
        assert x1 - 1 <= left, text
        assert right <= x2 + 1, text
        assert y1 - 1 <= top, text
        assert bottom <= y2 + 1, text
    for n, one in enumerate(texts):
        for other in texts[n + 1 :]:
            (a1, b1, a2, b2), (c1, d1, c2, d2) = one["place"], other["place"]
            apart = a2 <= c1 or c2 <= a1 or b2 <= d1 + 3 or d2 <= b1 + 3  # lines may be close if no letters meet
            assert apart, (one["text"], other["text"])


def test_the_map_shows_and_links_every_step() -> None:
    """The map shows each step of workbook.toml with its minutes, and links to its page."""
    svg = ElementTree.fromstring(render("course"))
    shown = {link.get(f"{{{XLINK}}}href"): " ".join(link.itertext()) for link in svg.iter(f"{SVG}a")}
    course = Course.find(ROOT)
    assert len(shown) == len(course.steps)
    for step, (href, words) in zip(course.steps, shown.items(), strict=True):
        assert step.title in words
        assert f"{step.minutes} min" in words
        assert f"{str(href).rstrip('/')}.md" == page_of(step)


def test_the_onion_has_the_layers_of_the_app() -> None:
    """The onion's layers are the middlewares of stage 02, the outermost first."""
    assert [name for name, _ in onion.LAYERS] == layers_of("main", STAGES / "02-middleware")


def layers_of(module: str, folder: Path) -> list[str]:
    """Return the middlewares of an imported app, the outermost first."""
    ask = (
        f"import json; from {module} import app; print(json.dumps([m.kwargs['dispatch'].__name__ if 'dispatch' in "
        "m.kwargs else m.cls.__name__ for m in app.user_middleware]))"
    )
    asked = subprocess.run([sys.executable, "-c", ask], cwd=folder, capture_output=True, text=True, check=True)
    layers: list[str] = json.loads(asked.stdout)
    return layers


def test_the_project_is_drawn_as_it_is() -> None:
    """The project's diagram shows the app's middlewares, outermost first, its routers, and what they call."""
    app = ROOT / "final" / "app"
    assert [name for name, _ in project.LAYERS] == layers_of("app.main", ROOT / "final")

    routers_there = {path.stem for path in (app / "routers").glob("*.py")} - {"__init__"}
    assert sorted(name for row in project.ROUTERS for name in row) == sorted(routers_there)

    called = {f"{name}.py" for file in (app / "routers").glob("*.py") for name in imports(file)}
    assert {module for module, _, _ in project.REACHED} | {"dependencies.py"} <= called
    asked = imports(app / "dependencies.py") | imports(app / "tasks.py") | imports(app / "crud.py")
    assert not asked & routers_there, "what routes call, calls no route"
    for what in (
        *(f"{name}" for name, _ in project.LAYERS),
        *routers_there,
        *(module for module, _, _ in project.REACHED),
    ):
        assert what in project.TOLD


def test_the_tasks_are_those_of_publishing() -> None:
    """The background tasks in the diagram are those of stage 03's publishing, in their order."""
    added = re.findall(r"tasks\.add_task\((\w+), post\.id\)", source("03-background"))
    assert [name for name, _ in background.TASKS] == added


def test_the_steps_of_an_upload_are_in_the_code() -> None:
    """The upload diagram's names are in stage 04's code, and it shows each status that refuses there."""
    code = source("04-uploads")
    named = [word for _, how, _ in upload.STEPS for word in re.findall(r"[A-Za-z_0-9.]*[_.4][A-Za-z_.0-9]+", how)]
    assert {"max_body_size", "get_current_user", "upload.size", "Image.open", "max_files"} <= set(named)
    for name in named:
        assert name in code, name
    raised = set(re.findall(r"HTTPException\(\s*status_code=(\d{3})", code))
    shown = {status for _, _, statuses in upload.STEPS for status in re.findall(r"\d{3}", statuses)}
    assert shown == raised | {"400"}  # 400: the form's own refusal, which FastAPI raises


def test_every_module_imports_from_below_alone() -> None:
    """The routers diagram shows all of stage 05's modules, and each imports only from rows below its own."""
    app = STAGES / "05-routers" / "app"
    rows = {module: row for row, (_, modules) in enumerate(routers.ROWS) for module in modules}
    assert len(rows) == sum(len(modules) for _, modules in routers.ROWS)
    paths = {path.relative_to(app).with_suffix("").as_posix(): path for path in app.rglob("*.py")}
    assert set(rows) == {module for module in paths if not module.endswith("__init__")}
    for module, row in rows.items():
        for imported in imports(paths[module], set(rows)):
            assert rows[imported] > row, f"{module} imports {imported}"


def imports(file: Path, known: set[str] | None = None) -> set[str]:
    """Return what a module imports from its own package; fail if that isn't one of the known ones."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = f"{node.module}/" if node.module == "routers" else ""
            names = [alias.name for alias in node.names] if base or not node.module else [node.module]
            found |= {f"{base}{name}" for name in names}
    assert known is None or found <= known
    return found


def test_the_handlers_are_those_of_the_app() -> None:
    """The error diagram names stage 06's handlers and middlewares, the outermost first."""
    code = source("06-errors").replace("AnyHTTPException", "HTTPException")
    assert re.findall(r"@app\.exception_handler\((\w+)\)\nasync def (\w+)", code) == list(error.HANDLERS)
    layers = re.findall(r"^        Middleware\((\w+)", code, re.MULTILINE)
    most = re.findall(r"max_body_size=(\d+) \* 1024", code)
    assert re.findall(r"(\d+) KiB", " ".join(ElementTree.fromstring(render("error")).itertext())) == most * 2
    drawn = [text for text in ElementTree.fromstring(render("error")).itertext() if text in layers]
    assert drawn == layers


def test_a_diagram_may_stand_on_a_page_twice() -> None:
    """If a page shows a diagram twice, each has separate ids, and its description is its own."""
    page = Markdown()
    twice = "".join(diagram("upload", "diagram", "", {}, page) for _ in range(2))
    ids = re.findall(r'\bid="([^"]+)"', twice)
    assert len(set(ids)) == len(ids) == 6
    assert set(re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', twice)) <= set(ids)
