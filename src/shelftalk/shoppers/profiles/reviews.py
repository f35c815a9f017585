"""What reviews say of a product: aspects, each with how many reviews speak of it and in their own words.

An aspect is a word that several reviews share (a field's name where it is of one) and, where an encoder is given, whose sentences stand
nearer to each other in meaning than sentences of these reviews do at large: "zip" does, "bought" does not. Every count is of reviews
with a sentence that holds the word, every quote is letter for letter in its review; `wrong` holds both against the reviews once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from shelftalk.facts.card import clauses, plain_name
from shelftalk.facts.facts import safe
from shelftalk.shoppers.profiles.signals import DISLIKES, LIKES
from shelftalk.text import clean
from shelftalk.values import Facets, Interaction, Product
from shelftalk.words.stems import stems
from shelftalk.words.stop import content_stems

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Aspect", "Encode", "Quote", "aspects_of", "wrong"]

Encode = Callable[[Sequence[str]], "np.ndarray"]  # unit vectors, shape (texts, dimensions)

LEAST, MOST, QUOTES = 2, 8, 2
_LONGEST, _LEAST_WORDS, _MOST_SENTENCES = 200, 2, 1000
_NEARER = 0.05  # cosine by which an aspect's sentences stand nearer to each other than all do
_SAME = 0.8  # of the reviews of two words: then they are one aspect


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a review, letter for letter, and the review's id."""

    text: str
    review: str


@dataclass(frozen=True, slots=True)
class Aspect:
    """What several reviews speak of. `words` are the stems by which a sentence speaks of it, `reviews` the ids of those that do, of which
    `good` rate the product well and `bad` low."""

    name: str
    words: frozenset[str]
    reviews: tuple[str, ...]
    good: int
    bad: int
    quotes: tuple[Quote, ...]

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a profile that is shown; reviews by their number alone."""
        return {
            "name": self.name,
            "reviews": len(self.reviews),
            "good": self.good,
            "bad": self.bad,
            "quotes": [quote.text for quote in self.quotes],
        }


def aspects_of(
    product: Product, facets: Facets, reviews: Sequence[Interaction], encode: Encode | None = None, least: int = LEAST
) -> list[Aspect]:
    """The aspects of which at least `least` reviews speak, the most spoken of first; at most 8."""
    said = [(sentence, one) for one in reviews for sentence in _sentences(one.text)][:_MOST_SENTENCES]
    words = [frozenset(stem for stem, _ in content_stems(sentence)) for sentence, _ in said]
    named = _names(product, facets)
    own = stems(" ".join((product.title, product.brand or "", *product.categories)))
    found: dict[str, list[int]] = {}
    for at, held in enumerate(words):
        for name in {named.get(stem, stem) for stem in held if stem in named or stem not in own}:
            found.setdefault(name, []).append(at)
    spoken = {name: places for name, places in found.items() if len({said[p][1].id for p in places}) >= least}
    if encode is not None and spoken:
        spoken = _coherent(spoken, encode([sentence for sentence, _ in said]))
    order = sorted(spoken, key=lambda n: (-len({said[p][1].id for p in spoken[n]}), n not in named.values(), n))
    aspects: list[Aspect] = []
    for name in order:
        aspect = _aspect(name, [said[p] for p in spoken[name]], named)
        if len(aspects) < MOST and not any(_alike(aspect, other) for other in aspects):
            aspects.append(aspect)
    return aspects


def wrong(aspects: Sequence[Aspect], reviews: Sequence[Interaction]) -> list[str]:
    """What does not hold of aspects: a quote that is in no review of that id, a review that does not speak of the aspect, a count."""
    by_id = {one.id: one for one in reviews}
    told = []
    for aspect in aspects:
        for quote in aspect.quotes:
            if quote.review not in by_id or quote.text not in clean(by_id[quote.review].text):
                told.append(f'{aspect.name}: "{quote.text}" is not in review {quote.review}')
        held = [by_id[i] for i in dict.fromkeys(aspect.reviews) if i in by_id and aspect.words & stems(by_id[i].text)]
        if len(held) != len(aspect.reviews):
            told.append(f"{aspect.name}: {len(held)} reviews speak of it, not {len(aspect.reviews)}")
        good = sum(one.value is not None and one.value >= LIKES for one in held)
        bad = sum(one.value is not None and one.value <= DISLIKES for one in held)
        if (good, bad) != (aspect.good, aspect.bad):
            told.append(f"{aspect.name}: {good} rate it well and {bad} low, not {aspect.good} and {aspect.bad}")
    return told


def _sentences(text: str) -> list[str]:
    """The sentences of a review that can be shown: safe, not long, and letter for letter in it."""
    held = clean(text)
    return [
        s for s in clauses(text)
        if len(s) <= _LONGEST and len(s.split()) >= _LEAST_WORDS and '"' not in s and s in held and safe(s)
    ]  # fmt: skip


def _names(product: Product, facets: Facets) -> dict[str, str]:
    """The name of the product's field by each stem that only this field's name holds."""
    owners: dict[str, set[str]] = {}
    for facet in facets:
        if facet.field in product.attributes:
            for stem, _ in content_stems(plain_name(facet.field)):
                owners.setdefault(stem, set()).add(plain_name(facet.field))
    return {stem: next(iter(names)) for stem, names in owners.items() if len(names) == 1}


def _coherent(spoken: dict[str, list[int]], vectors: np.ndarray) -> dict[str, list[int]]:
    """Those whose sentences stand nearer to each other than all sentences do."""
    many = len(vectors)
    near = vectors @ vectors.T
    at_large = float((near.sum() - near.trace()) / (many * (many - 1))) if many > 1 else 1.0

    def apart(places: list[int]) -> float:
        pairs = [float(near[a, b]) for a, b in combinations(places, 2)]
        return sum(pairs) / len(pairs) if pairs else 0.0

    return {name: places for name, places in spoken.items() if apart(places) >= at_large + _NEARER}


def _aspect(name: str, said: Sequence[tuple[str, Interaction]], named: dict[str, str]) -> Aspect:
    reviews = {one.id: one for _, one in said}
    words = frozenset(stem for stem, field in named.items() if field == name) or frozenset({name})
    good = [one for one in reviews.values() if one.value is not None and one.value >= LIKES]
    bad = [one for one in reviews.values() if one.value is not None and one.value <= DISLIKES]
    shown: list[Quote] = []
    for group in (good, bad, list(reviews.values())):
        ids = {one.id for one in group} - {quote.review for quote in shown}
        sentences = sorted((s, one.id) for s, one in said if one.id in ids)
        if sentences and len(shown) < QUOTES:
            shown.append(Quote(*min(sentences, key=lambda pair: (len(pair[0]), pair))))
    label = name if name in named.values() else _commonest(name, said)
    return Aspect(label, words, tuple(reviews), len(good), len(bad), tuple(shown))


def _commonest(stem: str, said: Sequence[tuple[str, Interaction]]) -> str:
    """The form in which a stem is written most."""
    forms = [word for sentence, _ in said for found, word in content_stems(sentence) if found == stem]
    return max(sorted(set(forms)), key=forms.count) if forms else stem


def _alike(one: Aspect, other: Aspect) -> bool:
    mine, theirs = set(one.reviews), set(other.reviews)
    return len(mine & theirs) >= _SAME * len(mine | theirs)
