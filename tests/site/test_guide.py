"""The instructor's guide says what the product does: its numbers, its messages, the files it shows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from workbook.authoring.attacks import suite
from workbook.authoring.release import MOST_SHARED, hidden_files
from workbook.grader import class_grading, cluster, results, workers
from workbook.grader.file_names import read_name
from workbook.grader.folder import find_submissions
from workbook.grader.identity import identify
from workbook.grader.roster import read_roster
from workbook.plugin import bounds, transport
from workbook.report import FORMATS, marks, words
from workbook.report.attention import attention
from workbook.sandbox import TIERS, launcher, mail, packing
from workbook.sandbox.filter import DENIED
from workbook.sandbox.inside import kernel
from workbook.serving import served
from workbook.site.console import Block, blocks_of, matches
from workbook.submissions.reading import DEPTH, MOST_BYTES, MOST_FILES

from .pages import COURSE, DOCS, ROOT, Written

GUIDE = [Written(path) for path in sorted((DOCS / "instructors").glob("*.md"))]
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "workbook").rglob("*.py")))
EXERCISES = [exercise.name for exercise in COURSE.exercises()]
MIB = 2**20
every_page = pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.path.stem)


def guide(name: str) -> str:
    return (DOCS / "instructors" / f"{name}.md").read_text(encoding="utf-8")


def shown(name: str, title: str) -> str:
    """Return what a page shows under a title, as a file."""
    found = re.search(rf'^( *)```[^\n]*title="{re.escape(title)}"[^\n]*\n(.*?)^ *```$', guide(name), re.M | re.S)
    assert found, title
    return "".join(line.removeprefix(found[1]) for line in found[2].splitlines(keepends=True))


def cells(text: str) -> dict[str, str]:
    """Return the rows of the tables with two columns."""
    return dict(re.findall(r"^ *\| (.+?) \| (.+?) \|$", text, re.MULTILINE))


@every_page
def test_a_message_is_one_that_is_said(page: Written) -> None:
    """Each message that a page explains is one that the workbook really prints, word for word except at `…`."""
    for message in re.findall(r"^### `(.+)`$", page.text, re.MULTILINE):
        parts = [part for part in message.split("…") if part.strip(" .,:")]
        assert parts, message
        assert [part for part in parts if part.strip(" .").lower() not in SOURCES.lower()] == [], message


def test_the_limits_are_those_of_the_code() -> None:
    """Every number in the table of limits is the one that the sandbox, the packer and the client use."""
    limits, (least, most) = launcher.LIMITS, (served.MOST_OF_FILE // MIB, served.MOST_OF_LOG // MIB)
    open_files = re.search(r"RLIMIT_NOFILE: (\d+)", Path(kernel.__file__).read_text(encoding="utf-8"))
    assert open_files
    assert cells(guide("sandbox")).items() >= {
        ("memory", f"{limits['memory'] // MIB:,} MiB of address space"),
        ("processor", f"{limits['cpu']} s for each start of the app"),
        ("threads", f"{limits['threads']}"),
        ("files on disk", f"{launcher.DISK // MIB} MiB and {launcher.INODES:,} files in memory, gone at the end"),
        ("one file", f"{limits['file_size'] // MIB} MiB"),
        ("open files", open_files[1]),
        (
            "the project itself",
            f"{packing.MOST_BYTES // MIB} MiB and {packing.MOST_FILES:,} files; "
            f"a zip {MOST_BYTES // MIB} MiB and {MOST_FILES:,} entries",
        ),
        ("mail to the tests' mailbox", f"{mail.MOST_BYTES // MIB} MiB"),
        ("one response", f"{bounds.MOST_OF_RESPONSE // MIB} MiB and {transport.MOST_SECONDS:g} s"),
        ("a log that the grader reads", f"{most} MiB; of a stored file {least} MiB"),
        (
            "all tests of one exercise",
            f"{class_grading.LIMIT:g} s, with a second run if something is red; `--limit` changes it",
        ),
    }
    assert [what for what in TIERS.values() if f"| {what} |" not in guide("sandbox")] == []
    assert {"execve", "fork", "shmget", "mq_open", "ptrace", "keyctl", "bpf"} <= set(DENIED)
    assert len(suite.all_attacks()) > 100


def test_the_other_numbers_are_those_of_the_code() -> None:
    """What the guide says about sizes, tries and shares is what the code does."""
    assert f"larger than {MOST_BYTES // MIB} MiB, or holds more than {MOST_FILES:,} files" in guide("collect")
    assert "at most two folders deep" in guide("collect")
    assert DEPTH == 2
    assert "more than four telling lines" in guide("release")
    assert MOST_SHARED == 4
    assert "up to four times" in guide("many-machines")
    assert workers.TRIES == 4
    assert "waited for a minute" in guide("many-machines")
    assert cluster.FOR_WORKERS == 60
    assert f"without it {class_grading.LIMIT:g}" in guide("grade")
    reports = " ".join(guide("reports").split())
    assert f"{marks.NEARLY_ALL:.0%}".replace("%", " %") + " or more" in reports
    assert f"{marks.NEARLY_NONE:.0%}".replace("%", " %") + " or fewer" in reports
    assert "fewer than ten" in reports
    assert marks.FEWEST == 10


def test_every_format_and_every_group_is_explained() -> None:
    """The page on reports explains each format's file and each group of what needs a look."""
    text = guide("reports")
    files = {
        "csv": "marks.csv",
        "canvas": "canvas.csv",
        "moodle": "moodle-NAME.csv",
        "feedback": "feedback-canvas-NAME.zip",
        "gradescope": "gradescope/",
        "classroom50": "classroom50/",
        "junit": "junit.xml",
        "html": "index.html",
    }
    assert set(files) == set(FORMATS)
    assert [file for file in files.values() if f"`{file}`" not in text] == []

    code = Path(attention.__code__.co_filename).read_text(encoding="utf-8")
    groups = [*re.findall(r'Group\(\s*"([^"]+)"', code), *results.CAUSES.values(), words.UNDECIDED.capitalize()]
    assert len(groups) == 11 + len(results.CAUSES) + 1
    assert [group for group in groups if group.lower() not in text.lower()] == []
    pressing = re.findall(r'Group\(\s*"([^"]+)"(?:(?!Group\().)*?pressing=True', code, re.DOTALL)
    assert {*pressing, *results.CAUSES.values()} <= cells(text).keys() | set(re.findall(r"^\| ([^|]+) \|", text, re.M))
    assert [said for _, said, _ in words.OUTCOMES.values() if f"| {said.lower()} |" not in text] == []


@pytest.mark.parametrize(
    "name, told",
    [
        ("lovelaceada_LATE_4711_90125_avatar-1.zip", ("canvas", "4711", "avatar", 90125)),
        ("Ada Lovelace_1234567_assignsubmission_file_", ("moodle", "1234567", "", 0)),
        ("avatar-2026-11-22-174501.zip", ("", "avatar-2026-11-22-174501", "avatar", 0)),
        ("s1-avatar.zip", ("", "s1", "avatar", 0)),
        ("avatar_Ada Lovelace.zip", ("", "Ada Lovelace", "avatar", 0)),
        ("s1.zip", ("", "s1", "", 0)),
    ],
)
def test_names_are_read_as_the_guide_says(name: str, told: tuple[str, str, str, int]) -> None:
    """Each name in the guide's table of names is read as the table says."""
    assert f"`{name}" in guide("collect")

    found = read_name(name, EXERCISES)

    assert (found.lms, found.learner, found.exercise, found.order) == told


def test_the_roster_of_the_guide_is_one(tmp_path: Path) -> None:
    """The guide's roster can be read, and a stranger's file is reported as the guide shows."""
    file = tmp_path / "roster.csv"
    file.write_text(shown("collect", "../roster.csv"), encoding="utf-8")
    ada, grace = read_roster(file)
    assert (ada.id, grace.email, grace.lms) == ("s1", "grace@example.edu", {"canvas": "1002"})

    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "eve_99_9_avatar.zip").touch()
    (folder / "notes.txt").touch()
    found = identify(find_submissions([folder], EXERCISES), [ada, grace], ["avatar"], all_exercises=False)

    said = " ".join(guide("collect").split())
    assert [f"{one['file']}: {one['why']}" for one in found.unmatched if f"{one['file']}: {one['why']}" in said] == [
        f"{one['file']}: {one['why']}" for one in found.unmatched
    ]
    assert len(found.unmatched) == 2


def block(name: str, begin: str) -> Block:
    return next(one for one in blocks_of(guide(name)) if one.commands[0].text.startswith(begin))


@pytest.mark.skipif(not hidden_files(ROOT), reason="a learner edition has nothing hidden to release without")
def test_a_release_says_what_the_guide_shows(tmp_path: Path) -> None:
    """`workbook author release` prints what the guide shows."""
    (command,) = block("release", "uv run workbook author release").commands
    target = tmp_path / "edition"
    asked = [sys.executable, "-m", "workbook", "release", str(target)]
    ended = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)

    lines = " ".join(ended.stdout.split()).replace(str(target), "../edition")
    assert matches(" ".join(command.expected).replace(" … ", "…").splitlines(), [lines]), lines


def test_manifests_and_workflows_are_yaml() -> None:
    """The workflow and the manifest are YAML, and the commands in them exist with those options."""
    workflow = yaml.safe_load(shown("lms", ".github/workflows/check.yml"))
    commands = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    assert commands == ["uv run workbook check avatar --submission work/final"]

    pod = yaml.safe_load(shown("many-machines", "workers.yaml"))["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    words = [*container["command"][1:], *container["args"]]
    helped = subprocess.run(
        [sys.executable, "-m", "dask", "worker", "--help"], capture_output=True, text=True, check=True
    )
    batch = shown("many-machines", "grade.sbatch")
    options = {
        word for word in [*words, *batch.partition("dask worker")[2].partition("&")[0].split()] if word[:2] == "--"
    }
    assert words[0] == "worker"
    assert options - set(re.findall(r"--[a-z-]+", helped.stdout)) == set()
    assert subprocess.run(["bash", "-n"], input=batch, text=True).returncode == 0
