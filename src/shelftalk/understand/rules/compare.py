"""The words that compare: "under", "at least", "or more", "no higher than", "around", and what they mean as operators."""

from __future__ import annotations

import re

from shelftalk.understand.rules.amounts import ParsedAmount
from shelftalk.understand.rules.patterns import alternatives
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.money import BEFORE, SIGN, before

_EXACT = r"exactly|precisely|equal to|=|=="
_AROUND = r"around|about|roughly|approximately|approx\.?|circa|near|nearly|close to|~|somewhere (?:around|near)|ish|in the (?:region|neighbou?rhood|ballpark|vicinity) of"
_PHRASES: tuple[tuple[str, str], ...] = (
    ("<=", alternatives("at_most")), (">=", alternatives("at_least")), ("<", alternatives("less")), (">", alternatives("more")),
    ("~", _AROUND), ("=", _EXACT),
)  # fmt: skip
_GLUE = rf"(?:\s|{BEFORE}|[(\"']|:|,(?=\s*\d)|\b(?:the|a|an|about|around|approximately|roughly|only|just|like|say|maybe|total|is|of|at|measly|whole|mere|price|cost|budget|usd|us|around the|\w+ (?:of|is))\b)*(?:{SIGN}?-)?$"
_BEFORE = [
    (op, re.compile(rf"(?:(?<=\s)|(?<=^)|(?<=[^\w\s])|\b)(?:{body})(?!\w){_GLUE}", re.I)) for op, body in _PHRASES
]
_TAIL = r"^\W{0,2}(?:\w+\W+){0,3}?"
_AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("<=", re.compile(_TAIL + r"(?:(?:or|and|&) (?:even )?(?:less|under|below|lower|cheaper|fewer|smaller|shorter|lighter|younger|thinner|quicker|faster|quieter|within|beneath|narrower)(?! ?[^\w\s]?\d)|max\b|maximum|tops\b|at most|at the most|at max|or so max|is (?:my|the) (?:limit|max|maximum|budget|cap)|budget|limit\b|to spend|to spare|to my name|ceiling)", re.I)),
    (">=", re.compile(_TAIL + r"(?:(?:or|and|&) (?:even )?(?:more|above|higher|larger|bigger|over|greater|longer|better|up\b|upwards?|beyond|heavier|taller|wider|older|farther|further|thicker|faster|deeper|brighter)|plus\b(?! (?:an?|the|my|our)\b)|min\b|minimum|at least|at the least|at minimum)", re.I)),
)  # fmt: skip
# "max. 100 min. 50": the full stop of an abbreviation before its amount ends no clause; "100 max. 50 min." has them behind.
_BEFORE_ITS_AMOUNT = re.compile(rf"\b(max|min|approx|ca)\. ?(?={SIGN}?\d)")
_BEHIND_ITS_AMOUNT = re.compile(r"\b(?:max|min)\b\D*$")
# Words that, right before the next amount, belong to that one: "20000 mm and under 10 euros".
_CLAUSE = re.compile(r"(?:or|and|&) (?:even )?\w+$")
_ISH = re.compile(r"^[ -]?ish\b")
_OR_SO = re.compile(r"(?: (?!or\b)\w+)? or so\b(?! max)")
_PLUS = re.compile(r"^\s?\+")
FLIP = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "~": "!=", "!=": "="}


def after(text: Text, last: int, end: int) -> str | None:
    """The operator that words right behind token `last` say ("or less", "max", "+"), looking no further than `end`."""
    rest = text.low[text.tokens[last].end : end][:70]
    if _PLUS.match(rest):
        return ">="
    if _ISH.match(rest):
        return "~"
    tail = re.split(r"[.;!?](?:\s|$)|,\s", rest)[0]
    for op, pattern in _AFTER:
        match = pattern.match(tail)
        if match is None:
            continue
        cut = end < len(text.low) and len(tail) == len(rest) and not tail[match.end() :].strip(" $€£₹₺")
        if not (cut and _CLAUSE.search(match.group())):
            return op
    return None


def or_so(text: Text, amount: ParsedAmount) -> bool:
    """Whether an amount with a unit is told roughly: "10 years or so"."""
    measured = amount.unit is not None or amount.money
    return measured and _OR_SO.match(text.low[text.tokens[amount.last].end :]) is not None


def compared(text: Text, amount: ParsedAmount, at: int | None = None) -> tuple[str | None, int]:
    """The operator the words around an amount say ("<", "<=", ... "~"), None for a bare amount, and where its words begin.
    `at` is the token before which the words stand, where it is not the number's own: "less than SPF 50"."""
    start = text.tokens[amount.number.first if at is None else at].start
    if amount.money and at is None:
        signed = before(text.text[:start], text.own)
        start = start if signed is None else signed
    lead = text.low[max(0, start - 90) : start]
    if not _BEHIND_ITS_AMOUNT.search(text.low):
        lead = _BEFORE_ITS_AMOUNT.sub(lambda m: m.group().replace(".", " "), lead + text.low[start : start + 2])[
            : len(lead)
        ]
    hard = max((t.start for t in text.tokens[: text.at(start) + 1] if t.hard), default=0)
    lead = lead[max(0, len(lead) - (start - hard)) :]
    clause = re.split(r"[;!?]|,\s(?!\d)", lead)[-1]
    offset = start - len(clause)
    best: tuple[int, int, str] | None = None
    for op, pattern in _BEFORE:
        match = pattern.search(clause)
        if match and (best is None or (match.start(), -match.end()) < (best[0], -best[1])):
            best = (match.start(), match.end(), op)
    if best is None:
        return None, text.tokens[amount.number.first if at is None else at].start
    return best[2], offset + best[0]
