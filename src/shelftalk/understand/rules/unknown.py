"""Properties that a request insists on and the catalogue has never heard of: "made of moonstone", "with wifi".

A material that no product names is a limit that nothing meets, so that the answer says so; of anything else the shopper
is told that no pick is held to it.
"""

from __future__ import annotations

import re

from shelftalk.understand.rules.index import Index
from shelftalk.understand.rules.lexicon import COLORS, COMMON, EVALUATIVE
from shelftalk.understand.rules.soft import SOFT
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint
from shelftalk.words.stems import bag, stemmed
from shelftalk.words.stop import FILLER, FUNCTION
from shelftalk.words.units import UNITS

_MADE = re.compile(
    r"\bmade (?:out |entirely |only |purely )?(?:of|from) (?:pure |real |solid |genuine |actual )?(?P<what>[^\W\d_]{3,})"
)
_WITH = re.compile(r"\bwith (?:an? |built-in |integrated |some )*(?P<what>[^\W\d_]{4,})")
_MATERIAL = stemmed("material fabric")
# Words for many materials, and for none: a catalogue names the kinds, not these.
_MANY = bag(
    "metal metals material materials fabric fabrics textile textiles cloth synthetic synthetics natural organic fibre fiber fibres "
    "fibers recycled renewable sustainable quality scratch parts pieces ingredients stuff something anything plants plant waste alloy"
)
_PLAIN = FILLER | FUNCTION | COMMON | EVALUATIVE | SOFT | COLORS | _MANY
_LONGEST_REQUEST = 16


def unknown(
    text: Text, index: Index, used: set[int], negative: list[bool], category: str | None
) -> tuple[list[Constraint], list[str]]:
    """The limits on a material of which no value is known, and what there is to tell of other unknown properties."""
    limits: list[Constraint] = []
    notes: list[str] = []

    def strange(match: re.Match[str]) -> int | None:
        at = text.at(match.start("what"))
        token = text.tokens[at]
        known = token.stem in index.vocabulary_stems or token.low in _PLAIN or token.low in UNITS
        return None if known or at in used or negative[at] else at

    for match in _MADE.finditer(text.low):
        fields = [k for k in index.fields.values() if _MATERIAL & set(k.name) and k.trusted and k.carried(category)]
        if (at := strange(match)) is not None and len(fields) == 1 and fields[0].kind in ("text", "list"):
            limits.append(Constraint(fields[0].field, "=", text.tokens[at].low, match.group()))
            notes.append(f"no product here is known to be made of '{text.tokens[at].text}'")
    if len(text.tokens) <= _LONGEST_REQUEST:
        for match in _WITH.finditer(text.low):
            if (at := strange(match)) is not None:
                notes.append(
                    f"no field here speaks of '{text.tokens[at].text}': it was searched for, and no pick is held to it"
                )
    return limits, notes
