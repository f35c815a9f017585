"""A value of the catalogue that the words of a request name."""

from __future__ import annotations

from dataclasses import dataclass

from shelftalk.understand.rules.index import Value


@dataclass(slots=True)
class Mention:
    """Tokens `first` to `last` name one of `candidates`; `how` tells the kind of match."""

    first: int
    last: int
    candidates: list[Value]
    how: str  # "exact", "synonym", "partial", "derived", "head"
    field: str = ""
    value: Value | None = None
    negative: bool = False
