"""What a request turns down besides single values: a whole category, "another brand", words that no field holds."""

from __future__ import annotations

import re

from shelftalk.understand.index import Field, Index
from shelftalk.understand.lexicon import COMMON, FILLER, FUNCTION, SUPERLATIVES
from shelftalk.understand.mentions import Mention
from shelftalk.understand.polarity import rejected_after
from shelftalk.understand.tokens import Text, bag, stemmed, stems
from shelftalk.values import Scalar

_REFUSING = bag("no without non avoid except excluding contain contains containing not of with")


def starts_anew(text: Text, index: Index, before: Mention, after: Mention) -> bool:
    """Whether a comma and the name of another field part a value from a refusal: "no wool, size XL" wants XL."""
    between = text.low[text.tokens[before.last].end : text.tokens[after.first].start]
    if before.field == after.field or not between.startswith(",") or _REFUSING & set(between.replace(",", " ").split()):
        return False
    named = {t.stem for t in text.tokens[before.last + 1 : after.first]}
    return bool(named & set(index.fields[after.field].name))


_MATERIAL = stemmed("material fabric")
# Before a material's name these say that it is something else.
_UNLIKE = stemmed("faux fake imitation artificial synthetic vegan mock non free no")


def with_mixtures(known: Field, refused: list[Scalar], pure: bool = False) -> list[Scalar]:
    """The refused values, and for a material all others whose words contain one: "not steel" turns stainless steel down.
    With `pure` only its kinds, which end with its name: "steel" is stainless steel, "cotton" is no cotton blend."""
    if not _MATERIAL & set(known.name):
        return refused
    told = [set(stems(str(v))) for v in refused]
    more = [
        v
        for v, _ in known.facet.values
        if v not in refused
        and any(t <= set(s := stems(str(v))) and not _UNLIKE & set(s) and (not pure or s[-1] in t) for t in told)
    ]
    return [*refused, *more]


# What may stand between a negation and the category that it turns down ("I don't want any shoes").
_WANTING = frozenset(
    [
        "already",
        "own",
        "owned",
        "bought",
        "want",
        "need",
        "needs",
        "like",
        "looking",
        "show",
        "give",
        "interested",
        "buying",
        "buy",
        "more",
        "bother",
    ]
)


def refused_category(text: Text, mention: Mention, negative: list[bool], ends: set[int]) -> bool:
    """Whether a category itself is turned down ("no shoes"), rather than one of its kind ("no leather shoes") or something
    done with it ("I don't have time to charge my headphones")."""
    before = mention.first - 1
    at = before
    while at >= 0 and negative[at]:
        if at not in ends and text.tokens[at].low not in FUNCTION and text.tokens[at].low not in _WANTING:
            return False
        at -= 1
    if rejected_after(text, mention.last) and before not in ends:
        return True
    return negative[mention.first] and (
        before < 0 or not negative[before] or (before not in ends and text.tokens[before].low in FUNCTION)
    )


def another(text: Text, index: Index, found: list[Mention]) -> set[int]:
    """Positions of brands that a request turns its back on by asking for "a different brand"."""
    brands = [i for i, m in enumerate(found) if index.fields[m.field].brand]
    if len(brands) != 1 or found[brands[0]].negative:
        return set()
    if re.search(
        r"(?:n't|no|not|never|without)(?: \w+){0,3} (?:any )?(?:other|different|another) (?:brands?|ones?|makes?)",
        text.low,
    ):
        return set()
    if re.search(
        r"\b(?:any other|some other|another|a different|different|other|a new) (?:brands?|makes?|manufacturers?|compan(?:y|ies)|labels?|makers?)\b|\bfrom (?:someone|anyone|somebody|anybody) else\b|other than (?:that|those|them|it)\b|(?:n't|not) (?:be |made )?(?:from|by) (?:them|that (?:brand|company|one)|those|it|theirs)\b|(?:anything|anyone|any brand|everything|all) but (?:them|that|those|it|theirs)\b|n't (?:them|theirs|that brand|one of theirs|their)\b",
        text.low,
    ):
        return set(brands)
    return set()


_NOT_FOR = re.compile(
    r"\b(?:not|n't|never) (?:(?:made|meant|intended|designed|only|just) )?for (?P<who>children|kids|toddlers|babies|men|women|boys|girls|dogs|cats)\b(?! only)"
)


def excluded(text: Text, index: Index, negative: list[bool], used: set[int]) -> tuple[str, ...]:
    """Words turned down that no field holds: "no mushrooms" where no facet knows mushrooms."""
    out = []
    for i, (token, off) in enumerate(zip(text.tokens, negative, strict=True)):
        plain = token.low in FILLER or token.low in COMMON or token.low in SUPERLATIVES or token.stem in index.nouns
        if not off or plain or i in used or token.numeric or len(token.low) < 4:
            continue
        lead = {t.low for t in text.tokens[max(0, i - 2) : i]}
        if lead & _REFUSING and not token.low.endswith(("ing", "ed", "er")):
            out.append(token.low)
    out += [
        m["who"]
        for m in _NOT_FOR.finditer(text.low)
        if not any(i in used for i in range(text.at(m.start("who")), text.at(m.end("who"))))
    ]
    return tuple(dict.fromkeys(out))[:5]
