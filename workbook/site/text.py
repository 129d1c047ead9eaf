"""A page's summary, in one sentence."""

import html
import re

_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_SENTENCE = re.compile(r".*?[.!?](?=\s|$)")
_TOO_SHORT = 40  # characters: a paragraph of facts, as below a title


def first_sentence(page: str) -> str:
    """Return the first sentence of the first whole paragraph of a page's HTML; "" if there is none."""
    for paragraph in _PARAGRAPH.finditer(page):
        told = html.unescape(" ".join(_TAG.sub("", paragraph[1]).split()))
        if len(told) > _TOO_SHORT and " · " not in told:
            sentence = _SENTENCE.match(told)
            return sentence[0] if sentence else told
    return ""
