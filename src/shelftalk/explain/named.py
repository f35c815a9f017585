"""How the shopper came to a limit: by a number, in which currency, or against something that was no number of theirs.

A reason may say "the 50 EUR you named" only where 50 EUR was named. It reads the words that a constraint carries.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from shelftalk.text import clean
from shelftalk.values import Constraint, Intent
from shelftalk.words.money import SIGN, before, behind, codes_of, currency_of, own_words
from shelftalk.words.numbers import CARDINALS, PARTS, SETS

Origin = Literal["named", "shown", "average", "implied"]

_AVERAGE = re.compile(r"\b(?:averages?|mean|median|typical|usual)\b", re.IGNORECASE)
_COMPARING = re.compile(
    r"\b(?:(?!number|other|either|another|order|under|over|after|never|rather|water|power|paper|leather)\w{3,}er|"
    r"(?:more|less) \w+|(?:more|less|higher|lower|further)$|expensive|pricey|different|else)\b",
    re.IGNORECASE,
)
_SIGNS = SIGN.strip("[]")
_NUMBER_WORDS = frozenset({*CARDINALS, *PARTS, *SETS, "grand", "a", "an"})


def origin(constraint: Constraint | None) -> Origin:
    """ "named" where the words hold a number (or are not known), "shown" for "cheaper ones", "average", else "implied"."""
    said = clean(constraint.span).lower() if constraint else ""
    words = set(re.findall(r"[^\W\d_]+", said))
    if not said or re.search(r"\d", said) or words & _NUMBER_WORDS - ({"a", "an"} if _AVERAGE.search(said) else set()):
        return "named"
    if _AVERAGE.search(said):
        return "average"
    compares = constraint is not None and constraint.operator in ("<", ">")
    return "shown" if compares and _COMPARING.search(said) else "implied"


def foreign(constraint: Constraint | None, currency: str | None) -> bool:
    """Whether the words name a currency that is not the one of the prices."""
    if constraint is None or not currency or constraint.field not in ("price", "list_price"):
        return False
    meant = named_codes(constraint)
    return bool(meant) and currency not in meant and not names(constraint, currency)


def names(constraint: Constraint, currency: str | None) -> bool:
    """Whether the words of a limit name that currency, by any word that those who pay in it use."""
    if currency is None:
        return False
    said = set(re.findall(rf"[^\W\d_]+[{_SIGNS}]?|[{_SIGNS}]", clean(constraint.span).lower()))
    return currency in named_codes(constraint) or bool(said & own_words(currency))


def named_codes(constraint: Constraint) -> frozenset[str]:
    """The codes of the currencies that the words of a limit may mean: every dollar of "$20"; none where they name none."""
    said = clean(constraint.span)
    words = re.findall(rf"[^\W\d_]+\$?|{SIGN}", said)
    return frozenset().union(*(codes_of(word) for word in words if currency_of(word)))


def worded(constraint: Constraint, request: str) -> Constraint:
    """The constraint with the currency that stands right beside its words in the request: "60" of "USD 60 or less"."""
    said, text = clean(constraint.span), clean(request)
    at = text.lower().find(said.lower()) if re.search(r"\d", said) else -1
    if at < 0 or constraint.field not in ("price", "list_price"):
        return constraint
    end = at + len(said)
    first, last = before(text[:at]), behind(text, end + text[end:].startswith(" "))
    first, last = at if first is None else first, end if last is None else last
    return replace(constraint, span=text[first:last])


def taken_as(intent: Intent, currency: str | None, request: str = "") -> tuple[str, ...]:
    """A note for each limit that was given in another currency than the prices': it was taken as it stands."""
    return tuple(
        f"'{clean(c.span)}' was taken as an amount in {currency}, the currency of the prices; no exchange is made"
        for c in (worded(c, request) for c in intent.constraints)
        if foreign(c, currency)
    )
