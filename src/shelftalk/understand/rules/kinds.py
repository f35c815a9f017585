"""Kinds of things that the catalogue has no category for: "a tent or a sleeping bag", "a bike helmet" where helmets only hold lamps."""

from __future__ import annotations

from shelftalk.understand.rules.index import Field, Index, is_color
from shelftalk.understand.rules.lexicon import EVALUATIVE
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.stems import bag, stemmed
from shelftalk.words.stop import FILLER, FUNCTION

# Fields whose values may be what a product is, or what it is made of, whatever category it is in.
_OF_KINDS = stemmed(
    "kind type style product item sort material fabric gender sex pattern theme size colour color format"
)
_NO_THING = bag("similar equivalent alternative alternatives so like else both any either kind sort ok okay fine")
_LONGEST = 3


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


def lacking(text: Text, index: Index, found: list[Mention], used: set[int]) -> list[str]:
    """The alternatives to a category that are none themselves: "sleeping bag" of "a tent or a sleeping bag"."""
    out: list[str] = []
    for mention in found:
        if mention.field != "categories" or mention.negative:
            continue
        for step in (1, -1):
            at = mention.last + 1 if step > 0 else mention.first - 1
            while step < 0 and at >= 0 and text.tokens[at].low in ("a", "an", "the", "some"):
                at -= 1
            if not 0 <= at < len(text.tokens) or text.tokens[at].low != "or":
                continue
            phrase = _phrase(text, at + step, step, used)
            if phrase and not any(text.tokens[i].stem in index.nouns for i in phrase):
                out.append(text.span(phrase[0], phrase[-1]))
    return list(dict.fromkeys(out))


def _phrase(text: Text, at: int, step: int, used: set[int]) -> list[int]:
    """The tokens of the few words that go on from there; none where they name no thing."""
    held: list[int] = []
    while 0 <= at < len(text.tokens) and len(held) <= _LONGEST:
        token = text.tokens[at]
        if token.low in ("a", "an", "some") and not held and step > 0:
            at += step
            continue
        if token.low in FUNCTION or token.numeric or at in used or (step > 0 and (token.hard or token.comma) and held):
            break
        held.append(at)
        if step < 0 and (token.hard or token.comma):
            break
        at += step
    held.sort()
    words = [text.tokens[i].low for i in held]
    if len(held) > _LONGEST or not words or any(w in _NO_THING for w in words) or all(w in FILLER for w in words):
        return []
    return held if words[-1].isalpha() and len(words[-1]) > 2 and words[-1] not in EVALUATIVE else []
