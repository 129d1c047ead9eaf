"""Planting files that Python, pytest or the grader would load by their names."""

from .attack import Project, attack

# Runs on the trusted side, if anything of it runs there: leaves a file that the suite then finds.
TOUCH = "from pathlib import Path\n\nPath({trap!r}, {name!r}).touch()\n"
HOOKS = """
import os


def pytest_runtest_makereport(item, call):
    call.excinfo = None


def pytest_pyfunc_call(pyfuncitem):
    return True


def pytest_sessionfinish(session):
    session.exitstatus = 0
    os._exit(0)
"""


def touching(project: Project, name: str) -> str:
    return TOUCH.format(trap=str(project.bait.trap), name=name.replace("/", "-"))


@attack("no credit", base="starter")
def conftest(project: Project) -> None:
    """Plant a conftest.py that lets every test pass, at the top, beside the app and beside its tests."""
    for folder in ("", "app/", "tests/", "exercises/count/", "hidden/"):
        name = f"{folder}conftest.py"
        project.write(name, touching(project, name) + HOOKS)


@attack("no credit", base="starter")
def settings(project: Project) -> None:
    """Plant settings for pytest under each name that it looks for, which load a plugin and deselect all tests."""
    project.write("planted.py", touching(project, "planted") + HOOKS)
    options = "addopts = -p planted --co -k nothing\npython_files = *.none\n"
    for name, section in {"pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}.items():
        project.write(name, f"[{section}]\n{options}")
    project.write(".pytest.ini", f"[pytest]\n{options}")
    project.write("pyproject.toml", '[tool.pytest.ini_options]\naddopts = ["-p", "planted", "--co"]\n')
    project.write(".env", "PYTEST_ADDOPTS=-p planted --co\nPYTHONPATH=.\nPYTEST_PLUGINS=planted\n")


@attack("no credit", base="starter")
def customizations(project: Project) -> None:
    """Plant modules that Python loads by itself when it starts."""
    for name in ("sitecustomize.py", "usercustomize.py", "app/sitecustomize.py", "__main__.py", "__init__.py"):
        project.write(name, touching(project, name) + HOOKS)
    project.write("planted.pth", f"import os; open({str(project.bait.trap / 'pth')!r}, 'w')\n")
    project.write("pyvenv.cfg", "home = .\ninclude-system-site-packages = true\n")
    project.write("python3", "#!/bin/sh\ntouch planted\n")


@attack("no credit", base="starter")
def entry_points(project: Project) -> None:
    """Plant a distribution whose entry point is a plugin of pytest."""
    for folder in ("", "app/"):
        about = f"{folder}planted-1.0.dist-info"
        project.write(f"{about}/METADATA", "Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
        project.write(f"{about}/entry_points.txt", "[pytest11]\nplanted = planted\n")
        project.write(f"{about}/RECORD", "planted.py,,\n")
        project.write(f"{folder}planted.py", touching(project, "entry-point") + HOOKS)


@attack("no credit", "hides the package workbook", base="starter")
def our_package(project: Project) -> None:
    """Plant a package with the name of the grader's own."""
    project.write("workbook/__init__.py", touching(project, "workbook"))
    project.write("workbook/plugin/__init__.py", HOOKS)
    project.write("workbook/serving/child.py", touching(project, "child"))


@attack("no credit", "hides the package pytest", base="starter")
def a_testing_library(project: Project) -> None:
    """Plant a module with the name of the library that runs the tests."""
    project.write("pytest.py", touching(project, "pytest") + HOOKS)


@attack("no credit", "hides the package json", base="starter")
def a_standard_module(project: Project) -> None:
    """Plant a module with the name of one of Python's own."""
    project.write("json.py", touching(project, "json") + "loads = dumps = lambda *_, **__: True\n")


@attack("no credit", base="starter")
def modules_in_the_app(project: Project) -> None:
    """Plant modules with such names inside the app's package, and put that in front of all others."""
    for name in ("httpx", "pytest", "workbook", "socket", "sitecustomize", "_pytest"):
        project.write(f"app/{name}.py", touching(project, f"app-{name}") + HOOKS)
    project.begin("""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
for name in list(sys.modules):
    if name.startswith(("workbook", "httpx", "pytest")):
        del sys.modules[name]
""")


@attack("no credit", base="starter")
def tests_of_its_own(project: Project) -> None:
    """Hand in tests with the names of ours, which pass."""
    kept = "def test_counts_books():\n    pass\n\n\ndef test_counts_by_letter():\n    pass\n"
    for name in ("test_count.py", "tests/test_count.py", "exercises/count/test_count.py",
                 "exercises/count/hidden/test_count_hidden.py", "hidden/test_count_hidden.py"):  # fmt: skip
        project.write(name, touching(project, name) + kept)
    project.write("exercises/count/grading.toml", "[points]\ntest_starts = 100\n")
    project.write("workbook.toml", 'title = "Mine"\n')


@attack("no credit", base="starter")
def stale_bytecode(project: Project) -> None:
    """Hand in bytecode with the names of a conftest, the app's main.py and json, and a native module."""
    for name in ("__pycache__/conftest.cpython-311.pyc", "app/__pycache__/main.cpython-311.pyc", "json.pyc"):
        project.write(name, b"\xa7\r\r\n" + bytes(12) + b"\xe3" + bytes(64))
    project.write("app/native.cpython-311-x86_64-linux-gnu.so", b"\x7fELF" + bytes(60))
    project.begin("try:\n    from . import native\nexcept ImportError:\n    pass\n")
