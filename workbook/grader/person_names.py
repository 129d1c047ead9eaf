"""Names of people, in the forms in which platforms and persons write them."""

import re
import unicodedata

FEWEST_LEFT = 3  # letters of a name, to recognise it by


def fold_name(name: str) -> str:
    """Return a name in the form used for comparing: composed, case folded, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def slugs(name: str) -> set[str]:
    """Return what Canvas may make of a name: its words joined, beginning at any of them, with and without accents."""
    whole = fold_name(name)
    found = set()
    for form in (whole, without_accents(whole)):
        words = "".join(letter if _is_of_a_word(letter) else " " for letter in form).split()
        found |= {"".join(words[n:] + words[:n]) for n in range(len(words))}
    return found | {slug.replace("_", "") for slug in found}


def _is_of_a_word(letter: str) -> bool:
    """Return whether Canvas keeps it: signs of Hindi or Thai are in Ruby's [[:word:]], and not in Python's \\w."""
    category = unicodedata.category(letter)
    return category[0] in "LM" or category in {"Nd", "Pc"}


def without_accents(text: str) -> str:
    """Return the text without marks on its letters."""
    return "".join(mark for mark in unicodedata.normalize("NFD", text) if not unicodedata.combining(mark))


def bare_words(name: str) -> frozenset[str]:
    """Return a name's words without accents, case and punctuation, which platforms leave out in different ways."""
    plain = without_accents(fold_name(name))
    return frozenset(re.findall(r"[^\W_]+", re.sub(r"['’`\":&.]", "", plain)))


def is_garbled(name: str, other: str) -> bool:
    """Return whether one is a name of which some program has left out or replaced every letter that isn't ASCII."""
    words = re.split(r"[\s,]+", unicodedata.normalize("NFC", name).lower().strip())
    if name.isascii() or sum(letter.isascii() for word in words for letter in word) < FEWEST_LEFT:
        return False
    odd = "[^a-z0-9]"
    forms = ["".join(re.escape(letter) if letter.isascii() else odd + "{0,3}" for letter in word) for word in words]
    found = unicodedata.normalize("NFC", other).lower()
    return any(re.fullmatch(f"{odd}{{1,3}}".join(forms[n:] + forms[:n]), found) for n in range(len(forms)))
