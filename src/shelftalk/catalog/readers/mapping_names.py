"""Whether the names that a mapping file gives are those that a feed has, and which it has where they are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from shelftalk.catalog.readers.base import plain_name

Names = Mapping[str, str]
"""The paths of the fields that a feed has, each with the path of what it stands in, "" for a record itself."""

LISTED = 60  # names in an error
_DEEPEST = 8
_NUMBER = re.compile(r"\.\d+(?=\.|$)")


def columns(header: Iterable[str]) -> Names:
    """The names of a table, which hold nothing."""
    return {name: "" for name in header if name}


def names_of(records: Iterable[Mapping[str, Any]]) -> Names:
    """The names of all fields of the records, of their objects and of the objects in their lists."""
    found: dict[str, str] = {}

    def walk(held: Any, above: str, depth: int) -> None:
        if isinstance(held, list):
            for one in held:
                walk(one, above, depth)
        elif isinstance(held, Mapping) and depth < _DEEPEST:
            for name, value in held.items():
                path = f"{above}.{name}" if above else name
                found.setdefault(path, above)
                walk(value, path, depth + 1)

    for record in records:
        walk(record, "", 0)
    return found


def fault(paths: Sequence[str], names: Names, *, needed: bool, whole: bool, nested: bool) -> str | None:
    """What is wrong with the places where a value may stand, of which one is enough; None where one of them is there, or may be.

    Where records may leave fields out, not being `whole`, one that is not `needed` is missed only where another name comes near to it. In
    a feed that is not `nested` a name is a column's as it stands.
    """
    if not paths or any(_there(path, names, nested) for path in paths):
        return None
    first = paths[0]
    level = _plain(first).rpartition(".")[0] if nested else ""
    level = level if level in names else ""
    beside = [name for name, above in names.items() if above == level]
    near = _nearest(_plain(first) if nested else first, beside, level)
    if not near and not needed and (level or not whole):
        return None
    guess = f"; did you mean {near!r}?" if near else ""
    listed = ", ".join(map(repr, beside[:LISTED])) + (" ..." if len(beside) > LISTED else "")
    return f"no {first!r} in the feed{guess} (it has: {listed})"


def _there(path: str, names: Names, nested: bool) -> bool:
    return path in names or (nested and _plain(path) in names)


def _plain(path: str) -> str:
    """The path without the places in lists: gallery.0.url is gallery.url."""
    return _NUMBER.sub("", path)


def _nearest(missing: str, beside: list[str], level: str) -> str | None:
    """The name beside it that the missing one, or what it begins with, comes nearest to, if any does."""
    below = len(level) + 1 if level else 0
    shown = {name[below:]: name for name in beside}
    for wanted in dict.fromkeys((missing[below:], missing[below:].partition(".")[0])):
        alike = [n for n in shown if plain_name(n) == plain_name(wanted)] or get_close_matches(wanted, shown, 1, 0.8)
        if alike:
            return shown[alike[0]]
    return None
