"""`workbook read`: a lesson in the terminal, whose answers wait at its end."""

from workbook.cli.read import unfolded

from ..runners import Workbook

LESSON = """# Hello

<!-- facts -->
Stage 1 of 2
<!-- end -->

<details>
<summary>Why?</summary>

Because.

</details>

Text.

<!-- play -->

<details>
<summary>How it works</summary>

<!-- promises deeper -->
- One.
<!-- end -->

</details>
"""


def test_answers_come_at_the_end() -> None:
    """A folded answer comes at the end of the lesson, another folded part under its heading, and no comment is left."""
    assert unfolded(LESSON) == (
        "# Hello\n\nStage 1 of 2\n\n- Why?\n\nText.\n\n\n### How it works\n\n- One.\n\n"
        "## Answers\n\n**Why?**\n\nBecause.\n"
    )
    assert unfolded("# Hello\n\nText.\n") == "# Hello\n\nText.\n"


def test_a_lesson_is_shown(workbook: Workbook) -> None:
    """`workbook read` shows a step's README without its marks."""
    (workbook.root / "stages/01-hello/README.md").write_text(LESSON, encoding="utf-8")

    ended = workbook("read", "hello")

    assert (ended.status, ended.err) == (0, "")
    assert ended.out.rstrip("\n") == unfolded(LESSON).rstrip("\n")
