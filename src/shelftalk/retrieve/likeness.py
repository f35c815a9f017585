"""Whether the catalogue has anything like what was asked, by its words and by how near the nearest product stands in meaning."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from shelftalk.catalog import rows
from shelftalk.catalog.words import content_words
from shelftalk.retrieve import relax
from shelftalk.retrieve.kind import (
    PROPERTY,
    UNNAMED,
    WHOLE,
    a_value,
    also_called,
    called_so,
    foreign,
    head_of,
    property_alone,
    says_something,
    says_what,
    vague,
)
from shelftalk.retrieve.query import Search
from shelftalk.text import shorten
from shelftalk.values import CORE_FIELDS, Intent, Product, Retrieval
from shelftalk.words.stems import stems
from shelftalk.words.stop import FUNCTION

if TYPE_CHECKING:
    from shelftalk.catalog import Catalog

# So many products with a word are looked at to tell what it names.
_LOOKED_AT = 60


def _measured(kind: str, search: Search, found: Retrieval) -> bool:
    """Whether what was found is of a measure that the request names and has the name in its title: "a 3/4 inch elbow"."""
    limits = [c for c in search.intent.constraints if c.field not in CORE_FIELDS and re.search(r"\d", str(c.value))]
    head, first = head_of(kind), found.candidates[:1]
    return bool(limits) and not found.relaxed and any(stems(head) <= stems(c.product.title) for c in first)


def _unanswered(intent: Intent) -> bool:
    """Whether all that the request tells is told to be answered by nothing."""
    told = {s for text in intent.unanswered for s in stems(text)}
    return bool(told) and {s for s in stems(intent.query) if s not in FUNCTION} <= told


class Likeness:
    """Marks what retrieval found where nothing is like what was asked. `floor` is the cosine below which nothing is."""

    def __init__(self, catalog: Catalog, floor: float) -> None:
        self._catalog, self._floor = catalog, floor

    def marked(self, search: Search, found: Retrieval) -> Retrieval:
        """The find, marked as unlike and with a note alone where the catalogue has nothing like the thing that is named or the need
        that is told: what is nearest to it answers it once in twenty times. In a shop of one kind the words may be of that kind all
        the same ("hm, more pockets"): what is found is then the nearest, and no match.

        The floors are the default embedder's; others have other scales and are not judged.
        """
        if (
            search.foreign
            or not search.text
            or self._catalog.embedder.name != "default"
            or relax.names_kind(search.intent.constraints)
        ):
            return found
        kind = search.intent.kind
        if kind:
            named = (stems(str(c.value)) for c in search.intent.criteria if c.want == "is")
            if (
                any(stems(kind) <= value for value in named)
                or _measured(kind, search, found)
                or self._sold(kind, search)
            ):
                return found  # "moka" is the moka pot that was read from it
            note = f"Nothing like '{shorten(kind, 60)}' was found in the catalogue"
        elif search.intent.constraints or search.intent.sort or not self._strange(search, found):
            return found
        else:  # a situation may name nothing that is sold ("the woman next to me on the train takes calls")
            note = "Nothing in the catalogue is like what was asked"
        if self._several_kinds():
            return replace(found, no_match=True, matching=0, notes=(f"{note}.",), unlike=True)
        return replace(found, no_match=True, matching=0, notes=(*found.notes, f"{note}; these are the nearest."))

    def _several_kinds(self) -> bool:
        """Whether there is a category that not all products have."""
        facets = self._catalog.facets()
        categories = facets.get("categories")
        return categories is not None and any(count < facets.products for _, count in categories.values)

    def _sold(self, kind: str, search: Search) -> bool:
        """Whether the catalogue has such a thing: called so, or near enough in meaning."""
        head = head_of(kind)
        products = self._with(head)
        if any(stems(kind) <= stems(" ".join(p.categories)) for p in products):
            return True  # "a quiet coffee grinder" among coffee makers
        if called_so(kind, products) or any(called_so(n, self._with(head_of(n))) for n in also_called(kind)):
            return True
        floor = self._floor
        if " " in kind:
            if foreign(kind, self._with(kind)):
                floor += UNNAMED
            if not a_value(head, products) and self._nearness(kind, search) >= floor + PROPERTY:
                return True
        if vague(head):
            return self._nearness(kind, search) >= floor + PROPERTY
        if property_alone(head, products):
            return all(self._nearness(text, search) >= floor + PROPERTY for text in dict.fromkeys((kind, head)))
        return self._nearness(kind, search) >= floor + WHOLE and self._nearness(head, search) >= floor + UNNAMED

    def _with(self, words: str) -> list[Product]:
        """The products that have most of the words, the best first."""
        found = [i for i, _ in self._catalog.lexical(words, None, _LOOKED_AT)]
        return list(self._catalog.get_many(found).values())

    def _nearness(self, text: str, search: Search) -> float:
        """The best cosine similarity of any product to a text."""
        vector = search.vector if text == search.text else self._catalog.embedder.encode_query(text)
        best = self._catalog.dense(vector, None, 1) if vector is not None else []
        return best[0][1] if best else 0.0

    def _strange(self, search: Search, found: Retrieval) -> bool:
        """Whether no candidate comes near the text, or no field and no text answers any of it and no kind helps with it, and none of
        the first candidates carries all its words. A text of which only wishes and words of no particular thing are left ("something
        nice for my sister") is never strange."""
        near = max((c.scores.get("dense", 0.0) for c in found.candidates), default=0.0) >= self._floor
        wholly = not search.intent.kinds and _unanswered(search.intent)
        if near and not wholly:
            return False
        says = says_something if wholly else says_what
        if not says(search.intent) or search.intent.criteria:
            return False
        said = " ".join(search.intent.unanswered) if wholly else search.text
        words = content_words(said).lower().split()
        return not any(
            all(word in rows.search_text(candidate.product).lower() for word in words)
            for candidate in found.candidates[:5]
        )
