"""Replies that break HTTP, or never end."""

from .attack import add_attacks

LARGE = "larger than|longer than|more than|too large|too long"
LATE = "out of time|timed out|too long|longer than|seconds|no response"
MALFORMED = "HTTP|protocol|malformed|no response|disconnected|header"
PACKED = "compressed|packed|encoding"

add_attacks(
    "replies",
    "answers",
    "no credit",
    {
        "endless_body": f"{LARGE}|{LATE}",
        "huge_body": LARGE,
        "gzip_bomb": PACKED,
        "deflate_bomb": PACKED,
        "packed_answer": PACKED,
        "silence": LATE,
        "no_status_line": MALFORMED,
        "bare_body": MALFORMED,
        "odd_status": MALFORMED,
        "odd_reason": MALFORMED,
        "odd_header": MALFORMED,
        "many_headers": f"{MALFORMED}|{LARGE}",
        "huge_header": f"{MALFORMED}|{LARGE}",
        "endless_headers": f"{MALFORMED}|{LARGE}",
        "two_replies": "",
        "split_header": "",
        "short_body": MALFORMED,
        "long_body": "",
        "two_lengths": MALFORMED,
        "huge_chunk": f"{MALFORMED}|{LARGE}",
        "no_chunk": MALFORMED,
        "endless_trailers": f"{MALFORMED}|{LARGE}|{LATE}",
        "other_protocol": "",
        "redirect_to_itself": "307",
        "redirect_to_the_host": "302",
        "redirect_to_a_file": "301",
        "many_cookies": "",
    },
)
add_attacks(
    "replies",
    "answers",
    "no credit",
    {
        "dripping_body": LATE,
        "dripping_headers": LATE,
        "endless_hints": f"{MALFORMED}|{LATE}|{LARGE}",
        "endless_continue": f"{MALFORMED}|{LATE}",
    },
    endless=True,
)
