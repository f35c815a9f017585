"""What becomes of a ranking before it is shown: chosen for variety, spread over kinds, and places for new products, as settings say.

None of it touches an order that the shopper asked for (a superlative), products that were named or given, near misses, or a question about
what was shown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from random import Random

from shelftalk.catalog import Catalog
from shelftalk.conversation import spread
from shelftalk.facts.availability import sold_out, to_come
from shelftalk.pipeline.exploring import explored, relevance
from shelftalk.pipeline.state import PipelineState
from shelftalk.prompts import PromptLibrary
from shelftalk.rank.diversity import POOL, diversified
from shelftalk.retrieve.criteria import answering
from shelftalk.settings import Settings
from shelftalk.shoppers.exposure import ExposureAccount, Reordered, with_floor
from shelftalk.shoppers.newness import Newness
from shelftalk.values import Candidate, Ranking

_NAMING = frozenset({"id", "title", "item_group_id"})


class Arranging:
    """Puts rankings into the order that is shown. `account` holds what new products are owed; `counts` gives the interactions of each
    product, where the settings ask for them. Both may be replaced by who shares them with other processes."""

    def __init__(self, catalog: Catalog, settings: Settings, prompts: PromptLibrary) -> None:
        self._catalog, self._settings, self._prompts = catalog, settings, prompts
        self.account = ExposureAccount(settings.exposure.window)
        self.counts: Callable[[], Mapping[str, int]] = dict
        self.random: Random | None = None  # a server's, which logs what it draws; without it nothing is drawn

    def arrange(self, state: PipelineState, ranking: Ranking) -> Ranking:
        """The ranking as it is shown; `state.reordered` is what the floor did."""
        kinds, chosen = state.intent.named_kinds, state.understood.chosen
        several = (chosen or len(kinds) > 1) and not state.retrieval.no_match
        several = several and state.intent.sort is None and state.request.candidates is None
        shown = state.places(self._settings.k)
        free = unbound(state) and shown > 1
        scores = relevance(ranking)
        rank = self._settings.rank
        if free and not several and rank.diversity != "none":
            pool = [c.product.id for c in ranking.candidates[: POOL * shown]]
            varied = diversified(ranking.candidates, state.snapshot.catalog.vectors_of(pool), rank, shown)
            ranking = replace(ranking, candidates=varied)
            scores = relevance(ranking)
        if several:
            ranking = spread(ranking, kinds, chosen=chosen)
        draws = self.random is not None and state.counted and unbound(state) and not several
        if draws and self.random is not None and self.random.random() < self._settings.explore.share:
            return explored(state, ranking, shown, self._settings.explore, self.random)  # chance gives each its places
        if free and self._settings.exposure.share:
            ranking = self._floored(state, ranking, scores, shown, several=bool(several))
        return ranking

    def newness(self) -> Newness:
        """What counts as new now."""
        settings = self._settings.exposure
        return Newness.by(settings, self._catalog.added_on(), self.counts() if settings.few else None)

    def _floored(
        self, state: PipelineState, ranking: Ranking, scores: Mapping[str, float], shown: int, *, several: bool
    ) -> Ranking:
        settings, kinds = self._settings.exposure, state.intent.named_kinds
        first = ranking.candidates[:1]
        newness = self.newness()

        def suits(candidate: Candidate) -> bool:
            product = candidate.product
            if sold_out(product) or to_come(product):
                return False
            if kinds and not any(kind in product.categories for kind in kinds):
                return False
            return len(answering([*first, candidate], state.intent.criteria)) == 2 or candidate in first

        def line(candidate: Candidate) -> Hashable:
            return next((k for k in kinds if k in candidate.product.categories), None) if several else None

        def work(owed: float) -> Reordered:
            return with_floor(
                ranking.candidates, newness, owed, settings, k=shown, scores=scores, suits=suits, line=line
            )

        today = newness.today
        account = self.account
        done = account.settle(today, work) if state.counted else work(account.owed(today))
        state.reordered = done
        if not done.placed:
            return ranking
        placed = {p.product_id for p in done.placed}
        candidates = tuple(
            replace(c, score=old.score, scores={**c.scores, "lifted_from": scores[c.product.id]} if c.product.id in placed else c.scores)
            for c, old in zip(done.candidates, ranking.candidates, strict=True)
        )  # fmt: skip
        note = self._note(done, shown)
        return replace(ranking, candidates=candidates, notes=(*ranking.notes, note))

    def _note(self, done: Reordered, shown: int) -> str:
        told = self._prompts.get("answer/exposure").render(
            places=len(done.placed), shown=min(shown, len(done.candidates)), given_up=f"{done.given_up:.3f}"
        )
        return told.messages[0].content


def unbound(state: PipelineState) -> bool:
    """Whether the order is the shop's to settle: the shopper asked for no superlative and for no product by its name, gave none to choose
    from, asks about none that was shown, and what was found keeps every limit."""
    intent, found = state.intent, state.retrieval
    named = any(c.field in _NAMING for c in intent.constraints)
    asked = state.understood.follow_up is not None or state.request.candidates is not None
    return not (intent.sort or named or asked or found.no_match or found.relaxed or found.unlike) and state.graded
