"""Forging results, and words of the sandbox."""

from .attack import attacks

attacks("forging", "runs", "no credit", {"results": "", "handed_descriptors": "", "stolen_words": ""}, base="starter")
attacks("forging", "runs", "no credit", dict.fromkeys(("answers", "framed_answers", "noise"), ""))
attacks("forging", "runs", "honest", {"closed_lines": ""})
attacks("forging", "runs", "no credit", {"answers": "", "noise": ""}, base="starter", prefix="with nothing solved, ")
