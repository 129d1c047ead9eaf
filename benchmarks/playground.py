"""What the playground costs a reader: bytes, the first start, and each run after it.

- gzip_mb, brotli_mb: what the first click loads for the stage that needs most, from a host with gzip (level 6), and
  from one that compresses ahead with brotli.
- final_gzip_mb: the same for an exercise, that is the finished project, and what runs its tests.
- warm_ms: the median of seven runs of the slowest example, in a Python that has run it before. "Run" is pressed again
  after a second, so the app is imported already.
- edited_ms: the same after an edit that nothing announced, so the app is imported again.
- cold_over_pyodide: the seconds from the click to the first response, divided by the floor. The floor is Pyodide only,
  from its start to `1 + 1`. Both are measured in turn, without anything in the browser's caches, and it's the median of
  the rounds' ratios.
- task_seconds: from the click on a task's check to its first verdict, when Python runs but hasn't loaded a test yet.
  task_again_seconds is the same for the next check.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.course.model import Course
from workbook.course.step_files import find_tests
from workbook.playground import examples, site, tasks
from workbook.playground.scripts import unpack
from workbook.playground.table import read_table
from workbook.playground.vendor import build
from workbook.plugin.browser import ARGUMENTS, find_browser, serve_pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
SIZES = """
const { readFileSync } = require("fs"), { gzipSync, brotliCompressSync } = require("zlib");
console.log(JSON.stringify(process.argv.slice(1).map((file) => {
  const bytes = readFileSync(file);
  return [gzipSync(bytes, { level: 6 }).length, brotliCompressSync(bytes).length];
})));
"""
BARE = """async (from) => {
  const script = `import { loadPyodide } from "${from}pyodide.mjs";
    const python = await loadPyodide({ indexURL: "${from}" });
    postMessage(python.runPython("1 + 1"));`;
  const started = performance.now();
  const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), { type: "module" });
  await new Promise((done, failed) => Object.assign(worker, { onmessage: done, onerror: failed }));
  const took = performance.now() - started;
  worker.terminate();
  return took;
}"""
OURS = """async ([build, job]) => {
  const started = performance.now();
  const { run } = await import("/assets/playground/python.js");
  let first;
  await run(build, job, (told) => {
    if (told.problem) throw new Error(told.problem);
    first ??= performance.now() - started;
  });
  return first;
}"""
TASK = """async ([build, job]) => {
  const { load, test } = await import("/assets/playground/python.js");
  await load(build, job.needs);
  const times = [];
  for (let round = 0; round < 2; round++) {
    const started = performance.now();
    let first;
    await test(build, job, ({ event }) => {
      if (["passed", "failed"].includes(event)) first ??= performance.now() - started;
    });
    times.push(first);
  }
  return times;
}"""
WARM = """async ([build, job, rounds, edited]) => {
  const { run } = await import("/assets/playground/python.js");
  const times = [], [first] = Object.keys(job.files);
  for (let round = 0; round <= rounds; round++) {
    if (edited) job.files[first] += `\\n# edit ${round}`;
    await new Promise((rested) => setTimeout(rested, 1000));
    const started = performance.now();
    await run(build, job, () => {});
    times.push(performance.now() - started);
  }
  return times.slice(1);
}"""


def sizes(files: list[Path]) -> tuple[float, float]:
    """Megabytes with gzip and with brotli."""
    node = shutil.which("node")
    if node is None:
        raise SystemExit("node was not found; it came with npm, which fetched the files")
    said = subprocess.run([node, "-e", SIZES, *map(str, files)], capture_output=True, text=True, check=True).stdout
    gzip, brotli = zip(*json.loads(said), strict=True)
    return sum(gzip) / 1e6, sum(brotli) / 1e6


@contextmanager
def pages(bundles: Path) -> Iterator[str]:
    """The site's files for the playground, and beside them Pyodide as npm brings it."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in site.playground_files(Course(ROOT)):
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        (Path(folder) / "index.html").write_text('<!doctype html><link rel="icon" href="data:,">', encoding="utf-8")
        unpack(bundles.parent / "fetched" / read_table().runtime.file, Path(folder) / "package")
        with serve_pages(Path(folder)) as origin:
            yield origin


def task_job(course: Course) -> dict[str, Any]:
    """The first task of stage 02, undone, as the page checks it."""
    step = course.step("02-middleware")
    folder, place, task = course.folder(step), course.place(step), course.tasks(step)[0]
    tests = [path.relative_to(folder).as_posix() for path in (*task.tests, *find_tests(folder))]
    files = examples.app_files(folder) | {name: (folder / name).read_text(encoding="utf-8") for name in tests}
    job = {"needs": examples.read_example(step).needs, "files": {f"{place}/{n}": text for n, text in files.items()}}
    return job | {"tests": [f"{place}/{name}" for name in tests], "elsewhere": tasks.named_elsewhere(course, step)}


def in_a_new_page(browser: "Browser", origin: str, script: str, argument: Any) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(origin)
    try:
        return page.evaluate(script, argument)
    finally:
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    bundles, course = build(), Course(ROOT)
    everything = [path for path in bundles.iterdir() if path.name != "manifest.json"]
    gzip_mb, brotli_mb = sizes([path for path in everything if path.name != "tests.zip.txt"])
    final_gzip_mb, _ = sizes(everything)
    jobs = {step.name: examples.job(course, step, examples.read_example(step)) for step in examples.stages(course)}
    first, warm, edited, cold, bare = next(iter(jobs)), {}, {}, [], []
    with pages(bundles) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
        for _ in range(options.rounds):
            bare.append(in_a_new_page(browser, origin, BARE, f"{origin}/package/"))
            cold.append(in_a_new_page(browser, origin, OURS, [bundles.name, jobs[first]]))
        task = task_job(course)
        checked = [in_a_new_page(browser, origin, TASK, [bundles.name, task]) for _ in range(options.rounds)]
        context = browser.new_context()
        page = context.new_page()
        page.goto(origin)
        for name, job in jobs.items():
            warm[name] = page.evaluate(WARM, [bundles.name, job, options.rounds, False])
            edited[name] = page.evaluate(WARM, [bundles.name, job, options.rounds, True])
        browser.close()
    medians, anew = ({name: statistics.median(times) for name, times in one.items()} for one in (warm, edited))
    ratios = [ours / floor for ours, floor in zip(cold, bare, strict=True)]
    found = {
        "gzip_mb": gzip_mb,
        "brotli_mb": brotli_mb,
        "final_gzip_mb": final_gzip_mb,
        "warm_ms": max(medians.values()),
        "edited_ms": max(anew.values()),
        "cold_over_pyodide": statistics.median(ratios),
        "task_seconds": statistics.median(first for first, _ in checked) / 1000,
        "task_again_seconds": statistics.median(again for _, again in checked) / 1000,
    }
    if options.json:
        seconds = {"cold_seconds": statistics.median(cold) / 1000, "pyodide_seconds": statistics.median(bare) / 1000}
        print(json.dumps({**found, **seconds, "examples": medians, "examples_edited": anew}, indent=2))
        return
    print(f"to load: {gzip_mb:.2f} MB with gzip, {brotli_mb:.2f} MB with brotli; an exercise {final_gzip_mb:.2f} MB")
    print(f"a task's first verdict: {found['task_seconds']:.2f} s, then {found['task_again_seconds']:.2f} s")
    for name, times in (("from click to first reply", cold), ("Pyodide alone", bare)):
        print(
            f"{name:<26}{statistics.median(times) / 1000:>6.2f} s ({min(times) / 1000:.2f} to {max(times) / 1000:.2f})"
        )
    print(f"{'ratio':<26}{found['cold_over_pyodide']:>6.2f}   ({min(ratios):.2f} to {max(ratios):.2f})")
    for name, times in warm.items():
        later = edited[name]
        print(
            f"a run of {name:<17}{medians[name]:>6.0f} ms ({min(times):.0f} to {max(times):.0f}), "
            f"after an edit {anew[name]:.0f} ms ({min(later):.0f} to {max(later):.0f})"
        )


if __name__ == "__main__":
    main()
