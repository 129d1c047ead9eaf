"""The stages' notebooks as pages: run at build, where an error is fatal, and cached until what they show changes."""

import hashlib
import importlib.metadata
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workbook.course.model import Course, Step
from workbook.playground.notebooks import NOTEBOOK
from workbook.playground.site import button, has_button

from .archive import files_in
from .pages import page_of, relative, relative_root

_TEMPLATE = Path(__file__).parent / "notebook.md.j2"
_AT_ONCE = 2
_LONGEST_SOCKET = 100  # letters of a socket's path; macOS takes 103
_PATIENCE = 120  # seconds for one cell, on a loaded machine
_SHOWN_BY = ("fastapi", "starlette", "httpx", "nbconvert")  # what a notebook's outputs depend on


def notebook_steps(course: Course) -> list[Step]:
    return [step for step in course.steps if (course.folder(step) / NOTEBOOK).is_file()]


def notebooks(course: Course, cache: Path) -> dict[str, str]:
    """Return every notebook in Markdown, by its step's name. Raises `nbclient.exceptions.CellExecutionError`."""
    steps = notebook_steps(course)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        texts = pool.map(lambda step: _kept(course.folder(step), cache), steps)
        return {step.name: text for step, text in zip(steps, texts, strict=True)}


def notebook_text(course: Course, step: Step, executed: str, page: str) -> str:
    """Return the page: the executed notebook, and how to run it yourself."""
    title, _, rest = executed.lstrip().partition("\n")
    place = f"{course.place(step)}/{NOTEBOOK}"
    here = button(step, relative_root(page), "notebook") if has_button(step) else ""
    return (
        f"{title}\n\nThis page is the notebook of the stage [{step.title}]({relative(page_of(step), page)}), "
        "executed when the site was built. To run and change its cells yourself:\n\n"
        f"```console\n$ uv run --group notebooks jupyter lab {place}\n```\n\n"
        f"{here}\n\n{rest.lstrip()}"
    )


def _kept(folder: Path, cache: Path) -> str:
    kept = cache / f"{_fingerprint(folder)}.md"
    if not kept.is_file():
        text = _executed(folder / NOTEBOOK)
        cache.mkdir(parents=True, exist_ok=True)
        (cache.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        fresh = kept.with_suffix(f".{id(text)}.tmp")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(kept)  # whole or not at all: two builds may run at once
    return kept.read_text(encoding="utf-8")


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256(_TEMPLATE.read_bytes())
    for name in _SHOWN_BY:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    for name, content in files_in(folder).items():
        if not name.startswith(("tasks/", "test_", "README")) and not name.endswith(".svg"):
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()[:24]


def _executed(notebook: Path) -> str:
    import nbformat  # late: a second build needs none of them
    from nbconvert import MarkdownExporter
    from nbconvert.preprocessors import ExecutePreprocessor
    from traitlets.config import Config

    cells = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory(prefix="nb-") as folder:
        file = f"{folder}/kernel.json"
        # By TCP anyone on this machine could listen, and the kernel warns of that on the terminal.
        by = "ipc" if sys.platform != "win32" and len(file) < _LONGEST_SOCKET - len("-ipc-1") else "tcp"
        # It ends only a kernel that it has started itself, and closes only that one's sockets.
        settings = Config({"KernelManager": {"connection_file": file, "transport": by}})
        run = ExecutePreprocessor(timeout=_PATIENCE, kernel_name="python3", config=settings)  # type: ignore[no-untyped-call]
        run.preprocess(cells, {"metadata": {"path": str(notebook.parent)}})
    exporter = MarkdownExporter(template_file=str(_TEMPLATE))  # type: ignore[no-untyped-call]
    text, resources = exporter.from_notebook_node(cells)
    if resources.get("outputs"):
        raise ValueError(f"{notebook}: pictures in outputs aren't placed on the page yet")
    return str(text).strip() + "\n"
