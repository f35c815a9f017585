"""How the shopper came to a limit: by a number, in which currency, or against something that was no number of theirs.

A reason may say "the 50 EUR you named" only where 50 EUR was named. It reads the words that a constraint carries.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from shelftalk.facts.units import currency_of
from shelftalk.facts.words import listed
from shelftalk.text import clean
from shelftalk.values import Constraint, Intent

Origin = Literal["named", "shown", "average", "implied"]

_AVERAGE = re.compile(r"\b(?:averages?|mean|median|typical|usual)\b", re.IGNORECASE)
_COMPARING = re.compile(
    r"\b(?:(?!number|other|either|another|order|under|over|after|never|rather|water|power|paper|leather)\w{3,}er|"
    r"(?:more|less) \w+|expensive|pricey|different|else)\b",
    re.IGNORECASE,
)
_NUMBER_WORDS = listed(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half quarter dozen couple pair "
    "twin single double triple grand a an"
)
_SIGNS = re.compile(r"[$€£¥₹]")
_SLANG = {"quid": "GBP", "bucks": "USD", "buck": "USD", "smackers": "USD", "sterling": "GBP", "francs": "CHF"}
# Words that name one currency here and several in the world: a dollar sign in an Australian shop means its own.
_SHARED = {
    "USD": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD"}),
    "JPY": frozenset({"JPY", "CNY"}),
    "INR": frozenset({"INR", "PKR", "NPR", "LKR"}),
}


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
    said = clean(constraint.span)
    codes = {_currency(word) for word in (*_SIGNS.findall(said), *re.findall(r"[^\W\d_]+", said))}
    named = {code for code in codes if code and code != "cents"}
    return bool(named) and not any(currency in _SHARED.get(code, {code}) for code in named)


def worded(constraint: Constraint, request: str) -> Constraint:
    """The constraint with the currency that stands right beside its words in the request: "60" of "USD 60 or less"."""
    said, text = clean(constraint.span), clean(request)
    at = text.lower().find(said.lower()) if re.search(r"\d", said) else -1
    if at < 0 or constraint.field not in ("price", "list_price"):
        return constraint
    before = re.search(r"(?:[$€£¥₹]|\b[^\W\d_]+) ?$", text[:at])
    after = re.match(r" ?(?:[€£¥₹]|[^\W\d_]+\b)", text[at + len(said) :])
    first, last = at, at + len(said)
    if before and _currency(before.group().strip()):
        first = before.start()
    if after and _currency(after.group().strip()):
        last += after.end()
    return replace(constraint, span=text[first:last])


def taken_as(intent: Intent, currency: str | None, request: str = "") -> tuple[str, ...]:
    """A note for each limit that was given in another currency than the prices': it was taken as it stands."""
    return tuple(
        f"'{clean(c.span)}' was taken as an amount in {currency}, the currency of the prices; no exchange is made"
        for c in (worded(c, request) for c in intent.constraints)
        if foreign(c, currency)
    )


def _currency(word: str) -> str | None:
    return currency_of(word) or _SLANG.get(word.lower())
