"""Limits against what the catalogue itself holds: "cheaper than average", "bigger than the average screen", "multiple ports"."""

from __future__ import annotations

import re

from shelftalk.understand.rules.compare import FLIP
from shelftalk.understand.rules.index import Field, Index, named
from shelftalk.understand.rules.nearby import PRICE_WORDS, Quantity, around, implied
from shelftalk.understand.rules.patterns import alternatives
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.units import scalar, tidy

_AVERAGE = re.compile(
    rf"(?:(?P<less>{alternatives('less_than_average')})|(?P<more>{alternatives('more_than_average')}))"
    r"\s+(?:the |your |an |a |that of (?:the|an) |what's |what is |their |our |its |or equal to )*(?:\w+ ){0,2}?(?P<mean>average|avg|typical|mean\b|normal|usual|median)"
)
_AVERAGE_OR = re.compile(
    r"average(?:\s+\w+){0,2}? or (?P<less>below|less|lower|under|cheaper)|average(?:\s+\w+){0,2}? or (?P<more>above|more|higher|larger|bigger|better|longer|over|greater)"
)
_ABOVE_AVERAGE = re.compile(
    r"\b(?P<less>below|under|sub)[- ]average\b|\b(?P<more>above|better[- ]than|over)[- ]average\b"
)


def averages(text: Text, index: Index, negative: list[bool]) -> list[Quantity]:
    """Limits against the catalogue's own mean: "cheaper than average", "a screen bigger than the average"."""
    out: list[Quantity] = []
    for pattern in (_AVERAGE, _AVERAGE_OR, _ABOVE_AVERAGE):
        for match in pattern.finditer(text.low):
            first = text.at(match.start())
            last = max(first, text.at(match.end()) - 1)
            if any(q.first <= last and first <= q.last for q in out):
                continue
            near, far = around(text, first, last, match.start())
            after = frozenset(t.stem for t in text.tokens[last + 1 : last + 4])
            known = _averaged(index, after, near, far, match.group())
            mean = known.facet.mean if known is not None else None
            if known is None or mean is None:
                continue
            words = match.group()
            strict = not re.search(
                r"\bno |not |at most|at least|up to|no more|no less|not (?:more|over|above)|within|equal|or (?:below|less|above|more|lower|higher|under|larger|bigger|better|longer)",
                words,
            )
            less = match.group("less") is not None
            if re.search(r"\b(?:better)[ -]than", words) and known.kind == "money":
                less = True
            operator = ("<" if strict else "<=") if less else (">" if strict else ">=")
            if negative[first] and not re.match(r"no|not|n't", words):
                operator = FLIP[operator]
            out.append(Quantity(known.field, operator, scalar(tidy(float(mean))), first, last, text.span(first, last)))  # type: ignore[arg-type]
    return out


def _averaged(
    index: Index, after: frozenset[str], near: frozenset[str], far: frozenset[str], words: str
) -> Field | None:
    scored = []
    meant = implied(words, most=4)  # "longer than average" speaks of no price, whatever else the sentence says
    for known in index.fields.values():
        if not known.number:
            continue
        if meant and known.kind == "money" and not PRICE_WORDS & meant:
            continue
        share = max(named(known, near | meant), 0.7 * named(known, far))
        if known.field == "price" and (PRICE_WORDS & near or "cheaper" in words):
            share = max(share, 1.0)
        if share >= 0.4:
            share += 0.5 * named(known, after)
            scored.append((share, known))
    if not scored:
        return None
    scored.sort(key=lambda s: -s[0])
    return scored[0][1]
