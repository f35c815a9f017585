"""The retrieve stage: from an Intent to the products that a ranking may choose from. In this order:

1. Constraints and excluded ids become one filter of the database; search happens only within what it lets through.
2. Products out of stock come after those in stock, whatever else orders them, unless the intent itself speaks of stock
   or availability; a note says so. Where no product says anything about stock, nothing moves. Likewise, what is made for
   children comes behind the rest unless the request speaks of a child or names a superlative.
3. Within the filter: with a superlative, the order of its field, missing values last, ties by relevance; else by
   relevance (`fusion`); else, where the intent says nothing to search for, by popularity.
4. Products that carry an excluded word are passed over.
5. Where nothing is left, constraints are given up in the order that `relax` states; what comes back are near misses, the
   nearest to the limits first, with `relaxed` and `no_match` set. Where even that finds nothing, nothing comes back.
6. Where the catalogue has nothing like the kind of thing named (`kind`), whatever limits stand beside it, or nothing like a
   text that stands alone, what comes back is marked `unlike` and a note says so: what shares a word with a kettle boils no water.

A superlative over more products than the pool (`settings.candidates`), where no constraint says what kind of thing is
wanted, is taken over the relevant ones alone: the cheapest headphones of a shop that sells everything are no screw.
A candidate's `score` falls with its place: its relevance where relevance decides, else 1 - place / number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shelftalk.catalog import sql
from shelftalk.catalog.standing import Scope
from shelftalk.errors import CatalogError
from shelftalk.facts.sentences import Near
from shelftalk.retrieve import relax, stock
from shelftalk.retrieve.audience import grown_up_first
from shelftalk.retrieve.criteria import top, utility
from shelftalk.retrieve.exclude import Unwanted
from shelftalk.retrieve.fusion import FEEDBACK, Fused, fuse, moved, relevant, weights_for, with_cosines
from shelftalk.retrieve.lean import leaning
from shelftalk.retrieve.likeness import Likeness
from shelftalk.retrieve.near import comparable, like_kinds, nearest
from shelftalk.retrieve.query import Lean, Search, all_read, names_something, query_text
from shelftalk.retrieve.sentences import COUNTS, by_sentences
from shelftalk.retrieve.stock import placed
from shelftalk.retrieve.variants import distinct, leading, one_each, siblings
from shelftalk.settings import RetrieveSettings
from shelftalk.values import Candidate, Constraint, Criterion, Intent, Product, Retrieval, Sort

if TYPE_CHECKING:
    from shelftalk.catalog import Catalog

# How deep each list goes before they are fused.
DENSE_DEPTH, BM25_DEPTH = 400, 400
# So many candidates come from the criteria's own order; each kind after the first of a need weighs so much less.
CRITERIA_DEPTH, KIND_STEP = 60, 0.15
# Where there are no words to search for, popularity counts so much beside what was wished.
POPULARITY = 0.1
# What relevance counts where criteria and kind hold every word of the request: "a light tent" is about weight, and nothing else tells
# one tent from another: it parts those that stand alike.
NOTHING_MORE = 0.02
# What criteria count in a shop whose products have no kinds: they were read over the fields of all (chorus train, 50 queries, nDCG@10
# .768 at 1, .788 at a quarter, .792 without criteria).
UNPLACED = 0.25
# What sentences count beside criteria, which say what is wanted: of 34 everyday requests of the demo's shop .42 of what should be shown is
# without sentences, .47 with them where no criterion was read, .47 everywhere; of made-up products, whose texts say nothing of their
# worth, the picks stand at .721, .709 at 1 and .699 at 2 beside criteria (wishes, dev). Where no kind is in question they count nothing
# (esci train, 60 queries of a few keywords, nDCG@10 .557 without, .552 at .05, .550 at .1).
BESIDE_CRITERIA = 0.125
# So many variants of a thing may stand before another; of fewer things than FEW_FOUND more are looked for behind the variants of these.
MOST_VARIANTS, FEW_FOUND = 20, 20
# At most this many relevant products compete for a superlative.
COMPETING = 400


class Retriever:
    """Finds candidates in one catalogue; `near` reads their sentences. Safe to share between threads."""

    def __init__(self, catalog: Catalog, settings: RetrieveSettings, near: Near | None = None) -> None:
        self._catalog, self._settings, self._near = catalog, settings, near
        self._likeness = Likeness(catalog, settings.unlike_below)

    def retrieve(
        self,
        intent: Intent,
        *,
        k: int | None = None,
        only: Sequence[str] | None = None,
        said: str = "",
        words: str | None = None,
        dense: bool = True,
        held: Sequence[Constraint] = (),
        lean: Lean | None = None,
        more: Sequence[str] = (),
        exclude: Sequence[str] = (),
    ) -> Retrieval:
        """Up to k candidates (by default the setting `candidates`), best first; see the module for how. `said` is what the shopper said,
        by which sentences are read; without it the intent's own text. `words` are those to look for in texts where the request is in another
        language than English; with `dense` false its meaning is not searched for, since the embedder does not know the language, and what
        neither its words nor a named value finds is marked `unlike`. `held` and `exclude` are limits and ids beside the intent's that are never given up, `more` ids
        of products to consider where they keep all limits, and `lean` orders what was found by more than the request (no superlative).

        With `only`, exactly those products come back, whatever k: those that satisfy the intent first (`matching` of them).
        Raises CatalogError where `only` names products that the catalogue lacks.
        """
        wanted = k or self._settings.candidates
        hidden = replace(intent, exclude=(*intent.exclude, *exclude)) if exclude else intent
        search = self._search(hidden, max(wanted, self._settings.candidates), wanted, dense=dense)
        search = replace(search, said=said, words=words, held=tuple(held), lean=lean, more=tuple(more))
        if search.foreign and not dense and only is None and not self._found_by_words(search):
            return Retrieval(no_match=True, unlike=True)
        if only is not None:
            return self._among(search, list(dict.fromkeys(only)))
        constraints = intent.constraints
        found = self._try(search, constraints)
        if found.candidates:
            return self._likeness.marked(search, found)
        for given_up in relax.sacrifices(constraints):
            kept = tuple(c for c in constraints if c not in given_up)
            near = replace(search, held=(*search.held, *like_kinds(self._catalog, intent, given_up)))
            if intent.sort is not None and intent.sort.field in {c.field for c in given_up}:
                near = replace(near, intent=replace(intent, sort=None))  # the nearest to "for 12" is not the smallest
            found = self._try(near, kept)
            if found.candidates:
                return self._likeness.marked(search, self._near_misses(near, found, given_up))
        return Retrieval(no_match=True)

    def _try(self, search: Search, constraints: Sequence[Constraint]) -> Retrieval:
        """What satisfies the constraints, without a candidate where nothing does."""
        constraints = (*constraints, *search.held)
        where = sql.where(constraints, search.excluded_ids)
        matching = self._catalog.matching(where)
        candidates = self._candidates(search, constraints, where, matching) if matching else ()
        candidates = leaning(candidates, search.lean, search.intent.sort)
        audience: tuple[str, ...] = ()
        if not search.foreign:  # whether a child is spoken of cannot be told
            candidates, audience = grown_up_first(candidates, search.intent)
        candidates, notes = stock.last(candidates, search.intent.constraints)
        fitting = self._catalog.distinct(where) if candidates else 0
        return Retrieval(candidates[: search.wanted], matching=fitting, notes=(*audience, *notes))

    def _candidates(
        self, search: Search, constraints: Sequence[Constraint], where: str | None, matching: int
    ) -> tuple[Candidate, ...]:
        sort = search.intent.sort
        if sort is not None:
            return self._superlative(search, sort, constraints, where, matching)
        if not search.text or (search.vector is None and not search.words):
            popular = self._popular(search, where)
            return self._weighed(search, constraints, popular, POPULARITY)
        depth = max(DENSE_DEPTH, 2 * search.k)
        while True:
            fused = self._fused(search, where, depth, feedback=self._settings.feedback_weight)
            kept = self._kept(search, (f.id for f in fused))
            found = distinct(kept)
            if (
                found >= search.k
                or depth >= matching
                or not (search.unwanted or (found < len(kept) and found < FEW_FOUND))
            ):
                break
            depth *= 4
        by_id = {f.id: f for f in fused}
        relevant = tuple(Candidate(p, by_id[p.id].score, by_id[p.id].scores) for p in kept)
        return self._weighed(search, constraints, relevant)

    def scope(self, intent: Intent, relaxed: Sequence[Constraint] = ()) -> Scope:
        """The products among which values stand: those that satisfy the constraints that were kept, of the kinds in question."""
        kept = [c for c in intent.constraints if c not in relaxed]
        return Scope(self._catalog, self._scoped(intent, kept), kinds=intent.named_kinds)

    def lacking(self, intent: Intent, relaxed: Sequence[Constraint] = ()) -> tuple[Criterion, ...]:
        """The criteria for a named value, or for yes or no, that no product in scope meets."""
        scoped = self._scoped(intent, [c for c in intent.constraints if c not in relaxed])
        return tuple(
            c
            for c in intent.criteria
            if c.want == "is"
            and c.value is not None
            and not self._catalog.matching(sql.where((*scoped, Constraint(c.field, "=", c.value))))
        )

    def fieldless(self, intent: Intent, relaxed: Sequence[Constraint] = ()) -> tuple[Criterion, ...]:
        """The criteria for little or much of a field that no product in scope has."""
        where = sql.where(self._scoped(intent, [c for c in intent.constraints if c not in relaxed]))
        measured = [c for c in intent.criteria if c.want in ("low", "high")]
        return tuple(c for c in measured if not len(self._catalog.spans(c.field, where)[0]))

    def _scoped(self, intent: Intent, constraints: Sequence[Constraint]) -> tuple[Constraint, ...]:
        if not intent.kinds:
            return tuple(constraints)
        of_kinds = (*constraints, Constraint("categories", "in", tuple(intent.kinds)))
        return of_kinds if self._catalog.matching(sql.where(of_kinds)) else tuple(constraints)

    def _weighed(
        self, search: Search, constraints: Sequence[Constraint], found: tuple[Candidate, ...], weight: float = 1.0
    ) -> tuple[Candidate, ...]:
        """The candidates by relevance (times `weight`), kind and the criteria's utility together, with those that the criteria's
        own order in the database adds."""
        intent = search.intent
        if not intent.criteria and not intent.kinds:
            return self._read(search, self._one_each(search, found)[: search.k])
        scoped = self._scoped(intent, constraints)
        scope = Scope(self._catalog, scoped, search.excluded_ids, intent.named_kinds)
        more = [] if search.given else self._more(search, constraints, scoped)
        here = {c.product.id: c for c in found}
        for product in self._kept(search, iter([i for i in dict.fromkeys(more) if i not in here]), len(more) or 1):
            here[product.id] = Candidate(product, 0.0, {})
        if intent.criteria and intent.named_kinds and all_read(search):
            weight *= NOTHING_MORE
        floor = min((c.score for c in found), default=0.0)
        weight_of_use = self._settings.criteria_weight * (1.0 if intent.named_kinds else UNPLACED)
        scored = []
        for candidate in here.values():
            product = candidate.product
            place = next((n for n, k in enumerate(intent.kinds) if k in product.categories), None)
            fits = 1.0 if not intent.kinds else 0.0 if place is None else 1.0 - KIND_STEP * place
            useful = utility(product, intent.criteria, scope.of(product)) if fits else 0.0
            relevance = candidate.score if candidate.scores else floor
            score = weight * relevance + weight_of_use * useful
            if intent.kinds:
                score += self._settings.kind_weight * fits
            scored.append(replace(candidate, score=score, scores={**candidate.scores, "criteria": useful}))
        scored = list(self._one_each(search, sorted(scored, key=lambda c: -c.score)))
        top_score = max((c.score for c in scored), default=0.0) or 1.0
        return self._read(search, [replace(c, score=c.score / top_score) for c in scored[: search.k]])

    def _read(self, search: Search, found: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """The candidates with what their own sentences say of the request weighed in."""
        intent, weight, counts = search.intent, self._settings.text_weight, COUNTS
        kinds = intent.named_kinds or intent.kinds
        if self._near is None or not kinds or not weight or search.foreign:
            return tuple(found)
        if intent.criteria and intent.named_kinds and all_read(search):
            weight, counts = weight * NOTHING_MORE, 0.0
        elif intent.criteria:
            weight *= BESIDE_CRITERIA
        return by_sentences(found, kinds, search.said or search.text, self._near, weight, counts)

    def _more(self, search: Search, constraints: Sequence[Constraint], scoped: Sequence[Constraint]) -> list[str]:
        """The ids of the best by each criterion, and of those of the kinds in question that are nearest to the text."""
        found = top(self._catalog, search.intent.criteria, scoped, search.excluded_ids, CRITERIA_DEPTH)
        if search.vector is not None and len(scoped) > len(constraints):
            found += [
                i for i, _ in self._catalog.dense(search.vector, sql.where(scoped, search.excluded_ids), search.k)
            ]
        if search.more:
            found += self._catalog.scan(sql.where(scoped, search.excluded_ids, search.more))
        return found

    def _fused(self, search: Search, where: str | None, depth: int, *, feedback: float = 0.0) -> list[Fused]:
        settings = self._settings
        if search.vector is None:
            found = self._catalog.lexical(search.full_text, where, max(BM25_DEPTH, depth)) if search.words else []
            return fuse([], found, (0.0, 1.0), fusion=settings.fusion, rrf_k=settings.rrf_k)
        dense = self._catalog.dense(search.vector, where, depth)
        full_text = self._catalog.lexical(search.full_text, where, max(BM25_DEPTH, depth))
        weights = weights_for(search.text, settings)
        fused = fuse(dense, full_text, weights, fusion=settings.fusion, rrf_k=settings.rrf_k)
        if not feedback:
            return fused
        first = self._catalog.vectors([f.id for f in fused[:FEEDBACK]])
        nearer = self._catalog.dense(moved(search.vector, first, feedback), where, depth)
        again = fuse(nearer, full_text, weights, fusion=settings.fusion, rrf_k=settings.rrf_k)
        return with_cosines(again, dict(dense))

    @staticmethod
    def _one_each(search: Search, found: Sequence[Candidate]) -> Sequence[Candidate]:
        """One variant of each thing; all of them where these very products were given."""
        return found if search.given else one_each(found)

    def _kept(self, search: Search, ids: Iterator[str], limit: int | None = None) -> list[Product]:
        """The first products of those ids that carry no unwanted word: k different things, with the variants that come before the last."""
        limit = limit or search.k
        kept: list[Product] = []
        while distinct(kept) < limit and len(kept) < MOST_VARIANTS * limit:
            chunk = [i for _, i in zip(range(limit), ids, strict=False)]
            if not chunk:
                break
            found = self._catalog.get_many(chunk)
            kept.extend(found[i] for i in chunk if i in found and not search.unwanted.carried_by(found[i]))
        return leading(kept, limit)

    # Superlatives ------------------------------------------------------------------------------------------------

    def _superlative(
        self, search: Search, sort: Sort, constraints: Sequence[Constraint], where: str | None, matching: int
    ) -> tuple[Candidate, ...]:
        relevance: dict[str, Fused] = {}
        if search.text:
            relevance = {f.id: f for f in self._fused(search, where, max(DENSE_DEPTH, 2 * search.k))}
        few = min(matching, self._catalog.distinct(where)) <= self._settings.candidates or not relevance
        if not few and not relax.names_kind(constraints) and names_something(search):
            competing = relevant(list(relevance.values()), self._settings.relevance_cut)[:COMPETING]
            where = sql.where(only_ids=[f.id for f in competing])
            matching = len(competing)
        limit = search.k + 1
        while True:
            ids = self._catalog.scan(where, order_by=sort, limit=limit)
            products = self._kept(search, iter(ids), len(ids))
            # Equal values are ordered by relevance, so all of them must be at hand, and k products must be left.
            values = [comparable(p, sort.field) for p in products]
            before = products[: next((n for n, v in enumerate(values) if v == values[-1]), 0)]
            complete = distinct(before) >= search.k
            if complete or len(ids) < limit or limit >= 4096:
                break
            limit *= 4
        place: dict[Any, int] = {}
        for value in values:
            place.setdefault(value, len(place))
        none = Fused("", 0.0, {})
        ranked = sorted(
            zip(products, values, strict=True),
            key=lambda pair: (place[pair[1]], -relevance.get(pair[0].id, none).score),
        )
        ordered = self._one_each(search, placed([(p, relevance.get(p.id, none).scores) for p, _ in ranked]))
        return placed([(c.product, c.scores) for c in ordered[: search.k]])

    # Nothing to search for -----------------------------------------------------------------------------------------

    def _popular(self, search: Search, where: str | None) -> tuple[Candidate, ...]:
        """The most reviewed products, by rating times the logarithm of the number of reviews."""
        ids = self._catalog.scan(where, order_by=Sort("review_count", "desc"), limit=4 * search.k)
        products = self._kept(search, iter(ids), len(ids))
        if not products and search.unwanted:
            products = self._kept(search, iter(self._catalog.scan(where)))

        def popularity(product: Product) -> float:
            return (product.rating or 0.0) * math.log(2 + (product.review_count or 0))

        products.sort(key=popularity, reverse=True)
        return placed([(p, {"popularity": popularity(p)}) for p in leading(products, search.k)])

    # Given candidates ------------------------------------------------------------------------------------------------

    def _among(self, search: Search, ids: list[str]) -> Retrieval:
        """Exactly those products: those that satisfy the intent, by its order, then the others, the nearest first."""
        known = self._catalog.get_many(ids)
        unknown = [i for i in ids if i not in known]
        if unknown:
            raise CatalogError(
                f"no product {', '.join(map(repr, unknown[:5]))}{' and more' if len(unknown) > 5 else ''} in the "
                f"catalogue {self._catalog.path}; candidates must be ids of its products"
            )
        if not ids:
            return Retrieval(no_match=True)
        constraints, intent = search.intent.constraints, search.intent
        wide = replace(search, k=len(ids), unwanted=Unwanted(()), excluded_ids=(), given=True)
        narrow = replace(search, k=len(ids), given=True)
        where = sql.where(constraints, search.excluded_ids, ids)
        matching = self._catalog.matching(where)
        held = self._ordered(narrow, where) if matching else ()
        inside = {c.product.id for c in held}
        others = [c for c in self._ordered(wide, sql.where(only_ids=ids)) if c.product.id not in inside]
        if intent.sort is None:
            others = nearest(others, constraints)
        held, notes = stock.last(held, constraints)
        broken = self._violated(constraints, [c.product.id for c in others]) if not held else ()
        candidates = placed([(c.product, c.scores) for c in (*held, *others)]) if others else held
        return Retrieval(candidates, broken, not held, len(held), notes)

    def _ordered(self, search: Search, where: str | None) -> tuple[Candidate, ...]:
        """All products of a small filter in the intent's order."""
        if search.intent.sort is not None:
            return self._superlative(search, search.intent.sort, (), where, 0)
        return self._candidates(search, (), where, self._catalog.matching(where))

    # Near misses -----------------------------------------------------------------------------------------------------

    def _near_misses(self, search: Search, found: Retrieval, given_up: Sequence[Constraint]) -> Retrieval:
        candidates = found.candidates
        if search.intent.sort is None:
            cut = self._settings.relevance_cut if search.text else 0.0
            best = candidates[0].score
            close = [c for c in candidates if c.score >= cut * best]
            near = nearest(close, given_up)
            if near != close:
                rest = [c for c in candidates if c.score < cut * best]
                candidates = placed([(c.product, c.scores) for c in (*near, *rest)])
        broken = self._violated(given_up, [c.product.id for c in candidates])
        return replace(found, candidates=candidates, relaxed=broken, no_match=True)

    def _violated(self, constraints: Sequence[Constraint], ids: Sequence[str]) -> tuple[Constraint, ...]:
        """Those of the constraints that any of the products breaks, by the database's own judgment."""
        return tuple(c for c in constraints if self._catalog.matching(sql.where((c,), only_ids=ids)) < len(ids))

    def _found_by_words(self, search: Search) -> bool:
        """Whether something other than a number is known of what is wanted: a named value, or a word that some product's text holds."""
        wanted = [c for c in search.intent.constraints if c.operator in ("=", "in")]
        named = any(isinstance(v, str) for c in wanted for v in (c.value if isinstance(c.value, tuple) else (c.value,)))
        return named or bool(search.words and self._catalog.lexical(search.words, None, 1))

    def _search(self, intent: Intent, k: int, wanted: int, *, dense: bool = True) -> Search:
        text = query_text(intent)
        ids: list[str] = []
        words: list[str] = []
        known = self._catalog.get_many(intent.exclude) if intent.exclude else {}
        for excluded in intent.exclude:
            (ids if excluded in known else words).append(excluded)
        vector = self._catalog.embedder.encode_query(text) if text and dense else None
        gone = siblings(self._catalog, [known[i] for i in ids])
        ids += [p.id for group in gone.values() for p in group if p.id not in known]
        return Search(intent, text, vector, tuple(ids), Unwanted(words), k, wanted)
