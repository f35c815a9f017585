"""The words of a catalogue that a statement may not use unproven: names and values of its fields, brands, and words of praise.

The vocabulary comes from the facets, so an invented feature is found without a list of features.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from shelftalk.explain.statements import StatementToken, tokens
from shelftalk.facts.card import plain_name
from shelftalk.values import Facet, Facets, Product
from shelftalk.words.numbers import ordinal
from shelftalk.words.stems import bag, stem, words
from shelftalk.words.stop import content_stems

__all__ = ["Vocabulary", "praise", "unproven_word"]

_ADMINISTRATIVE = frozenset({"categories", "availability", "stock", "released_at", "review_count", "list_price"})
_SHORTEST, _TELLING = 4, 7
# Fields whose values end in what the product is ("hiking boot"), not in a quality of it.
_KINDS = frozenset({"kind", "type", "style", "form", "product type", "packaging", "mount", "opening"})
# Values that say nothing of a product, and words that every sentence uses.
_CONTRASTS = bag(
    "not no without instead rather than neither nor unlike where would between another isn't doesn't against"
)
_COMMON = bag(
    "yes no true false none other one two three four small medium large open full high low light long short wide flat "
    "front back side left right hard soft warm cold cool dark home daily day night young adult standard normal mixed "
    "single double plain natural down round open only any all third keep carry line load fold top bottom far near cut "
    "less made own machine battery charge colour colours open network word rest head hand hands foot feet body room "
    "water air time times space size type kind number model design style form part parts piece pieces pair pack "
    "pocket line lines point level grade class range rate rating price price's use uses year years month months week "
    "weeks hour hours minute minutes second seconds person persons people set sets included include includes"
)  # fmt: skip


@dataclass(frozen=True)
class Vocabulary:
    """The names and values of the fields of some kinds, as sequences of stems, each with its fields; `brands` likewise.

    A term of the field ":name" is only the name of a measured field, which one of its words may stand for.
    """

    terms: Mapping[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    brands: frozenset[tuple[str, ...]] = frozenset()
    longest: int = 1

    @classmethod
    def of(cls, facets: Facets, product: Product) -> Vocabulary:
        """That of the kinds that the product belongs to (fields whose kinds are not known count for all)."""
        return _vocabulary(facets, frozenset(c.lower() for c in product.categories))


def _vocabulary(facets: Facets, kinds: frozenset[str]) -> Vocabulary:
    terms: dict[tuple[str, ...], set[str]] = {}
    brands: set[tuple[str, ...]] = set()
    for facet in facets:
        if facet.field == "brand":
            brands |= {_stems(str(v)) for v, _ in facet.values}
        elif facet.field not in _ADMINISTRATIVE and _of_kinds(facet, kinds):
            for term in _terms(facet):
                terms.setdefault(term, set()).add(facet.field)
    terms.pop((), None)
    brands.discard(())
    longest = max(map(len, (*terms, *brands)), default=1)
    return Vocabulary({term: frozenset(fields) for term, fields in terms.items()}, frozenset(brands), longest)


def _of_kinds(facet: Facet, kinds: frozenset[str]) -> bool:
    return not facet.categories or not kinds or bool(kinds & {c.lower() for c in facet.categories})


def _terms(facet: Facet) -> Iterable[tuple[str, ...]]:
    name = plain_name(facet.field)
    if facet.kind == "boolean":
        single = len(words(name)) == 1
        yield from (
            (s,) for s, w in content_stems(name) if len(w) >= (_SHORTEST if single else _TELLING) and w not in _COMMON
        )
        if not single:
            yield _stems(name)
        return
    if len(words(name)) > 1 or name not in _COMMON:
        yield _stems(name)
    if facet.kind in ("text", "list"):
        heads = (
            Counter()
            if name in _KINDS
            else Counter(words(str(value))[-1] for value, _ in facet.values if words(str(value)))
        )
        yield from ((stem(w),) for w, n in heads.items() if n > 1 and len(w) >= _SHORTEST and w not in _COMMON)
        for value, _ in facet.values:
            said = [w for w in words(str(value)) if not w[:1].isdigit()]
            if len(said) > 4 or not said:
                continue
            if len(said) > 1 or (said[0] not in _COMMON and len(said[0]) > 2):
                yield tuple(stem(w) for w in said)


def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(w) for w in words(text))


def unproven_word(
    text: str, vocabulary: Vocabulary, allowed: Iterable[str], cited: Iterable[str] = (), own_brand: str | None = None
) -> str:
    """Why a word of the catalogue is not proven, "" where all are: `allowed` are texts whose words may be used, `cited` the
    fields of the cited facts, whose other values may be denied ("urethane rather than rubber")."""
    known = frozenset(cited)
    stream = [t for t in tokens(text) if t.text[:1].isalnum()]
    sequences = [_stems(one) for one in allowed]
    free = {s for sequence in sequences for s in sequence}
    for size in range(vocabulary.longest, 0, -1):
        for i in range(len(stream) - size + 1):
            part = tuple(t.stem for t in stream[i : i + size])
            if part in vocabulary.terms and not _granted(part, vocabulary.terms[part], free, known, stream, i):
                return f'says "{" ".join(t.text for t in stream[i : i + size])}", which stands in no cited fact'
            if (
                part in vocabulary.brands
                and part != _stems(own_brand or "")
                and not set(part) <= free
                and _large(stream[i], text)
            ):
                return f'names "{" ".join(t.text for t in stream[i : i + size])}", another brand'
    return ""


def _granted(
    part: tuple[str, ...],
    fields: frozenset[str],
    free: set[str],
    cited: frozenset[str],
    stream: Sequence[StatementToken],
    i: int,
) -> bool:
    if set(part) <= free:
        return True
    if all(_stems(plain_name(f)) == part for f in fields) and set(part) & free:  # the name of a measured field, in part
        return True
    return bool(fields & cited) and bool(
        _CONTRASTS & {t.text for t in (*stream[max(0, i - 5) : i], *stream[i : i + 4])}
    )


def _large(token: StatementToken, text: str) -> bool:
    return bool(re.search(rf"\b{re.escape(token.text.capitalize())}", text))


@lru_cache(maxsize=1)
def praise() -> frozenset[str]:
    """The words that praise without saying anything a record could prove."""
    text = (Path(__file__).parent / "praise.txt").read_text("utf-8")
    return frozenset(w for line in text.splitlines() if not line.startswith("#") for w in line.split())


def praised(text: str, allowed: Sequence[str]) -> str:
    """The first word of praise that stands in none of the allowed texts, "" where there is none."""
    free = {s for one in allowed for s in _stems(one)}
    stream = tokens(text)
    placed = {i + 1 for i, t in enumerate(stream) if (ordinal(t.text) or 0) > 1}  # "third best of 11" is a place
    return next(
        (t.text for i, t in enumerate(stream) if t.text in praise() and t.stem not in free and i not in placed), ""
    )
