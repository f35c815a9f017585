"""The words that compare: "under", "at least", "or more", "no higher than", "around", and what they mean as operators."""

from __future__ import annotations

import re

from shelftalk.understand.rules.amounts import ParsedAmount
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.money import BEFORE, SIGN

_LESS = (
    r"under|below|beneath|underneath|south of|shy of|less than|fewer than|lower than|cheaper than|smaller than|shorter than|lighter than|thinner than|narrower than|slimmer than|younger than|"
    r"quicker than|faster than|quieter than|sooner than|inferior to|(?:less|fewer) \w+ than|(?:lighter|cheaper|smaller|shorter|thinner|narrower|quieter|lower|slimmer) (?:\w+ ){1,2}than|<|sub"
)
_MORE = (
    r"over|above|more than|greater than|bigger than|larger than|longer than|higher than|wider than|taller than|heavier than|thicker than|deeper than|stronger than|better than|brighter than|older than|louder than|"
    r"farther than|further than|exceeding|exceeds?|beyond|north of|past|in excess of|upwards? of|superior to|more \w+ than|(?:heavier|bigger|larger|longer|taller|wider|thicker|brighter|higher) (?:\w+ ){1,2}than|surpass(?:es|ing)?|tops|beats|>"
)
_AT_MOST = (
    r"up to|upto|at most|at the most|at max|no more than|not more than|nothing (?:over|above|more than)|not (?:over|above|exceed(?:ing)?|to exceed)|no (?:higher|bigger|larger|greater|longer|heavier|wider|taller|thicker|older|pricier|costlier|louder) than|"
    r"not (?:higher|bigger|larger|greater|longer|heavier|wider|taller|thicker|older|pricier|louder) than|\w*n't (?:exceed|go (?:over|above|beyond)|(?:(?:cost|be|weigh|have|need) )?(?:more than|over|above))|never (?:over|exceed(?:ing)?|more than)|no over|max(?:imum)?(?: (?:of|is|at|price|budget|spend))*|within|limit(?:ed)?(?: (?:is|of|to|at))*|"
    r"(?:at|below|under|less than|lower than|cheaper than|equal(?: to)?) or (?:exactly|at|equal to|below|under|less than|lower than|equals?)|(?:right )?at or under|cap(?:ped)?(?: (?:is|of|at))*|ceiling (?:of|is)|as much as|equal to or (?:less|lower) than|less than or equal to|<=|≤|=<|(?:tops|topping) out at|maxes out at|until|till"
)
_AT_LEAST = (
    r"at least|at the least|at minimum|at a minimum|no less than|not less than|no fewer than|not fewer than|nothing (?:under|below|less than|smaller than|shorter than)|not (?:under|below)|no (?:lower|smaller|shorter|lighter|narrower|younger|thinner|slower) than|"
    r"(?:at|above|over|more than|greater than|equal(?: to)?) or (?:exactly|at|equal to|above|over|more than|greater than)|not (?:lower|smaller|shorter|lighter|narrower|younger|thinner) than|min(?:imum)?(?: of|:)?|starting (?:at|from)|starts at|as (?:low|little) as|greater than or equal to|more than or equal to|equal to or (?:greater|more|higher) than|>=|≥|=>|\w*n't (?:(?:cost|be|weigh|have|go) )?(?:below|under|less than)|upwards? (?:of|from)|a good|or more than|atleast|as (?:long|far|high|big|large) as|(?:\w*n't|not|never) (?:\w+ ){0,3}?(?:settle|accept|take|do|consider|go)(?: for| at| with)? (?:anything |nothing |something |any )?(?:less|smaller|lower|fewer|shorter|under|below)(?: than)?|minimal"
)
_EXACT = r"exactly|precisely|equal to|=|=="
_AROUND = r"around|about|roughly|approximately|approx\.?|circa|near|nearly|close to|~|somewhere (?:around|near)|ish|in the (?:region|neighbou?rhood|ballpark|vicinity) of"
_PHRASES: tuple[tuple[str, str], ...] = (
    ("<=", _AT_MOST), (">=", _AT_LEAST), ("<", _LESS), (">", _MORE), ("~", _AROUND), ("=", _EXACT),
)  # fmt: skip
_GLUE = rf"(?:\s|{BEFORE}|[(\"']|:|,(?=\s*\d)|\b(?:the|a|an|about|around|approximately|roughly|only|just|like|say|maybe|total|is|of|at|measly|whole|mere|price|cost|budget|usd|us|around the|\w+ (?:of|is))\b)*(?:{SIGN}?-)?$"
_BEFORE = [
    (op, re.compile(rf"(?:(?<=\s)|(?<=^)|(?<=[^\w\s])|\b)(?:{body})(?!\w){_GLUE}", re.I)) for op, body in _PHRASES
]
_TAIL = r"^\W{0,2}(?:\w+\W+){0,3}?"
_AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("<=", re.compile(_TAIL + r"(?:(?:or|and|&) (?:even )?(?:less|under|below|lower|cheaper|fewer|smaller|shorter|lighter|younger|thinner|quicker|faster|quieter|within|beneath|narrower)(?! ?[^\w\s]?\d)|max\b|maximum|tops\b|at most|at the most|at max|or so max|is (?:my|the) (?:limit|max|maximum|budget|cap)|budget|limit\b|to spend|to spare|to my name|ceiling)", re.I)),
    (">=", re.compile(_TAIL + r"(?:(?:or|and|&) (?:even )?(?:more|above|higher|larger|bigger|over|greater|longer|better|up\b|upwards?|beyond|heavier|taller|wider|older|farther|further|thicker|faster|deeper|brighter)|plus\b|min\b|minimum|at least|at the least|at minimum)", re.I)),
)  # fmt: skip
# "max. 100 min. 50": the full stop of an abbreviation before its amount ends no clause; "100 max. 50 min." has them behind.
_BEFORE_ITS_AMOUNT = re.compile(rf"\b(max|min|approx|ca)\. ?(?={SIGN}?\d)")
_BEHIND_ITS_AMOUNT = re.compile(r"\b(?:max|min)\b\D*$")
# Words that, right before the next amount, belong to that one: "20000 mm and under 10 euros".
_CLAUSE = re.compile(r"(?:or|and|&) (?:even )?\w+$")
_ISH = re.compile(r"^[ -]?ish\b")
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


def compared(text: Text, amount: ParsedAmount, at: int | None = None) -> tuple[str | None, int]:
    """The operator the words around an amount say ("<", "<=", ... "~"), None for a bare amount, and where its words begin.
    `at` is the token before which the words stand, where it is not the number's own: "less than SPF 50"."""
    start = text.tokens[amount.number.first if at is None else at].start
    lead = text.low[max(0, start - 90) : start]
    if not _BEHIND_ITS_AMOUNT.search(text.low):
        lead = _BEFORE_ITS_AMOUNT.sub(lambda m: m.group().replace(".", " "), lead + text.low[start : start + 2])[
            : len(lead)
        ]
    clause = re.split(r"[;!?]|\.\s|,\s(?!\d)", lead)[-1]
    offset = start - len(clause)
    best: tuple[int, int, str] | None = None
    for op, pattern in _BEFORE:
        match = pattern.search(clause)
        if match and (best is None or (match.start(), -match.end()) < (best[0], -best[1])):
            best = (match.start(), match.end(), op)
    if best is None:
        return None, start
    return best[2], offset + best[0]
