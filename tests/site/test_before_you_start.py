"""Before you start: six questions whose answers are what the snippets really print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "before-you-start.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^## (.+?)\n(.+?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)


def test_there_are_six() -> None:
    """There are six questions, each with a snippet, an answer and a primer of 60 to 120 words."""
    assert len(QUESTIONS) == 6
    for title, text in QUESTIONS:
        assert re.findall(r'^\?{3} (\w+) "(?:Answer|Primer)', text, re.MULTILINE) == ["question", "info"], title
        primer = text.partition('"Primer')[2].partition("\n")[2]
        assert 60 <= len(primer.split()) <= 120, (title, len(primer.split()))


@pytest.mark.parametrize("title, text", QUESTIONS, ids=[title for title, _ in QUESTIONS])
def test_the_answer_is_what_is_printed(title: str, text: str) -> None:
    """A snippet of at most 15 lines prints exactly what the folded answer says."""
    (snippet,) = re.findall(r"^```python\n(.+?)^```", text, re.MULTILINE | re.DOTALL)
    (answer,) = re.findall(r"^    ```text\n(.+?)^    ```", text, re.MULTILINE | re.DOTALL)
    assert len([line for line in snippet.splitlines() if line]) <= 15
    ran = subprocess.run([sys.executable, "-W", "error", "-c", snippet], capture_output=True, text=True, timeout=30)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [line.removeprefix("    ") for line in answer.splitlines()]
