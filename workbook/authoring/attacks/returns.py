"""Replies that are costly to look at: in expressions, in memory, in a card that can't be made."""

from .attack import add_attacks

TOO_MUCH = "JSON|longer than|more than"

add_attacks(
    "returns",
    "answers",
    "no credit",
    {
        "long_reason": "500|status|reason",
        "times_without_end": "",
        "tokens_without_end": "",
        "capitals_in_the_log": "500",
        "chains_in_the_log": "500",
        "charset_twice": "",
        "charset_of_digits": "",
        "semicolons": "",
        "padded": TOO_MUCH,
        "lists_of_nothing": TOO_MUCH,
        "objects_of_nothing": TOO_MUCH,
        "one_long_string": "",
        "marks_upon_marks": "",
        "many_differences": "",
        "a_token_in_each": "",
        "byte_by_byte": "",
    },
)
add_attacks("returns", "answers", "no more", {"a_little_padded": "", "cookies_to_keep": "", "headers_to_hold": ""})
