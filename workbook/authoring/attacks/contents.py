"""Replies whose body hurts or misleads its reader."""

from .attack import add_attacks

add_attacks(
    "contents",
    "answers",
    "no credit",
    {
        "deep_json": "JSON|deep|nested",
        "huge_number": "JSON|digits|number",
        "many_numbers": "JSON|digits|number|larger than|longer than",
        "beyond_floats": "",
        "not_a_number": "JSON|NaN|number",
        "doubled_keys": "JSON|twice|key",
        "lone_surrogate": "",
        "no_utf8": "JSON|UTF-8|utf-8",
        "odd_charset": "",
        "packed_charset": "",
        "equal_to_all": "",
    },
)
