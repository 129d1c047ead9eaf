"""Forging results, and words of the sandbox."""

from .attack import add_attacks

add_attacks(
    "forging", "runs", "no credit", {"results": "", "handed_descriptors": "", "stolen_words": ""}, base="starter"
)
add_attacks("forging", "runs", "no credit", dict.fromkeys(("answers", "framed_answers", "noise"), ""))
add_attacks("forging", "runs", "honest", {"closed_lines": ""})
add_attacks(
    "forging", "runs", "no credit", {"answers": "", "noise": ""}, base="starter", prefix="with nothing solved, "
)
