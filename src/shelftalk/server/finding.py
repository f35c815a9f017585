"""Products by the name that a shopper remembers: an id, the beginning of a word, a slip of the pen, words in any order."""

from __future__ import annotations

from rapidfuzz import fuzz

from shelftalk.catalog import Catalog
from shelftalk.text import clean
from shelftalk.values import Product

_LOOKED_AT = 60
_ALIKE = 80.0  # of 100: from there on a title is what was named


def found_by_name(catalog: Catalog, words: str, limit: int) -> list[Product]:
    """The product of that id, then those whose titles are most like the words, then those that full-text search finds; at most `limit`."""
    name = clean(words)
    if not name:
        return []
    exact = [i for i in dict.fromkeys((name, name.upper())) if catalog.get(i) is not None][:1]
    by_words = [i for i, _ in catalog.lexical(words, None, max(limit, _LOOKED_AT))]
    by_sense = [i for i, _ in catalog.dense(catalog.embedder.encode_query(name), None, _LOOKED_AT)]
    held = catalog.get_many([*dict.fromkeys((*exact, *by_words, *by_sense))])

    def alike(product_id: str) -> float:
        score = _likeness(name.lower(), clean(held[product_id].title).lower())
        return score if score >= _ALIKE else 0.0

    ids = [i for i in held if i not in exact]
    ordered = sorted(ids, key=lambda i: -alike(i))
    known = set(by_words)
    kept = [*exact, *(i for i in ordered if i in known or alike(i))]
    return [held[i] for i in kept[:limit] if i in held]


def _likeness(name: str, title: str) -> float:
    """From 0 to 100: how well each word of the name is found in the title, at the beginning of one of its words or nearly."""
    words, titled = name.split(), title.split()
    if not words or not titled:
        return 0.0
    best = [max(100.0 if t.startswith(w) and len(w) > 2 else fuzz.ratio(w, t) for t in titled) for w in words]
    return sum(best) / len(best)
