"""What changed between two apps whose files differ: their parts, compared by their names."""

from collections import Counter

from workbook.course.model import Course, Step
from workbook.course.promises import read_promises

from .code_blocks import block, diff, fold_block, in_words, kind_of, size
from .module_index import Part, docstring, imported, parts_of


def compare_by_name(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Return a sentence, then the page's sections: what's new, made with, in both, left behind, and the whole."""
    before, after = parts_of(old), parts_of(new)
    both = _both(before, after)
    kept = {id(part) for pair in both for part in pair}
    added = [part for part in after if id(part) not in kept]
    gone = [part for part in before if id(part) not in kept]
    edited = [(a, b) for a, b in both if a.lines != b.lines]
    counts = (
        ("new", len(added)),
        ("changed", len(edited)),
        ("the same", len(both) - len(edited)),
        ("left behind", len(gone)),
    )
    told = [f"{count} {word}" for word, count in counts if count]
    sections = [
        f"each is a small app of its own, so its functions, classes and values are compared by name. {in_words(told)}.",
        _new(new, added),
        _made_with(imported(old), imported(new)),
        _in_both(both, edited),
        _left_behind(gone),
        _whole(new),
    ]
    return [section for section in sections if section]


def promised(course: Course, after: Step) -> str:
    """Return what the new app is about, and what its tests prove."""
    core = [promise.text for promise in read_promises(course.folder(after)) if not promise.deeper]
    rows = "\n".join(f"- {text}" for text in core)
    return f"## What it is about now\n\n{after.concept}. Its tests prove:\n\n{rows}"


def _both(before: list[Part], after: list[Part]) -> list[tuple[Part, Part]]:
    """Return the parts of the same name, in the same file or the only ones of that name on either side, as pairs."""
    found = []
    once_before, once_after = (Counter(part.name for part in parts) for parts in (before, after))
    for part in after:
        alike = [one for one in before if one.name == part.name]
        same_file = [one for one in alike if one.file == part.file]
        if same_file or (once_before[part.name] == once_after[part.name] == 1):
            found.append(((same_file or alike)[0], part))
    return found


def _new(files: dict[str, str], added: list[Part]) -> str:
    rows = ["| part | what it is |", "|---|---|"]
    for file, text in files.items():
        inside = [part for part in added if part.file == file]
        if inside and len(files) > 1:
            rows.append(f"| **`{file}`**{{ .file }} | {docstring(text)} |")
        rows += [f"| `{part.label}` | {part.told} |" for part in inside]
    return "## New\n\n" + "\n".join(rows) if len(rows) > 2 else ""


def _made_with(old: dict[str, set[str]], new: dict[str, set[str]]) -> str:
    rows = []
    for module in sorted(new):
        names = sorted(new[module] - old.get(module, set()), key=str.lower)
        if names or module not in old:
            rows.append(f"- `{module}`" + (": " + ", ".join(f"`{name}`" for name in names) if names else ""))
    return "## Imported for the first time\n\n" + "\n".join(rows) if rows else ""


def _in_both(both: list[tuple[Part, Part]], edited: list[tuple[Part, Part]]) -> str:
    if not both:
        return "## In both\n\nNothing has the same name in both."
    same = [_moved(a, b) for a, b in both if a.lines == b.lines]
    parts = ["## In both"]
    if same:
        parts.append(f"The same in both: {in_words(same)}.")
    if edited:
        parts.append("The same name, and not the same any more:" if same else "The same name, and other lines:")
    for a, b in edited:
        where = b.file if a.file == b.file else f"{a.file} → {b.file}"
        lines = diff("\n".join(a.lines), "\n".join(b.lines))
        parts.append(block("diff", f"{b.name}, {where}", [line for line in lines if not line.startswith("@@")]))
    return "\n\n".join(parts)


def _moved(a: Part, b: Part) -> str:
    return f"`{b.name}`" if a.file == b.file else f"`{b.name}` (now in `{b.file}`)"


def _left_behind(gone: list[Part]) -> str:
    if not gone:
        return ""
    return "## Left behind\n\n" + in_words([f"`{part.name}`" for part in gone]) + "."


def _whole(files: dict[str, str]) -> str:
    shown = [
        fold_block(f"{name}, {size(text)}", block(kind_of(name), name, text.rstrip().splitlines()))
        for name, text in files.items()
    ]
    return "## The whole of it\n\n" + "\n\n".join(shown)
