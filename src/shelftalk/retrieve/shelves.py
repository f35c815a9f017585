"""What the shelves say of a request before anything is retrieved: the kinds of product that the search finds first, what products
of a kind hold, and whether a text is the title of one. It is how `understand` looks into the catalogue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from shelftalk.catalog import Catalog, sql
from shelftalk.catalog.words import content_words
from shelftalk.retrieve.fusion import Fused, fuse, weights_for
from shelftalk.retrieve.query import QUERY_LENGTH, query_text
from shelftalk.settings import RetrieveSettings
from shelftalk.text import clean
from shelftalk.values import Constraint, Intent, Product, Scalar
from shelftalk.words.stems import stem
from shelftalk.words.units import WRITTEN

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Shelves", "held_values", "kind_shares"]

# So many products are looked at to tell which kinds are in question, and so many count for how clear that is.
KIND_DEPTH, FIRST_FOUND = 300, 10
# So many products of a kind are looked into for what their fields hold; so many kinds are remembered.
LOOKED_INTO, KINDS_KEPT = 400, 64
# So many products tell which kinds there are, and so many of these, the commonest, are compared with a text by their names.
TOLD_BY, NAMES_KEPT = 2000, 100


_UNITS = "|".join(sorted(map(re.escape, (u for u in WRITTEN if u.isalpha())), key=len, reverse=True))


class Shelves:
    """Looks into one catalogue. Safe to share between threads."""

    def __init__(self, catalog: Catalog, settings: RetrieveSettings) -> None:
        self._catalog, self._settings = catalog, settings
        self._held_by: dict[tuple[int, tuple[str, ...]], Mapping[str, tuple[Scalar, ...]]] = {}
        self._names: tuple[int, Mapping[str, np.ndarray]] | None = None

    def kinds(self, intent: Intent, text: str = "", words: str | None = None) -> list[tuple[str, float]]:
        """The kinds of product (last categories) that the search finds first, with their shares of it, the largest first.

        `text` is searched for where the intent's own query holds less; `words` are those to look for in texts where it is in another
        language than English. [] where the products have no categories.
        """
        query = query_text(intent) or clean(text)[:QUERY_LENGTH]
        if not query:
            return []
        vector = self._catalog.embedder.encode_query(query)
        where = sql.where(intent.constraints) if self._catalog.matching(sql.where(intent.constraints)) else None
        dense = self._catalog.dense(vector, where, KIND_DEPTH)
        lexical = self._catalog.lexical(query if words is None else words, where, KIND_DEPTH)
        fused = fuse(dense, lexical, weights_for(query, self._settings))[:KIND_DEPTH]
        return kind_shares(fused, self._catalog.get_many([f.id for f in fused]))

    def called(self, text: str) -> list[str]:
        """The kinds of product (last categories of up to 2,000 products) whose names are nearest in meaning to a text, the nearest first."""
        if self._names is None or self._names[0] != self._catalog.version:
            some = self._catalog.get_many(self._catalog.scan(None, limit=TOLD_BY)).values()
            kinds = Counter(p.categories[-1] for p in some if p.categories)
            names = [kind for kind, _ in kinds.most_common(NAMES_KEPT)]
            self._names = self._catalog.version, {n: self._catalog.embedder.encode_query(n) for n in names}
        vector = self._catalog.embedder.encode_query(clean(text)[:QUERY_LENGTH])
        near = {name: float(vector @ other) for name, other in self._names[1].items()}
        return sorted(near, key=lambda name: -near[name])

    def titled(self, text: str) -> bool:
        """Whether a product is called so: one of the first that the search for these words finds has them all in its title, two at
        least ("where the crawdads sing")."""
        wanted = _title_words(text)
        if len(wanted) < 2:
            return False
        ids = self._catalog.lexical(" ".join(sorted(wanted)), None, FIRST_FOUND)
        return any(wanted <= _title_words(p.title) for p in self._catalog.get_many([i for i, _ in ids]).values())

    def numbered(self, word: str) -> frozenset[str]:
        """The numbers that stand right behind a word in the titles of the first products that it finds: those of "Galaxy 8"."""
        ids = [i for i, _ in self._catalog.lexical(word, None, LOOKED_INTO)]
        behind = re.compile(
            rf"(?<!\w){re.escape(clean(word))}[ -]?(\d+)(?![\w.]|[ -]?(?:{_UNITS}|packs?|pieces?|count|ct|x)\b)",
            re.IGNORECASE,
        )
        return frozenset(n for p in self._catalog.get_many(ids).values() for n in behind.findall(clean(p.title)))

    def held(self, kinds: Sequence[str]) -> Mapping[str, tuple[Scalar, ...]]:
        """What products of these kinds hold, by field: their values, commonest first (numbers: one of them, to say that there are
        some), of the fields that at least one product in twenty carries. Up to 400 products are looked at; {} without kinds."""
        key = (self._catalog.version, tuple(kinds))
        found = self._held_by.get(key)
        if found is None:
            where = sql.where((Constraint("categories", "in", tuple(kinds)),)) if kinds else None
            ids = self._catalog.scan(where, limit=LOOKED_INTO) if kinds else []
            found = held_values(self._catalog.get_many(ids).values())
            if len(self._held_by) >= KINDS_KEPT:
                self._held_by = {}  # anew: another thread may still read the old one
            self._held_by[key] = found
        return found


def held_values(products: Iterable[Product]) -> dict[str, tuple[Scalar, ...]]:
    """The values of each attribute, commonest first, of those that at least one product in twenty carries."""
    counts: dict[str, Counter[Scalar]] = {}
    carried: Counter[str] = Counter()
    total = 0
    for product in products:
        total += 1
        for name, value in product.attributes.items():
            if value is None or value == ():
                continue
            carried[name] += 1
            held = counts.setdefault(name, Counter())
            held.update(value if isinstance(value, (tuple, list)) else (value,))
    few = total / 20
    return {n: tuple(v for v, _ in c.most_common(60)) for n, c in counts.items() if carried[n] >= few}


def kind_shares(fused: Sequence[Fused], products: Mapping[str, Product]) -> list[tuple[str, float]]:
    """The last categories of what was found, by the mean score of each one's three best, as shares of the first ten found.

    The order is by the best scores; the share counts the first ten products.
    """
    best: dict[str, list[float]] = {}
    first: dict[str, int] = {}
    for place, found in enumerate(fused):
        product = products.get(found.id)
        if product is None or not product.categories:
            continue
        kind = product.categories[-1]
        best.setdefault(kind, []).append(found.score)
        first[kind] = first.get(kind, 0) + (place < FIRST_FOUND)
    total = sum(first.values()) or 1
    order = sorted(best, key=lambda k: (-first[k], -sum(best[k][:3]) / 3))
    return [(k, first[k] / total) for k in order]


def _title_words(text: str) -> set[str]:
    return {stem(word) for word in content_words(clean(text)[:QUERY_LENGTH]).lower().split()}
