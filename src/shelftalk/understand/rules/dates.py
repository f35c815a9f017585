"""When it came out: "released after 2024", "from 2025 or newer", "no older than 2023", "launched in the last six months"."""

from __future__ import annotations

import datetime
import re

from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint
from shelftalk.words.numbers import SMALL

_COUNTS = {"a": 1, "few": 3, **{word: n for word, n in SMALL.items() if 0 < n <= 12}}
_YEAR = re.compile(
    r"\b(?P<how>(?:released |launched |made |introduced |new |out )?(?:after|since|from|before|in|by|until|no (?:older|earlier) than|not (?:older|earlier) than|newer than|later than|older than|earlier than|as of))\s+(?:the year |year )?(?P<year>(?:19|20)\d\d)\b"
    r"(?!\s*(?:dollars|bucks|mah|pieces|w\b|watts|lumens|euros|points|dpi|mm|cm|grams|g\b|usd|eur))(?P<tail>(?:'s)? (?:or|and) (?:newer|later|after|up|onwards?|older|earlier|before))?"
)
_OUT = r"(?:(?:newly |just )?(?:released|launched|introduced|out|came out|come out|brought out|new)|models?)"
# "this year" and "last year" count from the day of asking; without a word of release they may be about anything else
_THIS_YEAR = re.compile(
    rf"\b(?:{_OUT} (?:(?:in|from|since|of) )?(?P<which>this|last) year|from (?P<from>this|last) year|(?P<own>this|last) year's)(?!\w)"
)
_PAST = re.compile(
    rf"\b{_OUT} (?:in|within|over|during) the (?:last|past) (?:(?P<count>\d{{1,2}}|{'|'.join(_COUNTS)}) )?(?P<unit>month|year)s?\b"
)
# When something is needed, which limits nothing: "a baby girl in like 3 weeks".
AHEAD = re.compile(
    r"\bin (?:(?:like|about|around|just|only|another|the next|some) )?(?:\d+|[a-z]+) (?:days?|weeks?|months?|years?)\b",
    re.I,
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


def _from_today(text: Text, field: str, today: datetime.date) -> tuple[list[Constraint], set[int]] | None:
    """The limit that is told by the distance from today, and its tokens; None where none is."""
    if (match := _THIS_YEAR.search(text.low)) is not None:
        year = today.year - ("last" in (match.group("which"), match.group("from"), match.group("own")))
        limit = Constraint(field, "between", (f"{year}-01-01", f"{year}-12-31"), match.group())
    elif (match := _PAST.search(text.low)) is not None:
        count = match.group("count") or "one"
        months = (int(count) if count.isdecimal() else _COUNTS[count]) * (12 if match.group("unit") == "year" else 1)
        year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
        limit = Constraint(field, ">=", f"{year}-{month + 1:02}-{min(today.day, 28):02}", match.group())
    else:
        return None
    return [limit], set(range(text.at(match.start()), max(text.at(match.start()) + 1, text.at(match.end()))))


def dates(text: Text, index: Index, today: datetime.date | None = None) -> tuple[list[Constraint], set[int]]:
    """Limits on the field that says when a product came out, and the tokens they were read from. `today` is the day that
    "this year" and "the last six months" count from; by default the day of the call."""
    known = next(
        (f for f in index.fields.values() if f.kind == "date" and (f.field == "released_at" or _DATED & set(f.name))),
        None,
    )
    if known is None:
        return [], set()
    ago = _from_today(text, known.field, today or datetime.date.today())
    if ago is not None:
        return ago
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
