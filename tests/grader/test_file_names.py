"""What file names say, as learning platforms and `workbook submit` make them."""

import pytest

from workbook.grader.file_names import Named, read_name
from workbook.grader.person_names import slugs

STAMPED = "avatar-2026-11-22-174501"
EXERCISES = ["avatar", "cover-image", "pagination"]


@pytest.mark.parametrize(
    "name, told",
    [
        ("lovelaceada_4711_90125_avatar.zip", Named("canvas", "4711", "lovelaceada", "avatar", 1, 90125)),
        (
            "lovelaceada_LATE_4711_90125_avatar-2.zip",
            Named("canvas", "4711", "lovelaceada", "avatar", 3, 90125, late=True),
        ),
        (
            "lovelaceada_4711_90125_cover-image-2026-11-22-174501-1.zip",
            Named("canvas", "4711", "lovelaceada", "cover-image", 2, 90125, stamp="2026-11-22-174501"),
        ),
        ("山田太郎_4711_90125_final.zip", Named("canvas", "4711", "山田太郎", "", 1, 90125)),
        ("_4711_90125_final.zip", Named("canvas", "4711", "", "", 1, 90125)),
        ("Ada Lovelace_123_assignsubmission_file_", Named("moodle", "123", "Ada Lovelace", "", 1, 0)),
        (
            "Ada_Marie Lovelace_123_assignsubmission_file_pagination.zip",
            Named("moodle", "123", "Ada_Marie Lovelace", "pagination", 1, 0),
        ),
        (
            "A\u0301da_123_assignsubmission_file_cover-image.zip",
            Named("moodle", "123", "\u00c1da", "cover-image", 1, 0),
        ),
        ("ada.zip", Named("", "ada", "ada", "", 1, 0)),
        ("ada (1).zip", Named("", "ada", "ada", "", 1, 0, copy=1)),
        ("ada-avatar.ZIP", Named("", "ada", "ada", "avatar", 1, 0)),
        ("Avatar_ada.zip", Named("", "ada", "ada", "avatar", 1, 0)),
        (
            "avatar-2026-11-22-174501.zip",
            Named("", STAMPED, STAMPED, "avatar", 1, 0, stamp="2026-11-22-174501"),
        ),
        ("avatars.zip", Named("", "avatars", "avatars", "", 1, 0)),
        ("\x1b[31m\u202eada.zip", Named("", "\\x1b[31m\\u202eada", "\\x1b[31m\\u202eada", "", 1, 0)),
    ],
)
def test_names_are_read(name: str, told: Named) -> None:
    """A file's name says the platform, the learner, the exercise and the attempt."""
    assert read_name(name, EXERCISES) == told


@pytest.mark.parametrize(
    "name",
    [" _assignsubmission_file_avatar.zip", "\t_assignsubmission_onlinetext_", "__attempt_2026-11-29-10-00-00_a.zip"],
)
def test_a_learner_is_never_called_nothing(name: str) -> None:
    """A name that's empty where the platform puts the learner's still has something to be listed by."""
    assert read_name(name, EXERCISES).learner


@pytest.mark.parametrize(
    "slug, name",
    [
        ("lovelaceada", "Ada Lovelace"),
        ("lovelaceada", "Lovelace, Ada"),
        ("obrienmary", "Mary O\u2019Brien".replace("\u2019", "")),
        ("márquezgabrielgarcía", "Gabriel García Márquez"),
        ("marquezgabrielgarcia", "Gabriel García Márquez"),
        ("山田太郎", "太郎 山田"),
        ("श्रीवास्तवनीलम", "नीलम श्रीवास्तव"),  # vowel signs stay
        ("darcyjeanluc", "Jean-Luc d'Arcy"),
    ],
)
def test_slugs_of_canvas_are_recognised(slug: str, name: str) -> None:
    """What Canvas makes of a name is one of that name's slugs, whichever part comes first."""
    assert slug in slugs(name)
