"""Texts that could act where the report is read: on the reader, in a terminal, a browser or a spreadsheet."""

from .attack import Project, add_attacks, attack

add_attacks(
    "texts",
    "answers",
    "no credit",
    dict.fromkeys(("in_a_body", "in_json", "in_a_log", "very_long", "of_the_grader"), ""),
)


@attack("no credit", "couldn't be imported")
def in_an_exception(project: Project) -> None:
    """Fail at the import, with a message of escape sequences, HTML and a formula."""
    project.hostile("texts")
    project.end("from . import hostile\n\nraise RuntimeError(hostile.ALL)")


@attack("no credit", "syntax error")
def in_a_syntax_error(project: Project) -> None:
    """Put escape sequences, HTML and a formula into a line that the compiler quotes."""
    project.end("oops = '\x1b[2J</pre><script>alert(1)</script>'' \u202e=1+1")


@attack("honest")
def in_names_of_files(project: Project) -> None:
    """Put HTML, a formula and the words of a command into the names of files."""
    for name in ("app/<img src=x onerror=alert(1)>.py", "app/=1+1.py", "app/-rf", "app/$(touch x) `x` ; x.py"):
        project.write(name, "raise SystemExit\n")


@attack("no credit", "name in it that no project needs")
def in_unprintable_names(project: Project) -> None:
    """Put escape sequences and text that is turned round into the names of files."""
    for name in ("app/\x1b[2J\r.py", "app/\u202eyp.evil.py"):
        project.write(name, "raise SystemExit\n")
