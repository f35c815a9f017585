"""What a product must not hold: "no polyester", "polyester-free", "-polyester", "allergic to nickel".

A word that no value is alone ("polyester" of "60% cotton, 40% polyester") is turned down in every field whose values hold
it; one that no value holds is left to the text.
"""

from __future__ import annotations

import re

from shelftalk.understand.rules.index import Field, Index, is_color
from shelftalk.understand.rules.lexicon import COMMON, VALUE_SYNONYMS
from shelftalk.understand.rules.tokens import Text, stems
from shelftalk.values import Constraint, Scalar
from shelftalk.words.lacking import LACKING
from shelftalk.words.stems import bag, stem, stemmed
from shelftalk.words.stop import FILLER, FUNCTION

# Before a material's name these say that it is something else.
_UNLIKE = stemmed("faux fake imitation artificial synthetic vegan mock non free no")
_NOT_BORNE = bag("allergy allergies allergic intolerance intolerances intolerant")
_OFFERED = bag("shipping delivery returns gift sample trial")


def freed(text: Text) -> set[int]:
    """The tokens that a word behind or a sign before them turns down alone: "polyester-free", "nickel free", "-polyester",
    "a chicken allergy", "lactose intolerant"."""
    found: set[int] = set()
    for i, token in enumerate(text.tokens):
        minus = token.gap.endswith(" -") or (token.gap == "-" and i == 0)
        if minus and not token.numeric and token.low not in FUNCTION:
            found.add(i)
        after = text.tokens[i + 1 : i + 3]
        if after and after[0].low in _NOT_BORNE and after[0].gap in ("-", " ") and token.low not in FUNCTION | FILLER:
            found.add(i)
        if not after or after[0].low != "free" or after[0].gap not in ("-", " ") or token.numeric:
            continue
        behind = after[1].low if len(after) > 1 and not after[1].hard else ""
        if after[0].gap == "-" or (token.low not in FUNCTION | FILLER and behind not in _OFFERED | {"of", "from"}):
            found.add(i)
    return found


def lacking_before(text: Text, first: int) -> bool:
    """Whether the words before token `first` say that something shall not be in the product at all: "without", "allergic to"."""
    start = text.tokens[first].start
    return LACKING.search(text.low[max(0, start - 90) : start]) is not None


def holding(known: Field, refused: list[Scalar]) -> list[Scalar]:
    """The refused values with all others of the field whose words hold one of them: "chicken" is in "chicken and rice"."""
    told = [set(stems(str(v))) for v in refused]
    more = [
        v
        for v, _ in known.facet.values
        if v not in refused and any(t <= set(s := stems(str(v))) and not _UNLIKE & set(s) for t in told)
    ]
    return [*refused, *more]


def of_properties(known: Field) -> bool:
    """Whether the field's values are properties that hold others, as materials and flavours do: no name, no colour."""
    return known.field != "categories" and not known.brand and not is_color(known) and known.kind in ("text", "list")


def absent(
    text: Text, index: Index, negative: list[bool], used: set[int], category: str | None
) -> tuple[list[Constraint], set[int]]:
    """The limits of turned-down words that no value is alone but that stand in some, and the tokens they were read from."""
    out: list[Constraint] = []
    tokens: set[int] = set()
    alone = freed(text)
    for i, token in enumerate(text.tokens):
        if (
            i in used
            or (i - 1 in used and i not in alone)
            or not (negative[i] or i in alone)
            or not (_telling(index, text, i) or (i in alone and _named_apart(text, i)))
        ):
            continue
        if i not in alone and not lacking_before(text, i) and not plainly_denied(text, i):
            continue
        for name in sorted(index.tokens.get(token.stem, ())):
            known = index.fields[name]
            if not of_properties(known) or not known.carried(category) or token.stem in known.name:
                continue
            values = [v for v, _ in known.facet.values if token.stem in (s := stems(str(v))) and not _UNLIKE & set(s)]
            if values:
                out.append(
                    Constraint(name, "!=", values[0], token.text)
                    if len(values) == 1
                    else Constraint(name, "not in", tuple(values), token.text)
                )
                tokens.add(i)
    return out, tokens


def _telling(index: Index, text: Text, i: int) -> bool:
    token = text.tokens[i]
    plain = token.low in FUNCTION or token.low in FILLER or token.low in COMMON
    named = token.stem in index.nouns or token.stem in index.by_name
    return not plain and not token.numeric and len(token.low) > 2 and not named


def _named_apart(text: Text, i: int) -> bool:
    """Whether a word of any sentence can only be a thing, since "-free" stands behind it: "down-free"."""
    behind = text.tokens[i + 1] if i + 1 < len(text.tokens) else None
    return behind is not None and behind.gap == "-" and behind.low == "free" and len(text.tokens[i].low) > 2


def plainly_denied(text: Text, i: int) -> bool:
    """Whether the word stands right behind a plain negation: "not plated", "isn't quilted"."""
    return (
        re.search(r"(?:\bnot|n't|\bnon)[ -]$", text.low[max(0, text.tokens[i].start - 9) : text.tokens[i].start])
        is not None
    )


def spellings(word: str) -> tuple[str, ...]:
    """The word and its other spelling, where there is one: "aluminium" is "aluminum" elsewhere."""
    others = [o for o in VALUE_SYNONYMS.get(word, ()) if word in VALUE_SYNONYMS.get(o, ()) and _alike(word, o)]
    return (word, *others)


def _alike(one: str, other: str) -> bool:
    return " " not in other and stem(one)[:3] == stem(other)[:3]
