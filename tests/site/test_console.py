"""Transcripts: which output counts as the same, how a difference is shown, what's filled in again."""

import re
from pathlib import Path

import pytest
from markdown import markdown

from workbook.site import transcripts
from workbook.site.console import blocks_of, difference, matches, renewed, without_refusals
from workbook.site.console_html import whole_commands

from .pages import ROOT, needs_curl

PAGE = """---
serve: 02-middleware
---

# Try

```console
$ echo one; \\
    echo two
one
two
$ NAME=ada
$ echo "$NAME"
WRONG
```

``` { .console .no-run }
$ exit 1
```

??? note "Folded"
    ```console
    $ curl http://127.0.0.1:8000/order
    ```

``` { .console .log }
```

```console
$ printf 'no end of line'
$ false
$ uv run python -c 'print(7)'
```
"""
HEREDOC = """```console
$ cat > names.txt <<END
> Ada
>
>   <Grace> & co
> END
$ cat names.txt
Ada

  <Grace> & co
$ echo a; \\
> echo '> b'
a
> b
$ printf '\\n> c\\n'

> c
```
"""


def test_blocks_are_read() -> None:
    """In a block, commands (even of several lines), their expected output and what isn't run are distinguished."""
    first, shown, folded, log, last = blocks_of(PAGE)

    assert [(one.text, one.expected) for one in first.commands] == [
        ("echo one; \\\n    echo two", ("one", "two")),
        ("NAME=ada", ()),
        ('echo "$NAME"', ("WRONG",)),
    ]
    assert [block.runs for block in (first, shown, folded, log, last)] == [True, False, True, True, True]
    assert (folded.commands[0].text, folded.commands[0].indent) == ("curl http://127.0.0.1:8000/order", "    ")
    assert (log.shows, len(last.commands)) == ("errors", 3)


def test_a_command_may_have_lines_of_its_own() -> None:
    """What follows a second prompt belongs to the command, even an empty line; quoted output doesn't."""
    (block,) = blocks_of(HEREDOC)
    assert [(one.text, one.expected) for one in block.commands] == [
        ("cat > names.txt <<END\nAda\n\n  <Grace> & co\nEND", ()),
        ("cat names.txt", ("Ada", "", "  <Grace> & co")),
        ("echo a; \\\necho '> b'", ("a", "> b")),
        ("printf '\\n> c\\n'", ("", "> c")),
    ]


def test_lines_of_a_command_are_typed_and_hold(tmp_path: Path) -> None:
    """A command of several lines is typed whole into the shell, and prints what the page says."""
    page = tmp_path / "try.md"
    page.write_text(HEREDOC, encoding="utf-8")
    assert transcripts.compare_transcripts(ROOT, page) == ""


def test_lines_of_a_command_look_typed() -> None:
    """In the page's HTML, each command line is a prompt and its text; outputs and other blocks stay."""
    extensions = ["pymdownx.highlight", "pymdownx.superfences"]
    options = {"pymdownx.highlight": {"pygments_lang_class": True}}
    made = markdown(f"{HEREDOC}\n```text\n> quoted\n```\n", extensions=extensions, extension_configs=options)
    assert '<span class="go">&gt; Ada</span>' in made, "Pygments has learned it: workbook/site/console_html.py can go"

    lines = whole_commands(made).splitlines()

    typed = [re.sub(r"<[^>]+>", "", line) for line in lines if '<span class="gp">' in line]
    assert typed == [
        "$ cat &gt; names.txt &lt;&lt;END",
        "&gt; Ada",
        "&gt;",
        "&gt;   &lt;Grace&gt; &amp; co",
        "&gt; END",
        "$ cat names.txt",
        "$ echo a; \\",
        "&gt; echo '&gt; b'",
        "$ printf '\\n&gt; c\\n'",
    ]
    said = [re.sub(r"<[^>]+>", "", line) for line in lines if '<span class="go">' in line]
    assert said == ["Ada", "  &lt;Grace&gt; &amp; co", "a", "&gt; b", "&gt; c"]
    assert (
        whole_commands('<code><span class="go">&gt; x</span></code>') == '<code><span class="go">&gt; x</span></code>'
    )


@pytest.mark.parametrize(
    "expected, actual, same",
    [
        (["a"], ["a"], True),
        (["a"], ["b"], False),
        (["a"], ["a", "b"], False),
        (["a", "b"], ["a"], False),
        (["a…c"], ["abc"], True),
        (["a…c"], ["ab"], False),
        (["…"], [], True),
        (["…", "z"], ["a", "b", "z"], True),
        (["a", "…", "z"], ["a", "z"], True),
        (["a", "…", "z"], ["a", "b"], False),
        (["a.c"], ["abc"], False),
        ([], [], True),
        ([], ["a"], False),
    ],
)
def test_what_is_the_same(expected: list[str], actual: list[str], same: bool) -> None:
    """`…` matches anything within a line, a line of it matches any lines, and nothing more matches anything."""
    assert matches(expected, actual) is same


@pytest.mark.parametrize("refused", [0, 1, 3])
def test_a_wait_for_the_app_leaves_no_trace(refused: int) -> None:
    """How often curl was refused before the app was up isn't compared; any other refusal is."""
    refusals = ["curl: (7) Failed to connect to 127.0.0.1 port 8005 after 0 ms: Couldn't connect to server"] * refused

    assert without_refusals("curl --retry 60 --retry-connrefused -i x", [*refusals, "HTTP/1.1 200 OK"]) == [
        "HTTP/1.1 200 OK"
    ]
    assert without_refusals("curl -i x", refusals) == refusals


def test_a_difference_is_told() -> None:
    """A difference shows only lines that differ, not those that `…` matches."""
    said = difference(["date: …", "a"], ["date: today", "b"]).splitlines()

    assert [line for line in said if line[0] in "+-" and not line.startswith(("+++", "---"))] == ["-a", "+b"]


def test_what_matches_is_kept() -> None:
    """Filling in a page keeps its `…`, and puts one wherever the output changes from run to run."""
    assert renewed(["a", "…"], ["a", "b", "c"]) == ["a", "…"]
    assert renewed(["date: …", "x: …", "a"], ["date: now", "x: 1", "b"]) == ["date: …", "x: …", "b"]
    assert renewed([], ["date: Sun, 22 Nov", "x-process-time: 1.25ms"]) == ["date: …", "x-process-time: …ms"]


@pytest.mark.exhaustive(of="suite")
@needs_curl
def test_a_page_is_filled_in_and_then_holds(tmp_path: Path) -> None:
    """A page that's filled in shows what its commands print; before that, each wrong line was named."""
    page = tmp_path / "try.md"
    page.write_text(PAGE, encoding="utf-8")

    wrong = transcripts.compare_transcripts(ROOT, page)
    assert '$NAME"\n--- the page\n+++ what came\n@@ -1 +1 @@\n-WRONG\n+ada' in wrong
    assert "no end of line" in wrong

    page.write_text(transcripts.written(ROOT, page), encoding="utf-8")
    text = page.read_text(encoding="utf-8")
    assert transcripts.compare_transcripts(ROOT, page) == ""
    assert '$ echo "$NAME"\nada\n' in text
    assert '/order\n    ["last in","first in","route"]\n    ```' in text
    assert "GET /order 200" in text.partition(".log }\n")[2].partition("```")[0]
    assert text.endswith("$ printf 'no end of line'\nno end of line\n$ false\n$ uv run python -c 'print(7)'\n7\n```\n")


def test_nothing_is_changed_in_the_course(tmp_path: Path) -> None:
    """Commands run on a copy, so they don't change the course."""
    page = tmp_path / "try.md"
    page.write_text("```console\n$ uv run workbook start 01\n$ rm -r stages; ls\n```\n", encoding="utf-8")

    text = transcripts.written(ROOT, page)

    assert "work/01-cors" in text
    assert text.splitlines()[-6:] == ["exercises", "final", "pyproject.toml", "work", "workbook.toml", "```"]
    assert (ROOT / "stages" / "01-cors" / "main.py").is_file()
