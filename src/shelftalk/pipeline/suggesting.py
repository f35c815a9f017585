"""The candidate sources of a shop beside the request: what history, behaviour, the profile and what is new propose, and what they say of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shelftalk.catalog import Catalog
from shelftalk.errors import CatalogError
from shelftalk.facts.card import plain_name
from shelftalk.pipeline.personal import Personal
from shelftalk.prompts import PromptLibrary
from shelftalk.shoppers.candidates import (
    FILE,
    WITHOUT_HISTORY,
    Because,
    Behaviour,
    Sourced,
    Telling,
    because_claims,
    rank_for,
    scores_for,
)
from shelftalk.values import Candidate, Claim, Intent, PickSource, Product, Shopper

__all__ = ["Suggestions", "Told"]

logger = logging.getLogger(__name__)
# Retrieval's own scores, by which the request itself is told as a source.
_OF_REQUEST = frozenset(("dense", "bm25", "relevance", "text", "popularity"))
LEAST = 0.15  # the share of a score that a source must have to be told
MANY = 20  # reviews that are worth a word
WELL = 0.6  # a utility from which on a pick is said to do well by the wishes


@dataclass(frozen=True, slots=True)
class Told:
    """What sources say of a product, and the claim of the first of them, of the shopper's own history if one is."""

    sources: tuple[PickSource, ...]
    claim: Claim | None = None


class Suggestions:
    """The sources over one catalogue; what was learnt of behaviour is read from beside it, again when its file changes."""

    def __init__(self, catalog: Catalog, prompts: PromptLibrary) -> None:
        self._file = catalog.path / FILE
        self._prompts, self._template = prompts, prompts.get("answer/source")
        self._reading = threading.Lock()
        self._read: tuple[float, Behaviour | None] = (-1.0, None)

    @property
    def behaviour(self) -> Behaviour | None:
        """What was learnt; None where nothing was, or the file cannot be read (logged)."""
        with self._reading:
            try:
                changed = self._file.stat().st_mtime
            except OSError:
                return None
            if changed != self._read[0]:
                try:
                    self._read = changed, Behaviour.load(self._file)
                except CatalogError as error:
                    logger.warning("lists go without behaviour: %s", error)
                    self._read = changed, None
            return self._read[1]

    def found(self, shopper: Shopper, catalog: Catalog, exclude: Sequence[str], k: int) -> list[Sourced]:
        """The best k products for a shopper."""
        return rank_for(
            shopper.history,
            catalog,
            self.behaviour,
            lines=shopper.lines,
            context=shopper.context,
            k=k,
            exclude=exclude,
        )

    def scored(self, shopper: Shopper, catalog: Catalog, ids: Sequence[str]) -> Mapping[str, Sourced]:
        """What the sources say of given products, by id."""
        told = scores_for(shopper.history, ids, catalog, self.behaviour, lines=shopper.lines, context=shopper.context)
        return {one.product_id: one for one in told}

    def told(self, found: Sourced, product: Product, who: Personal) -> Told:
        """What the sources that found a product say of it: those that count, and what holds of this very product."""
        lines = [line for line in who.shopper.lines if who.suits(product, line)]
        telling = Telling(who.shopper.history, who.catalog, self.behaviour, lines, who.shopper.context)
        said = [b for b in because_claims(found, telling, self._prompts) if self._counts(b, found, product, who)]
        own = next((b.claim for b in said if b.source not in WITHOUT_HISTORY and b.source != "taste"), None)
        first = own or next((b.claim for b in said if b.source in WITHOUT_HISTORY), None)
        return Told(tuple(PickSource(b.source, b.text, _interactions(b)) for b in said), first)

    @staticmethod
    def _counts(because: Because, found: Sourced, product: Product, who: Personal) -> bool:
        if found.sources.get(because.source, 0.0) < LEAST * found.score:
            return False
        held = {e.field: e.value for e in because.evidence}
        if because.source == "popular":
            return int(held.get("review_count", MANY)) >= MANY
        if because.source != "liked" or not product.categories:
            return True
        other = who.known.get(str(held.get("product_id", "")))  # what is of another kind is like it by chance of words
        return other is not None and product.categories[-1] in other.categories

    def of_answer(self, candidate: Candidate, intent: Intent, who: Personal | None) -> tuple[PickSource, ...]:
        """What brought a pick of an answer into it: the request, the wishes, and what is known of the shopper."""
        scores = candidate.scores
        names = []
        if _OF_REQUEST & scores.keys() or not scores:
            names.append(PickSource("request", self._said("request")))
        if scores.get("criteria", 0.0) >= WELL and intent.criteria:
            what = ", ".join(dict.fromkeys(plain_name(c.field) for c in intent.criteria))
            names.append(PickSource("criteria", self._said("criteria", what)))
        if who is not None and (found := who.sourced.get(candidate.product.id)) is not None:
            names += [s for s in self.told(found, candidate.product, who).sources if s.name not in WITHOUT_HISTORY]
        if who is not None and scores.get("taste", 0.0) > 0 and all(s.name != "taste" for s in names):
            names += self._of_profile(candidate.product, who)
        return tuple(names)

    def _of_profile(self, product: Product, who: Personal) -> list[PickSource]:
        """The surest line of the profile that the product suits, as a source; none without one."""
        suited = [line for line in who.lines if line.text and who.suits(product, line)]
        line = max(suited, key=lambda one: one.weight, default=None)
        if line is None:
            return []
        telling = Telling(who.shopper.history, who.catalog, self.behaviour, [line], who.shopper.context)
        taste = Sourced(product.id, 1.0, {"taste": 1.0}, {"taste": (line.id,)})
        return [PickSource(b.source, b.text, _interactions(b)) for b in because_claims(taste, telling, self._prompts)]

    def _said(self, source: str, what: str = "") -> str:
        return self._template.render(source=source, what=what).messages[-1].content


def _interactions(because: Because) -> tuple[str, ...]:
    return tuple(str(e.value) for e in because.evidence if e.field == "interaction")
