"""The named parts of an app, its functions, classes and values: one line on each, read without running it."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "api_route", "websocket")
SHORT = 48  # characters: a value that isn't longer is shown the way it's written


@dataclass(frozen=True)
class Part:
    """A part that a module names, or a whole file that isn't Python. Its description, `told`, is Markdown."""

    name: str
    file: str
    label: str
    told: str
    lines: tuple[str, ...]


def docstring(text: str) -> str:
    """Return the first paragraph of a module's docstring, ready for a table; "" for what isn't Python."""
    try:
        return _paragraph(ast.parse(text))
    except SyntaxError:
        return ""


def parts_of(files: Mapping[str, str]) -> list[Part]:
    """Return every part of the files, in their order."""
    read = [(file, text, ast.parse(text)) for file, text in files.items() if file.endswith(".py")]
    nodes = [node for _, _, module in read for node in module.body if _names(node)]
    found = [_part(file, text, node, _prefix(module), nodes) for file, text, module in read for node in module.body]
    whole = [
        Part(file, file, file, f"{len(lines)} lines", tuple(lines))
        for file, text in files.items()
        if not file.endswith(".py") and (lines := text.splitlines())
    ]
    return [part for part in found if part] + whole


def imported(files: Mapping[str, str]) -> dict[str, set[str]]:
    """Return what the modules import from elsewhere, by where it comes from; the app's own modules are left out."""
    found: dict[str, set[str]] = {}
    for file, text in files.items():
        for node in ast.walk(ast.parse(text)) if file.endswith(".py") else ():
            match node:
                case ast.ImportFrom(module=str(module), level=0):
                    found.setdefault(_package(module), set()).update(alias.name for alias in node.names)
                case ast.Import():
                    for alias in node.names:
                        found.setdefault(_package(alias.name), set())
    return found


def _package(module: str) -> str:
    """Return the name of the package to install; of Python's own, the module's."""
    package = module.partition(".")[0]
    return module if package in sys.stdlib_module_names else package


def _part(file: str, text: str, node: ast.stmt, prefix: str, nodes: list[ast.stmt]) -> Part | None:
    names = _names(node)
    if not names:
        return None
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    lines = tuple(text.splitlines()[first - 1 : node.end_lineno])
    told = " ".join(one for one in _told(node, prefix, nodes) if one)
    return Part(", ".join(names), file, _label(node, names), told, lines)


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [] if name.startswith("__") else [name]
        case ast.Assign(targets=[ast.Tuple(elts=names)]):
            return [name.id for name in names if isinstance(name, ast.Name)]
    return []


def _label(node: ast.stmt, names: list[str]) -> str:
    match node:
        case ast.FunctionDef(args=arguments) | ast.AsyncFunctionDef(args=arguments):
            taken = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
            taken += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
            taken += [one.arg for one in arguments.kwonlyargs]
            taken += [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
            return f"{names[0]}({', '.join(taken)})"
        case ast.ClassDef(bases=bases):
            return f"class {names[0]}" + (f"({', '.join(map(ast.unparse, bases))})" if bases else "")
    return ", ".join(names)


def _told(node: ast.stmt, prefix: str, nodes: list[ast.stmt]) -> Iterator[str]:
    """Yield what the part says about itself; otherwise its route, value or kind, and what uses it."""
    match node:
        case ast.ClassDef():
            yield _paragraph(node) or _listed("Holds", _fields(node)) or _listed("Used by", _users(node, nodes))
        case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
            routes = [route for decorator in decorators if (route := _route(decorator, prefix))]
            others = [f"@{ast.unparse(one)}" for one in decorators if not _route(one, prefix)]
            yield _listed("Answers", routes)
            yield _paragraph(node) or ("" if routes else _listed("Used by", _users(node, nodes)))
            yield _listed("Under", others)
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            yield _value(value) or _listed("Used by", _users(node, nodes))


def _value(value: ast.expr) -> str:
    written = ast.unparse(value)
    if len(written) <= SHORT:
        return f"`{written}`"
    match value:
        case ast.Call(func=function):
            return f"`{ast.unparse(function)}(…)`"
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[kind, *_])):
            return f"`{ast.unparse(kind)}`, with its rules"
    return ""


def _route(decorator: ast.expr, prefix: str) -> str:
    match decorator:
        case ast.Call(func=ast.Attribute(attr=method), args=[ast.Constant(value=str(path)), *_]) if method in _METHODS:
            return f"{method.upper()} {prefix}{path}"
        case ast.Call(func=ast.Attribute(attr="exception_handler"), args=[error]):
            return ast.unparse(error)
    return ""


def _prefix(module: ast.Module) -> str:
    """Return the prefix of the routes of a module's router."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "APIRouter":
            for keyword in node.keywords:
                if keyword.arg == "prefix" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return ""


def _fields(node: ast.ClassDef) -> list[str]:
    held = []
    for one in node.body:
        match one:
            case ast.AnnAssign(target=ast.Name(id=name)):
                held.append(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                held.append(f"{name}()")
    return held


def _users(node: ast.stmt, nodes: list[ast.stmt]) -> list[str]:
    """Return the other parts that use one of its names, also behind a module's name."""
    own = _names(node)
    return [", ".join(_names(other)) for other in nodes if other is not node and _writes(other, own)]


def _writes(node: ast.stmt, names: list[str]) -> bool:
    for one in ast.walk(node):
        match one:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in names:
                return True
    return False


def _listed(word: str, names: list[str]) -> str:
    return f"{word} " + ", ".join(f"`{name}`" for name in names) + "." if names else ""


def _paragraph(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    told = (ast.get_docstring(node) or "").partition("\n\n")[0]
    return " ".join(told.split()).replace("|", "\\|")
