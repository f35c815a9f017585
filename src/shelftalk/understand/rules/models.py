"""Models that a request names and the catalogue's values do not know: an "iphone 16" where cases are listed for 14 and 15.

Such a name is a limit that nothing meets, so that what is shown beside it is said to be for others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from shelftalk.understand.rules.absence import of_properties
from shelftalk.understand.rules.amounts import ParsedAmount
from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint
from shelftalk.words.stems import bag
from shelftalk.words.stop import FILLER, FUNCTION
from shelftalk.words.units import UNITS

# What makers put behind a number for another model of the same year.
_SUFFIXES = bag("plus pro max mini ultra lite air se fe xl")


@dataclass(slots=True)
class Models:
    """The limits that no product meets, what there is to tell of them, their tokens, and the mentions that were another model."""

    limits: list[Constraint] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tokens: set[int] = field(default_factory=set)
    others: list[Mention] = field(default_factory=list)

    def add(self, text: Text, known: Field, first: int, last: int, negative: Sequence[bool]) -> None:
        """The model that tokens `first` to `last` name; one that is turned down limits nothing."""
        self.tokens.update(range(first, last + 1))
        if not negative[first]:
            said = text.span(first, last)
            self.limits.append(Constraint(known.field, "=", said, said))
            self.notes.append(f"nothing here is listed for '{said}'")


def strange_models(
    text: Text, index: Index, found: Sequence[Mention], spoken: Sequence[ParsedAmount], negative: Sequence[bool],
    used: Collection[int], category: str | None,
) -> Models:  # fmt: skip
    """The models named that no value of the catalogue is."""
    out = Models()
    measured = {
        i
        for a in spoken
        if a.unit is not None or a.money or a.low is not None
        for i in range(a.number.first, a.last + 1)
    }
    for mention in found:
        known = index.fields[mention.field]
        last = mention.last + 1
        if mention.value is None or mention.how != "exact" or not of_properties(known) or last >= len(text.tokens):
            continue
        suffix = text.tokens[last]
        if (
            text.tokens[mention.last].numeric
            and suffix.low in _SUFFIXES
            and suffix.gap in (" ", "")
            and last not in used
        ):
            out.others.append(mention)
            out.add(text, known, mention.first, last, negative)
    for i, token in enumerate(text.tokens):
        if not token.numeric or i in measured or i in used or i in out.tokens or not i or token.hard or token.comma:
            continue
        for known, first in _series(text, index, i, category):
            out.add(text, known, first, i, negative)
            break
    return out


def _series(text: Text, index: Index, at: int, category: str | None) -> list[tuple[Field, int]]:
    """The fields with values of that name and other numbers, none with this one, and the token at which the name begins."""
    number = text.tokens[at].low
    out = []
    for known in index.fields.values():
        if not known.models or not known.carried(category):
            continue
        for name, numbers in known.models.items():
            first = at - len(name)
            if first < 0 or number in numbers or tuple(t.stem for t in text.tokens[first:at]) != name:
                continue
            words = {t.low for t in text.tokens[first:at]}
            if len(name) > 1 or not words & (FUNCTION | FILLER | UNITS.keys()):
                out.append((known, first))
    return out
