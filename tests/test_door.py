"""What a visitor finds first: whom to write to, how to report a bug, what the project is called."""

from importlib.metadata import version
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def read(name: str) -> dict[str, object]:
    loaded = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_security_says_what_counts_and_where_to_write() -> None:
    """SECURITY.md names the three things that count, and a private way to report them."""
    for words in ("forged mark", "escape", "leaked hidden test", "Report a vulnerability"):
        assert words in SECURITY


def test_the_issue_form_asks_for_doctor() -> None:
    """The issue form asks for what `workbook doctor` prints, and can't be sent without it."""
    fields = {field.get("id"): field for field in read(".github/ISSUE_TEMPLATE/bug.yml")["body"]}  # type: ignore[attr-defined]

    assert "workbook doctor" in fields["doctor"]["attributes"]["label"]
    assert fields["doctor"]["validations"]["required"] is True


def test_the_workflow_only_calls_ci_run() -> None:
    """The hosted workflow runs .ci/run and nothing that .ci/run doesn't know."""
    (job,) = read(".github/workflows/ci.yml")["jobs"].values()  # type: ignore[attr-defined]

    assert job["steps"][-1] == {"run": ".ci/run"}


def test_the_citation_names_todays_version() -> None:
    """CITATION.cff has the version that the package has."""
    assert read("CITATION.cff")["version"] == version("fastapi-workbook")
