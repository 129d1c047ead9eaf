"""What a project's code imports, and which Python it's written for: read, never run."""

import ast
import importlib.metadata
import io
import sys
import tokenize
from collections.abc import Iterable, Mapping
from pathlib import Path

APP = "app"
LONGEST = 2 * 1024 * 1024  # bytes of a module that is read
BY_NAME = {"import_module", "__import__"}


def imported_names(source: bytes) -> set[str]:
    """Return the first names of what a module imports, by a name in quotes too; none if it can't be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Call) and _called(node) in BY_NAME:
            texts = [one.value for one in node.args[:1] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            found |= {text.partition(".")[0] for text in texts if not text.startswith(".")}
    return found


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def imported_folders(project: Path) -> set[str]:
    """Return the folders beside app/ that it imports, directly or through one another."""
    open_ends = [*project.glob("*.py"), *(project / APP).rglob("*.py")]
    found: set[str] = set()
    while open_ends:
        file = open_ends.pop()
        for name in imported_names(_bytes(file)) - found - {APP}:
            folder = project / name
            if folder.is_dir() and not folder.is_symlink():
                found.add(name)
                open_ends += folder.rglob("*.py")
    return found


def foreign_packages(sources: Mapping[str, bytes], pinned: Iterable[str]) -> dict[str, list[str]]:
    """Return what the files import that neither Python, the project nor the course's packages hold, with the files."""
    own = {name.partition("/")[0].removesuffix(".py") for name in sources}
    packages, known = importlib.metadata.packages_distributions(), set(pinned)
    found: dict[str, list[str]] = {}
    for file, source in sources.items():
        for name in sorted(imported_names(source) - own - sys.stdlib_module_names):
            distributions = {one.lower().replace("_", "-") for one in packages.get(name, [])}
            if known and not distributions & known:
                found.setdefault(name, []).append(file)
    return found


def newer_syntax(source: bytes, oldest: tuple[int, int]) -> str:
    """Return what in a module a Python as old as `oldest` doesn't read; "" if it reads all, or no Python does."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    try:
        ast.parse(source, feature_version=oldest)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    return _newer_quotes(source) if oldest < (3, 12) <= sys.version_info[:2] else ""


def _newer_quotes(source: bytes) -> str:
    """Return where an f-string holds its own quotes, a backslash or a comment, which Python 3.11 doesn't read."""
    starts = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")}
    ends = {getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")}
    middle = {getattr(tokenize, name, -1) for name in ("FSTRING_MIDDLE", "TSTRING_MIDDLE")}
    around: list[str] = []
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            quote = token.string.lstrip("rRbBfFuUtT")
            if around and token.type not in middle | ends:
                is_same = token.type in {tokenize.STRING, *starts} and quote[: len(around[-1])] == around[-1]
                is_same = is_same or (token.type in {tokenize.STRING, *starts} and quote[:1] == around[-1])
                if is_same or token.type == tokenize.COMMENT or "\\" in token.string:
                    return f"line {token.start[0]}: quotes, a backslash or a comment inside an f-string's braces"
            if token.type in starts:
                around.append(quote)
            elif token.type in ends and around:
                around.pop()
    except (tokenize.TokenError, SyntaxError):
        pass
    return ""


def _bytes(file: Path) -> bytes:
    try:
        is_plain = file.is_file() and not file.is_symlink()  # a pipe would never end
        return file.read_bytes() if is_plain and file.stat().st_size < LONGEST else b""
    except OSError:
        return b""
