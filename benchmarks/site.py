"""How the site reads on a phone and on a desk: Lighthouse's four scores, axe's violations, what it takes to build it.

The site is built twice in a fresh copy of the course: cold, when the notebooks are executed, and warm. It is then
served as an ordinary static host does. Each page's score is the median of `--rounds` runs; `mobile` and `desktop` are
the worst page's, category by category. A busy machine lowers the performance scores, and no other figure.
Lighthouse comes from npm, into .cache/site; the browser is the installed one.

    uv run --all-groups python benchmarks/site.py [--json] [--rounds 3] [--only axe|build|lighthouse]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.plugin.browser import ARGUMENTS, find_browser
from workbook.site.host import serve_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parent.parent
LIGHTHOUSE = "13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FORMS = {"mobile": [], "desktop": ["--preset=desktop"]}
PAGES = ("/", "/stages/01-cors/", "/notebooks/01-cors/", "/exercises/avatar/", "/instructors/")
COURSE = ("workbook.toml", "CHANGELOG.md", "stages", "final", "exercises", "workbook", "docs")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PARTS = ("build", "axe", "lighthouse")
Scores = dict[str, list[float]]


def build(course: Path, target: Path) -> float:
    """Seconds that a strict build takes, from the command to its end."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(course / "mkdocs.yml"), "-d", str(target)]
    started = time.perf_counter()
    ended = subprocess.run(
        command, cwd=course, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=600
    )
    if ended.returncode:
        sys.exit(f"the site was not built:\n{ended.stdout}{ended.stderr}")
    return time.perf_counter() - started


def builds(parent: Path, rounds: int) -> tuple[Path, dict[str, float]]:
    """The built site, and the seconds of its first build and of those after it."""
    course, target = parent / "course", parent / "site"
    course.mkdir()
    for name in COURSE:
        (course / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "mkdocs.yml", course)
    cold = build(course, target)
    return target, {"cold": cold, "warm": statistics.median(build(course, target) for _ in range(rounds))}


def look(browser: "Browser", origin: str, site: Path) -> tuple[int, list[str]]:
    """axe's violations on every page, in both schemes and widths, and the requests that left the site."""
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    paths = sorted(f"/{page.parent.relative_to(site).as_posix()}/" for page in site.rglob("index.html"))
    violations, strangers = 0, []
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.on("request", lambda asked: strangers.append(asked.url) if _leaves(asked.url, origin) else None)
            for path in paths:
                page.goto(origin + path.replace("/./", "/"))
                page.evaluate("document.querySelectorAll('details').forEach(folded => { folded.open = true })")
                found = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
                for rule in found.response["violations"]:
                    violations += len(rule["nodes"])
                    print(f"{path} {scheme} {width}: {rule['id']} {rule['nodes'][0]['html'][:90]}", file=sys.stderr)
            context.close()
    return violations, strangers


def _leaves(url: str, origin: str) -> bool:
    return not url.startswith((f"{origin}/", "data:", "blob:"))


def lighthouse_folder() -> Path:
    """Where Lighthouse is installed; installs it when it is not."""
    folder = ROOT / ".cache" / "site" / f"lighthouse-{LIGHTHOUSE}"
    if not (folder / "node_modules" / "lighthouse").is_dir():
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("npm is missing: install Node.js 22.19 or newer (apt-get install nodejs npm), or use --only axe")
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run([*command, f"lighthouse@{LIGHTHOUSE}"], check=True, stdout=subprocess.DEVNULL)
    return folder


def score(folder: Path, chromium: str, url: str, form: str) -> dict[str, float]:
    """One run of Lighthouse: a score of 0 to 100 for each category."""
    node = shutil.which("node") or "node"
    script = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    ended = subprocess.run(
        [
            *(node, str(script), url, "--quiet", "--output=json", *FORMS[form]),
            f"--only-categories={','.join(CATEGORIES)}",
            f"--chrome-flags=--headless {' '.join(ARGUMENTS)}",
        ],
        env=os.environ | {"CHROME_PATH": chromium},
        capture_output=True,
        text=True,
        timeout=180,
    )
    if ended.returncode:
        sys.exit(f"Lighthouse failed on {url}:\n{ended.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(ended.stdout)["categories"]
    return {category: round(found[category]["score"] * 100, 1) for category in CATEGORIES}


def rate(origin: str, chromium: str, rounds: int) -> dict[str, dict[str, Scores]]:
    """By form and page: each category's scores, one of each round; pages take turns."""
    folder = lighthouse_folder()
    scores: dict[str, dict[str, Scores]] = {form: {page: defaultdict(list) for page in PAGES} for form in FORMS}
    for _ in range(rounds):
        for page in PAGES:
            for form in FORMS:
                for category, value in score(folder, chromium, origin + page, form).items():
                    scores[form][page][category].append(value)
    return scores


def worst(pages: dict[str, Scores]) -> list[float]:
    return [min(statistics.median(scores[category]) for scores in pages.values()) for category in CATEGORIES]


def table(figures: dict[str, Any], scores: dict[str, dict[str, Scores]]) -> None:
    for form, pages in scores.items():
        print(f"{form:32}" + "".join(f"{category:>18}" for category in CATEGORIES))
        for page, found in pages.items():
            shown = (f"{statistics.median(found[c]):g} ({min(found[c]):g}-{max(found[c]):g})" for c in CATEGORIES)
            print(f"  {page:30}" + "".join(f"{one:>18}" for one in shown))
    for name, value in figures.items():
        print(f"{name:32}{value}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one object with the figures")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone")
    arguments = parser.parse_args()
    parts = arguments.only or PARTS
    chromium = find_browser()
    if chromium is None:
        sys.exit("no Chromium, Chrome or Edge was found (workbook doctor says how to get one)")
    from playwright.sync_api import sync_playwright

    figures: dict[str, Any] = {}
    scores: dict[str, dict[str, Scores]] = {}
    with tempfile.TemporaryDirectory(prefix="workbook-site-") as parent:
        site, seconds = builds(Path(parent), arguments.rounds if "build" in parts else 1)
        if "build" in parts:
            figures["build_seconds"] = {name: round(value, 1) for name, value in seconds.items()}
        with serve_site(site) as origin:
            if "lighthouse" in parts:
                scores = rate(origin, chromium, arguments.rounds)
                figures |= {form: worst(pages) for form, pages in scores.items()}
            if "axe" in parts:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
                    violations, strangers = look(browser, origin, site)
                    browser.close()
                figures |= {"axe_violations": violations, "requests_to_other_hosts": len(strangers)}
    if arguments.json:
        print(json.dumps(figures))
    else:
        table(figures, scores)


if __name__ == "__main__":
    main()
