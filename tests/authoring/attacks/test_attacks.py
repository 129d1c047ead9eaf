# hidden-from-learners-3b9f51c2
"""Hostile submissions, through the real grader, in each tier of its sandbox: they gain nothing and harm no one."""

import ast
from collections import Counter

import pytest

from workbook.authoring.attacks import suite
from workbook.authoring.attacks.attack import CODE
from workbook.authoring.attacks.grading import UNSAFE
from workbook.errors import UserError
from workbook.sandbox import TIERS

from ...shared import found_once

ATTACKS = {attack.subject: attack for attack in suite.all_attacks()}
FASTEST, *OTHERS = TIERS
# An app takes long to start in the other tier. What depends on the grader alone is tried in the fastest.
ELSEWHERE = [
    (tier, subject) for tier in OTHERS for subject, attack in ATTACKS.items() if attack.family in suite.ON_THE_SANDBOX
]
# What's refused while it's read costs nothing to try.
READ = [subject for subject, attack in ATTACKS.items() if attack.family == "archives"]
Wrong = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def wrong(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Wrong:
    """Return, by tier and attack, what's wrong with the verdicts of all attacks that this run asks for.

    Where tests run in several processes one of them tries all.
    """
    return dict(found_once(tmp_path_factory, "attacks", lambda: try_all(request.session), 1800))


def try_all(session: pytest.Session) -> Wrong:
    found: Wrong = {}
    for item in session.items:
        if hasattr(item, "callspec") and {"tier", "subject"} <= item.callspec.params.keys():
            found.setdefault(item.callspec.params["tier"], {})[item.callspec.params["subject"]] = ""
    for tier, subjects in found.items():
        try:
            findings = list(suite.try_attacks([ATTACKS[subject] for subject in subjects], tier))
        except UserError as error:
            findings = []
            found[tier] = dict.fromkeys(subjects, f"no sandbox: {error.message}")
        subjects |= {finding.attack.subject: finding.wrong for finding in findings}
    return found


@pytest.mark.parametrize("tier, subject", [(FASTEST, subject) for subject in READ])
def test_hostile_archive_is_refused(tier: str, subject: str, wrong: Wrong) -> None:
    """What is handed in as an archive is read in bounds, and refused in words that say what's wrong with it."""
    comes_to_nothing(wrong[tier][subject])


@pytest.mark.exhaustive(sample=2, at_most=40)
@pytest.mark.parametrize("tier, subject", [(FASTEST, subject) for subject in ATTACKS if subject not in READ])
def test_attack_comes_to_nothing(tier: str, subject: str, wrong: Wrong) -> None:
    """An attack earns no more than an honest submission, is named, and doesn't change anyone else's grade."""
    comes_to_nothing(wrong[tier][subject])


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1, at_most=12)
@pytest.mark.parametrize("tier, subject", ELSEWHERE)
def test_attack_comes_to_nothing_elsewhere(tier: str, subject: str, wrong: Wrong) -> None:
    """The same holds in the sandbox for machines that can't nest namespaces."""
    comes_to_nothing(wrong[tier][subject])


def comes_to_nothing(said: str) -> None:
    if said.startswith("no sandbox: "):
        pytest.skip(said)
    assert said == ""


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("subject", [name for name, attack in ATTACKS.items() if attack.harmless])
def test_attack_is_one(subject: str) -> None:
    """Without a sandbox the attack succeeds and the suite says so; otherwise the suite would prove nothing."""
    (finding,) = suite.try_attacks([ATTACKS[subject]], UNSAFE, lanes=1)

    assert "REACHED" in finding.wrong
    assert "0 points, not the 100 of an honest one" in finding.wrong


def test_every_attack_says_what_it_tries() -> None:
    """There are at least a hundred attacks, some in every family, and each says in one sentence what it tries."""
    assert len(ATTACKS) > 100
    assert min(Counter(attack.family for attack in ATTACKS.values())[family] for family in suite.FAMILIES) > 1
    assert [name for name, attack in ATTACKS.items() if not attack.what.endswith(".")] == []


def test_no_hostile_code_lies_idle() -> None:
    """Every function of hostile code that says what it tries belongs to an attack."""
    named = {(attack.family, attack.name.rpartition(", ")[2].replace(" ", "_")) for attack in ATTACKS.values()}
    files = [file for family in suite.FAMILIES if (file := CODE / f"{family}.py").exists()]
    trees = [(file.stem, node) for file in files for node in ast.parse(file.read_text(encoding="utf-8")).body]
    functions = [(family, node) for family, node in trees if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    told = [(family, node.name) for family, node in functions if ast.get_docstring(node)]
    assert [one for one in told if one not in named] == []
    assert len(told) > 100
