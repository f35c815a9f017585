"""When it came out: "released after 2024", "from 2025 or newer", "no older than 2023"."""

from __future__ import annotations

import re

from shelftalk.understand.index import Field, Index
from shelftalk.understand.tokens import Text
from shelftalk.values import Constraint

_YEAR = re.compile(
    r"\b(?P<how>(?:released |launched |made |introduced |new |out )?(?:after|since|from|before|in|by|until|no (?:older|earlier) than|not (?:older|earlier) than|newer than|later than|older than|earlier than|as of))\s+(?:the year |year )?(?P<year>(?:19|20)\d\d)\b"
    r"(?!\s*(?:dollars|bucks|mah|pieces|w\b|watts|lumens|euros|points|dpi|mm|cm|grams|g\b|usd|eur))(?P<tail>(?:'s)? (?:or|and) (?:newer|later|after|up|onwards?|older|earlier|before))?"
)
_DATED = frozenset(("releas", "launch", "year", "date"))


def _can_only_be_a_year(year: int, known: Field, index: Index) -> bool:
    """Whether products came out in or near that year and no price comes near the number."""
    first, last = str(known.facet.minimum or "")[:4], str(known.facet.maximum or "")[:4]
    if not (first.isdecimal() and last.isdecimal() and int(first) - 1 <= year <= int(last) + 1):
        return False
    price = index.fields.get("price")
    bounds = price.bounds() if price else None
    return bounds is None or bounds[1] < year


def dates(text: Text, index: Index) -> tuple[list[Constraint], set[int]]:
    """Limits on the field that says when a product came out, and the tokens they were read from."""
    known = next(
        (f for f in index.fields.values() if f.kind == "date" and (f.field == "released_at" or _DATED & set(f.name))),
        None,
    )
    if known is None:
        return [], set()
    for match in _YEAR.finditer(text.low):
        how, year, tail = match.group("how"), int(match.group("year")), match.group("tail") or ""
        said = (
            how.split()[0] in ("released", "launched", "made", "introduced", "new", "out")
            or "older" in how
            or "newer" in how
        )
        dated = said or bool(tail) or bool(re.search(r"\b(?:released?|launched|came out|model|year)\b", text.low))
        if not dated and not (
            how in ("from", "since", "after", "before", "in") and _can_only_be_a_year(year, known, index)
        ):
            continue
        used = set(range(text.at(match.start()), max(text.at(match.start()) + 1, text.at(match.end()))))
        start, end = f"{year}-01-01", f"{year}-12-31"
        if how == "from" and not dated:
            return [Constraint(known.field, "between", (start, end), match.group())], used
        if re.search(r"newer|later|after|up|onward", tail) or re.search(
            r"since|from|no (?:older|earlier)|not (?:older|earlier)|as of", how
        ):
            return [Constraint(known.field, ">=", start, match.group())], used
        if re.search(r"older|earlier|before", tail) or re.search(r"\b(?:by|until)$", how):
            return [Constraint(known.field, "<=", end, match.group())], used
        if re.search(r"after|newer|later", how):
            return [Constraint(known.field, ">", end, match.group())], used
        if re.search(r"before|older|earlier", how):
            return [Constraint(known.field, "<", start, match.group())], used
        return [Constraint(known.field, "between", (start, end), match.group())], used
    return [], set()
