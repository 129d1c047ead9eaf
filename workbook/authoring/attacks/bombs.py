"""Bombs, which take all there is of something."""

from .attack import Project, add_attacks, attack

NO_MEMORY = "MemoryError|Cannot allocate|not permitted|no response|ended|disconnected"
NO_SPACE = "No space left|Disk quota|too large|OSError|ended|disconnected"
LATE = "out of time|timed out|no response|too long|not answer|seconds"

add_attacks(
    "bombs",
    "explodes",
    "no credit",
    {
        "memory": NO_MEMORY,
        "shared_memory": NO_MEMORY,
        "memory_files": "not permitted",
        "system_v_memory": "not permitted",
        "disk": NO_SPACE,
        "temporary_files": NO_SPACE,
        "dev_shm": "No such file|not permitted|Permission|Read-only|No space",
        "one_file": "too large|No space|ended|disconnected",
        "small_files": NO_SPACE,
        "processes": "not permitted|temporarily unavailable",
        "programs": "not permitted|temporarily unavailable",
        "threads": "can't start new thread|MemoryError|ended",
        "descriptors": "Too many open files",
        "descriptors_in_flight": "",
        "log": "",
    },
)
add_attacks(
    "bombs",
    "explodes",
    "no credit",
    {"processor": LATE, "processors": "", "pattern": LATE, "stack": "", "sleeping_loop": ""},
    endless=True,
)


@attack("no credit", "hadn't started|out of time", endless=True)
def endless_import(project: Project) -> None:
    """Calculate at the import without end, so that the app is never reached."""
    project.begin("while True:\n    pass")


@attack("no credit", "hadn't started|out of time", endless=True)
def endless_import_in_c(project: Project) -> None:
    """Calculate at the import in one C function that never releases the interpreter's lock."""
    project.begin("import re\n\nre.match(r'(x+x+)+y', 'x' * 40)")


@attack("no credit", endless=True)
def huge_source(project: Project) -> None:
    """Hand in a file of 4 MiB that the compiler doesn't get to the end of."""
    project.write("app/config.py", "SHELF = " + "+".join(["(" * 80 + "1" + ")" * 80] * 25_000) + "\n")


@attack("no credit")
def nested_source(project: Project) -> None:
    """Hand in a file whose brackets are nested deeper than the parser's stack."""
    project.write("app/config.py", "SHELF = " + "(" * 100_000 + ")" * 100_000 + "\n")
