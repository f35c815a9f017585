"""The candidate sources of a shop beside the request: what history, behaviour, the profile and what is new propose, and what they say of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shelftalk.catalog import Catalog
from shelftalk.errors import CatalogError
from shelftalk.explain.history import DONE, FIELD, evidence_of, when
from shelftalk.facts.card import plain_name
from shelftalk.facts.facts import safe
from shelftalk.pipeline.personal import Personal
from shelftalk.prompts import PromptLibrary
from shelftalk.shoppers.candidates import FILE, WITHOUT_HISTORY, Behaviour, Sourced, rank_for, scores_for
from shelftalk.text import clean, shorten
from shelftalk.values import Candidate, Claim, Evidence, Intent, PickSource, Product, ProfileLine, Shopper

__all__ = ["Suggestions", "Told"]

logger = logging.getLogger(__name__)
# Retrieval's own scores, by which the request itself is told as a source.
_OF_REQUEST = frozenset(("dense", "bm25", "relevance", "text", "popularity"))
_OWN = ("liked", "bought_together")  # sources that rest on one thing the shopper did
LEAST = 0.15  # the share of a score that a source must have to be told
MANY, MOST = 20, 0.1  # so many reviews are many; so near to the most chosen is among them
WELL = 0.6  # a utility from which on a pick is said to do well by the wishes


@dataclass(frozen=True, slots=True)
class Told:
    """What sources say of a product, and the claim of the first that rests on the shopper's own history."""

    sources: tuple[PickSource, ...]
    claim: Claim | None = None


class Suggestions:
    """The sources over one catalogue; what was learnt of behaviour is read from beside it, again when its file changes."""

    def __init__(self, catalog: Catalog, prompts: PromptLibrary) -> None:
        self._file = catalog.path / FILE
        self._template = prompts.get("answer/source")
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
        """What the sources that found a product say of it."""
        sources, first = [], None
        least = LEAST * found.score
        for name in (name for name, part in found.sources.items() if part >= least):
            because = found.evidence.get(name, ())
            if name in _OWN:
                claim = self._own(name, because, product, who)
                if claim is None:
                    continue
                first = first or claim
                sources.append(PickSource(name, claim.text, tuple(because)))
            elif (what := self._what(name, because, product, who)) is not None:
                sources.append(PickSource(name, self._said(name, what=what), self._ids(name, because, who)))
        return Told(tuple(sources), first)

    def of_answer(self, candidate: Candidate, intent: Intent, who: Personal | None) -> tuple[PickSource, ...]:
        """What brought a pick of an answer into it: the request, the wishes, and what is known of the shopper."""
        scores = candidate.scores
        names = []
        if _OF_REQUEST & scores.keys() or not scores:
            names.append(PickSource("request", self._said("request")))
        if scores.get("criteria", 0.0) >= WELL and intent.criteria:
            what = ", ".join(dict.fromkeys(plain_name(c.field) for c in intent.criteria))
            names.append(PickSource("criteria", self._said("criteria", what=what)))
        if who is not None and (found := who.sourced.get(candidate.product.id)) is not None:
            names += [s for s in self.told(found, candidate.product, who).sources if s.name not in WITHOUT_HISTORY]
        return tuple(names)

    def _own(self, name: str, because: Sequence[str], product: Product, who: Personal) -> Claim | None:
        """The claim of a source that rests on what the shopper did with another product; None where that can no longer be told."""
        done = {i.id: i for i in who.shopper.history}
        for one in (done[b] for b in because if b in done):
            other = who.known.get(one.product_id)
            title = shorten(clean(other.title), 60) if other else ""
            if other is None or one.kind not in DONE or other.id == product.id or not safe(title):
                continue
            if name == "liked" and product.categories and not set(product.categories[-1:]) & set(other.categories):
                continue
            text = self._said(name, did=DONE[one.kind], title=title, when=when(one.at, who.now))
            return Claim(text, (Evidence(FIELD, evidence_of(one)),), None, True, "record")
        return None

    def _what(self, name: str, because: Sequence[str], product: Product, who: Personal) -> str | None:
        """What a source that rests on nothing single says beside its name; None where it is not worth saying."""
        if name == "taste":
            lines = [line.text for line in who.shopper.lines if _of_line(line, because) and line.text]
            return lines[0] if lines else None
        if name != "popular":
            return ""
        learnt = self.behaviour
        if learnt is None:
            return str(product.review_count) if (product.review_count or 0) >= MANY else None
        shares = learnt.popularity(who.shopper.context.place)
        place = learnt.index.get(product.id)
        return "" if place is not None and len(shares) and (shares > shares[place]).mean() < MOST else None

    @staticmethod
    def _ids(name: str, because: Sequence[str], who: Personal) -> tuple[str, ...]:
        """The interactions behind a source: those of the profile's lines that it names, and those that it names itself."""
        of_lines = [e for line in who.shopper.lines if _of_line(line, because) for e in line.evidence]
        own = {i.id for i in who.shopper.history}
        return tuple(dict.fromkeys([*of_lines, *(b for b in because if b in own)]))

    def _said(self, source: str, **told: str) -> str:
        blank = dict.fromkeys(("did", "title", "when", "what"), "")
        return self._template.render(source=source, **{**blank, **told}).messages[-1].content


def _of_line(line: ProfileLine, because: Sequence[str]) -> bool:
    """Whether a source rests on a line of the profile: by the line's id, or by all that the line rests on."""
    return line.id in because or (bool(line.evidence) and set(line.evidence) <= set(because))
