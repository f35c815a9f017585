"""Whom it is for, by age: "for my 8 year old nephew", "for ages 3 and up", "a toy for a two-year-old"."""

from __future__ import annotations

import re

from shelftalk.understand.index import Index
from shelftalk.understand.nearby import Quantity
from shelftalk.understand.numbers import numbers
from shelftalk.understand.tokens import Text, tokenise

_NUMBER = r"\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
_AGES = (
    re.compile(rf"\b(?P<n>{_NUMBER})[- ]?(?P<unit>year|yr|month|mo)s?[- ]?olds?\b"),
    re.compile(rf"\b(?:ages?|aged)(?: of| range)? (?P<n>{_NUMBER})(?: ?(?P<unit>years?|months?))?\b(?! (?:inch|cm|mm|gb|dollars|bucks))"),
    re.compile(rf"\b(?:turn(?:s|ing)|just turned|is) (?P<n>{_NUMBER})(?: (?P<unit>years?))?(?= (?:soon|next|this|today|tomorrow|in \w+)\b|[.!?,]|$)"),
    re.compile(rf"\b(?P<n>{_NUMBER})(?:st|nd|rd|th) birthday\b"),
)  # fmt: skip

_NO_AGE = re.compile(
    r"\b(?:budget|limit|price|maximum|minimum|max|min|size|weight|height|length|width|quantity|number) $"
)


def ages(text: Text, index: Index) -> tuple[list[Quantity], set[int]]:
    """What a recipient's age asks of the age fields (the youngest and oldest age a product is for), and the tokens that
    speak of ages: they are no other limit, whatever fields there are."""
    out: list[Quantity] = []
    used: set[int] = set()
    for pattern in _AGES:
        for match in pattern.finditer(text.low):
            first, last = text.at(match.start()), max(text.at(match.start()), text.at(match.end()) - 1)
            found = numbers(tokenise(match.group("n")))
            if not found or set(range(first, last + 1)) & used:
                continue
            if _NO_AGE.search(text.low[: match.start()]) and "unit" in match.groupdict() and not match["unit"]:
                continue
            groups = match.groupdict()
            unit = groups.get("unit") or "year"
            used.update(range(first, last + 1))
            for known in index.fields.values():
                if known.kind != "number" or "age" not in known.name:
                    continue
                age = _in(found[0].value, unit, known.unit.name if known.unit else "year")
                oldest = bool({"max", "maximum", "oldest", "to"} & set(known.name))
                out.append(Quantity(known.field, ">=" if oldest else "<=", age, first, last, match.group().strip()))
    return out, used


def _in(value: float, given: str, wanted: str) -> int | float:
    months = value if given.startswith("mo") else value * 12
    converted = months if wanted == "month" else months / 12
    return int(converted) if float(converted).is_integer() else round(converted, 2)
