"""Kinds of things that the catalogue has no category for: "a bike helmet" where helmets only hold lamps."""

from __future__ import annotations

from shelftalk.understand.rules.index import Field, Index, is_color
from shelftalk.understand.rules.lexicon import EVALUATIVE
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.stems import stemmed
from shelftalk.words.stop import FILLER, FUNCTION

# Fields whose values may be what a product is, or what it is made of, whatever category it is in.
_OF_KINDS = stemmed(
    "kind type style product item sort material fabric gender sex pattern theme size colour color format"
)


def a_thing_of_its_own(text: Text, index: Index, mention: Mention, found: list[Mention]) -> bool:
    """Whether a value's word is used as the name of a thing ("a bike helmet"), in a request that names no category.

    Then it is a kind that the catalogue may lack, not the property of that name ("mount: helmet") of another kind.
    """
    known = index.fields[mention.field]
    if not _a_property(known, index) or mention.first != mention.last or mention.first == 0:
        return False
    if any(m is not mention and m.field == mention.field for m in found):
        return False  # "a clamp or strap": values of one property beside each other
    before = text.tokens[mention.first - 1]
    if text.tokens[mention.first].gap != " " or (
        before.low not in ("a", "an") and (before.low in FUNCTION or before.low in FILLER or before.low in EVALUATIVE)
    ):
        return False
    after = text.tokens[mention.last + 1] if mention.last + 1 < len(text.tokens) else None
    ends = after is None or after.hard or after.comma or after.low in FUNCTION
    return ends and str(mention.value.value if mention.value else "").lower().endswith(text.tokens[mention.last].low)


def _a_property(known: Field, index: Index) -> bool:
    """Whether the field is a property that only some of the shop's categories have."""
    if known.field == "categories" or known.brand or is_color(known) or _OF_KINDS & set(known.name):
        return False
    facet = index.facets.get("categories")
    return bool(known.within) and facet is not None and any(str(v).lower() not in known.within for v, _ in facet.values)
