"""The house is as workbook/README.md draws it: which folder may import from which, and what things are called."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest

from .test_repo import ROOT

HOUSE = ROOT / "workbook"
MAP = (HOUSE / "README.md").read_text(encoding="utf-8") if (HOUSE / "README.md").exists() else ""
# From the bottom up: a folder imports from those before it, and from nowhere else.
FLOORS = [
    ("errors", "journal", "wording", "folders", "open_files"),
    ("course",),
    ("serving",),
    ("sandbox",),
    ("submissions",),
    ("plugin",),
    ("conformance",),
    ("testrun",),
    ("learner",),
    ("grader",),
    ("report",),
    ("authoring",),
    ("playground",),
    ("site",),
    ("cli",),
    ("__init__", "__main__"),
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# These run elsewhere: attacks in a sandbox, a test of the sandbox inside it, Python in the reader's browser.
ELSEWHERE = ("authoring/attacks/code", "sandbox/selftest_app", "playground/inside")
# What the docstring of a function may start with. Add a verb that is missing, in the imperative.
VERBS = """
add allow append apply ask become begin bind blame block calculate call change check compare connect copy
declare delete do draw end
enter exit fail fork give grade hand hold import keep leave let limit list load look make mark move note open pass
plant prepare print prove put queue raise read record refuse register remove report resolve return run say see send
serve set share show sort split start stop supervise take try type unpack use wait watch write yield
"""
# What the standard library learned in a later 3.11, which type checkers know and Debian's 3.11.2 doesn't.
NOT_IN_3_11_2 = {
    "extract": "filter",  # of a tar archive; 3.11.4
    "extractall": "filter",
    "getaddresses": "strict",  # 3.11.10
    "parseaddr": "strict",
}


@cache
def modules() -> dict[str, ast.Module]:
    """Return every module of the tool, by its dotted name."""
    found = {}
    for file in sorted(HOUSE.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(file.read_text(encoding="utf-8"))
    return found


def imports(name: str) -> Iterator[str]:
    """Yield the modules of the tool that a module imports, at its top or late, in a function."""
    is_package = (ROOT / name.replace(".", "/") / "__init__.py").exists()
    package = name.split(".") if is_package else name.split(".")[:-1]
    for node in ast.walk(modules()[name]):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found = [one if (one := f"{base}.{alias.name}") in modules() else base for alias in node.names]
        else:
            continue
        yield from (one for one in found if one in modules())


def room_of(name: str) -> str:
    """Return the folder, or the module, directly below workbook/ that a module is in."""
    return name.split(".")[1] if "." in name else "__init__"


def runs_here(name: str) -> bool:
    """Return whether a module runs in the tool's own processes."""
    return not name.replace(".", "/").startswith(tuple(f"workbook/{place}" for place in ELSEWHERE))


def file_of(name: str) -> str:
    """Return a module's file, as a path below the repository's root."""
    place = name.replace(".", "/")
    return f"{place}/__init__.py" if (ROOT / place).is_dir() else f"{place}.py"


def has_other_words(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether it's a property, whose docstring is a noun, or a command, whose docstring is its help text."""
    called = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    return any(
        ast.unparse(one).rpartition(".")[2] in {"property", "cached_property", "command", "group"} for one in called
    )


def test_a_folder_imports_from_those_below_it() -> None:
    """A folder imports only from the folders below it, late imports included."""
    assert {room_of(name) for name in modules()} == set(FLOOR)
    climbing = [
        f"{name} imports {other}"
        for name in modules()
        for other in imports(name)
        if room_of(name) != room_of(other) and FLOOR[room_of(other)] > FLOOR[room_of(name)]
    ]
    assert climbing == []


def test_no_modules_import_each_other() -> None:
    """No imports are circular, late ones included, within a folder or between folders."""
    left = {name: {other for other in imports(name) if other != name} for name in modules()}
    while free := [name for name, needed in left.items() if not needed & left.keys()]:
        for name in free:
            del left[name]
    assert sorted(left) == []


@pytest.mark.parametrize("room", sorted(name for name in FLOOR if (HOUSE / name).is_dir()))
def test_the_map_names_every_folder(room: str) -> None:
    """workbook/README.md has a line for each folder, in the order in which they may import."""
    rooms = re.findall(r"^\| `([a-z]+)/` \|", MAP, re.MULTILINE)
    assert room in rooms
    assert rooms == sorted(rooms, key=FLOOR.__getitem__)


def test_the_map_names_what_there_is() -> None:
    """Every file and folder that workbook/README.md names is there."""
    named = set(re.findall(r"`([\w/]+(?:\.py|/))`", MAP)) - {"work/"}  # that one is the learner's

    assert len(named) > 30
    below = [HOUSE, HOUSE / "sandbox", HOUSE / "playground", HOUSE / "authoring", ROOT]
    assert [name for name in named if not any((folder / name).exists() for folder in below)] == []


def test_the_map_names_functions_that_are_there() -> None:
    """Every “`NAME` in `FILE`” of workbook/README.md is defined in that file."""
    named = re.findall(r"`(?:\w+\.)?(\w+)` in `([\w/]+\.py)`", MAP)

    assert len(named) > 5
    assert [
        f"{file}: {name}"
        for name, file in named
        if not re.search(
            rf"^\s*((async )?def |class )?{name}\b", (HOUSE / file).read_text(encoding="utf-8"), re.MULTILINE
        )
    ] == []


def test_reading_the_course_loads_the_course() -> None:
    """Reading the course loads ten modules of ours or fewer."""
    loaded, left = set(), ["workbook.course.model"]
    while left:
        name = left.pop()
        if name in loaded:
            continue
        loaded |= {name}
        left += [name.rpartition(".")[0]] if name.rpartition(".")[0] in modules() else []
        left += imports(name) if name != "workbook" else []  # what it has, it imports when it is asked for
    assert len(loaded) <= 10, sorted(loaded)


def test_no_two_public_names_are_alike() -> None:
    """No two public classes or functions share a name, except `main`, which every program has."""
    places = defaultdict(list)
    for name, tree in modules().items():
        if runs_here(name):
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
                    places[node.name].append(name)
    assert {called: where for called, where in places.items() if len(where) > 1 and called != "main"} == {}


def test_no_local_hides_a_function() -> None:
    """No variable has the name of a function of its module, or of one that its module imports."""
    hiding = []
    for name, tree in modules().items():
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        imported = (node for node in tree.body if isinstance(node, ast.ImportFrom))
        functions |= {alias.asname or alias.name for node in imported for alias in node.names}
        hiding += [
            f"{file_of(name)}:{node.lineno} {node.id}"
            for function in ast.walk(tree)
            if runs_here(name) and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in functions
        ]
    assert hiding == []


def test_every_module_says_what_is_in_it() -> None:
    """Every module of the tool has a docstring."""
    assert [name for name, tree in modules().items() if runs_here(name) and not ast.get_docstring(tree)] == []


def test_no_module_is_longer_than_a_sitting() -> None:
    """A module has 300 lines at most; one that grows beyond that has two ideas."""
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in HOUSE.rglob("*.py")}
    assert {str(file): length for file, length in lengths.items() if length > 300} == {}


def test_every_database_is_closed() -> None:
    """`with sqlite3.connect(…)` commits and doesn't close; from Python 3.13 on that's a warning in a later test."""
    sources = [*HOUSE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    opened = re.compile(r"^ *with sqlite3[.]connect", re.MULTILINE)
    assert [str(file) for file in sources if opened.search(file.read_text(encoding="utf-8"))] == []


def test_a_function_says_what_it_does() -> None:
    """A function's docstring starts with a verb in the imperative: “Return”, not “Returns” or “The”."""
    functions = [
        (f"{file_of(name)}:{node.lineno} {node.name}", docstring.split()[0])
        for name, tree in modules().items()
        if runs_here(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not has_other_words(node)
        if (docstring := ast.get_docstring(node))
    ]
    assert len(functions) > 500
    verbs = set(VERBS.split())
    assert [f"{place} {word}" for place, word in functions if word.strip(".,:;").lower() not in verbs] == []


@pytest.mark.parametrize("folder", ["workbook", "stages", "final", "exercises", "tests", "benchmarks"])
def test_the_first_python_3_11_is_enough(folder: str) -> None:
    for file in sorted((ROOT / folder).rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                newer = NOT_IN_3_11_2.get(name)
                passed = [word.arg for word in call.keywords]
                assert newer is None or newer not in passed, f"{file}:{call.lineno}"
