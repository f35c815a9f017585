"""Which facts matter to this shopper: what answers the request first, then what sets a pick apart.

It words nothing. No two picks of one answer get the same set of points where their records allow it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shelftalk.explain.facts import Fact, facts_of
from shelftalk.explain.holds import extreme, holds
from shelftalk.explain.job import ExplainJob, Point
from shelftalk.explain.words import content_stems, stems
from shelftalk.text import clean
from shelftalk.values import Constraint, Direction, Facets, Product

_DULL = {"categories": 3.0, "availability": 2.5, "stock": 2.5, "currency": 9.0, "title": 4.0}
_NO_WISH = {"rating", "review_count", "stock", "categories", "availability"}
_NEGATION_NEAR = re.compile(r"\b(?:not|no|non|never|without|n't|isn't|don't|doesn't|cannot|avoid|except|unless)\b")


def points_of(job: ExplainJob, facets: Facets, count: int) -> list[tuple[Point, ...]]:
    """For each product the points of its reason, in the order they are said: up to `count`, one more for a miss."""
    tables = [facts_of(product, facets) for product in job.products]
    chosen: list[tuple[Point, ...]] = []
    for i, (product, facts) in enumerate(zip(job.products, tables, strict=True)):
        others = [table for j, table in enumerate(tables) if j != i]
        answering = _answering(job, product, facts)
        general = list(_general(facts, others, facets))
        points = _compose(answering, general, count)
        if any(_alike(points, earlier) for earlier in chosen):
            points = _set_apart(points, answering, general, count, chosen)
        chosen.append(tuple(replace(p, variant=i + n) for n, p in enumerate(points)))
    return chosen


def absences(job: ExplainJob, product: Product) -> tuple[Constraint, ...]:
    """The constraints whose field the record does not hold at all, so that no fact can speak of them."""
    return tuple(c for c in _constraints(job) if product.value(c.field) is None and not holds(c, product))


def _constraints(job: ExplainJob) -> tuple[Constraint, ...]:
    return tuple(dict.fromkeys((*job.intent.constraints, *job.relaxed)))


def _answering(job: ExplainJob, product: Product, facts: Sequence[Fact]) -> list[Point]:
    """The points that speak to the request: misses, met constraints, the sort, wishes; the most telling first."""
    by_field = {fact.field: fact for fact in facts}
    points: list[Point] = []
    for place, constraint in enumerate(_constraints(job)):
        fact = by_field.get(constraint.field.removeprefix("attributes."))
        if fact is None:
            continue
        met = holds(constraint, product)
        companions = _companions(fact, by_field)
        words = _asked(constraint, job.request)
        superlative = _superlative(job, product, fact.field)
        refused = constraint.operator in ("!=", "not in")  # every pick meets it alike: a limit says more
        telling = 10 * (fact.kind in ("money", "number")) - 30 * refused - 20 * _DULL.get(fact.field, 0)
        score = 100 - place + telling if met else 200 - place
        points.append(Point("met" if met else "missed", (fact, *companions), constraint, words, superlative, score=score))  # fmt: skip
    sort = job.intent.sort
    if sort and (fact := by_field.get(sort.field)) and all(p.fact.field != sort.field for p in points):
        words = sort.span if sort.span and sort.span.lower() in job.request.lower() else None
        points.append(Point("sort", (fact, *_companions(fact, by_field)), None, words, _superlative(job, product, sort.field), score=99.5))  # fmt: skip
    points.extend(_wishes(job, product, facts, {p.fact.field for p in points}))
    return sorted(points, key=lambda p: -p.score)


def _superlative(job: ExplainJob, product: Product, field: str) -> Direction | None:
    sort = job.intent.sort
    if sort and sort.field == field and extreme(field, sort.direction, product, job.among or job.products):
        return sort.direction
    return None


def _asked(constraint: Constraint, request: str) -> str | None:
    """The words of the request that the constraint was read from; only words that are really there."""
    span = clean(constraint.span)
    if span and span.lower() in clean(request).lower():
        return span
    values = constraint.value if isinstance(constraint.value, (tuple, list)) else (constraint.value,)
    for value in values:
        match = re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", clean(request), re.IGNORECASE)
        if match and not isinstance(value, bool):
            return match.group()
    return None


def _companions(fact: Fact, by_field: dict[str, Fact]) -> tuple[Fact, ...]:
    """The fact without which this one misleads: how many reviews a rating rests on."""
    return (by_field["review_count"],) if fact.field == "rating" and "review_count" in by_field else ()


def _wishes(job: ExplainJob, product: Product, facts: Sequence[Fact], taken: set[str]) -> Iterator[Point]:
    """Facts that share words with the request, its preferences weighing more; then the shopper's words in long text."""
    preferred = {stem: word for wish in job.intent.preferences for stem, word in content_stems(wish)}
    asked = dict(content_stems(job.request)) | preferred
    excluded = {stem for words in job.intent.exclude for stem, _ in content_stems(words)}
    covered = {s for f in facts if f.field in taken for s in stems(" ".join((f.name, *f.parts)))}
    for fact in facts:
        if fact.field in taken or fact.field in _NO_WISH or fact.kind in ("money", "title"):
            continue
        said = stems(" ".join(fact.parts)) if fact.truth is None else stems(fact.name)
        hits = [s for s in asked if s in said and s not in excluded]
        named = [s for s in preferred if s in stems(fact.name)]
        if fact.truth is False or not (hits or named):
            continue
        score = 60.0 + 8 * sum(s in preferred for s in hits) + 3 * len(hits) + 4 * len(named)
        covered.update(hits)
        words = " ".join(dict.fromkeys(asked[s] for s in (hits or named)))
        yield Point("wish", (fact,), None, _literal(words, job.request), score=score)
    yield from _title_and_text(product, facts, {s: w for s, w in asked.items() if s not in covered | excluded}, preferred)  # fmt: skip


def _title_and_text(
    product: Product, facts: Sequence[Fact], open_: dict[str, str], preferred: dict[str, str]
) -> Iterator[Point]:
    title = next((f for f in facts if f.kind == "title"), None)
    in_title = {s for s in open_ if title and s in stems(title.parts[0])}
    shelf = stems(" ".join(product.categories))
    in_title = {s for s in in_title if s not in shelf}
    if title and in_title:
        weight = 30 + 3 * sum(s in preferred for s in in_title)
        yield Point("wish", (title,), None, next(w for s, w in open_.items() if s in in_title), score=weight)
    for stem, word in open_.items():
        if stem in in_title or stem not in preferred or len(word) < 4 or not product.description:
            continue
        spoken = _mentioned(stem, product.description)
        if spoken:
            fact = Fact(0, "description", product.description, "mention", "description", f'description mentions "{spoken}"', parts=(spoken,))  # fmt: skip
            yield Point("wish", (fact,), None, word, quoted=spoken, score=40)


def _mentioned(stem: str, text: str) -> str | None:
    """The word of that stem as the text writes it, unless its sentence negates or the text is long-winded about it."""
    for sentence in re.split(r"(?<=[.!?;])\s+|\n", text):
        for word in re.findall(r"[A-Za-z]{4,20}", sentence):
            if stem in stems(word):
                return None if _NEGATION_NEAR.search(sentence.lower()) else word.lower()
    return None


def _literal(words: str, request: str) -> str | None:
    """The words as they stand together in the request, or the first of them that stands there."""
    if words.lower() in request.lower():
        return words
    return next((w for w in words.split() if w.lower() in request.lower()), None)


def _general(facts: Sequence[Fact], others: Sequence[Sequence[Fact]], facets: Facets) -> Iterator[Point]:
    """What decides in general: rating with reviews, a cut price, and attributes that the other picks do not share."""
    by_field = {fact.field: fact for fact in facts}
    elsewhere: dict[str, set[str]] = {}
    for table in others:
        for fact in table:
            elsewhere.setdefault(fact.field, set()).add(fact.reads.lower())
    found = []
    for fact in facts:
        facet = facets.get(fact.field)
        share = math.log1p(facet.count) / math.log1p(max(facets.products, 1)) if facet else 0.3
        unlike = fact.reads.lower() not in elsewhere.get(fact.field, set())
        score = 10 * share + 6 * unlike - 4 * _DULL.get(fact.field, 0)
        companions: tuple[Fact, ...] = ()
        if fact.field in ("review_count", "list_price") or (fact.field == "stock" and not fact.amount):
            continue
        if fact.field == "rating":
            companions = _companions(fact, by_field)
            score += 6 if (fact.amount or 0) >= 4 and companions else -8
        elif fact.field == "price":
            companions = (by_field["list_price"],) if "list_price" in by_field else ()
            score += 5 if companions else -3
        elif fact.field == "availability":
            score -= 10
        elif fact.truth is False:
            score -= 12
        elif fact.kind == "number":
            score += 1 if fact.unit else -2
        found.append(Point("general", (fact, *companions), score=score))
    yield from sorted(found, key=lambda p: -p.score)


def _compose(answering: Sequence[Point], general: Sequence[Point], count: int) -> list[Point]:
    """Met points first, then misses, then what is general; every miss up to the third sentence has its place."""
    misses = [p for p in answering if p.missed][: max(1, min(2, count))]
    met = [p for p in answering if not p.missed and p.fact.field != "categories"]  # every pick shares its category
    room = max(0, min(3, max(count, len(misses) + 1)) - len(misses))
    points = [*met[:room], *misses]
    said = {p.fact.field for p in points}
    points += [p for p in general if p.fact.field not in said][: max(0, count - len(points))]
    return points or [p for p in answering if not p.missed][:1]


def _alike(a: Sequence[Point], b: Sequence[Point]) -> bool:
    return [p.fact.reads.lower() for p in a] == [p.fact.reads.lower() for p in b]


def _set_apart(points: list[Point], answering: Sequence[Point], general: Sequence[Point], count: int, earlier: Sequence[Sequence[Point]]) -> list[Point]:  # fmt: skip
    """The points with the last one that is no miss exchanged for one that no earlier pick has."""
    spoken = {p.fact.reads.lower() for points in earlier for p in points}
    said = {p.fact.field for p in points}
    for spare in (*[p for p in answering if not p.missed], *general):
        if spare.fact.field not in said and spare.fact.reads.lower() not in spoken:
            if len(points) < min(3, count + 1):
                return [*points, spare]
            place = max((i for i, p in enumerate(points) if not p.missed), default=len(points) - 1)
            return [*points[:place], spare, *points[place + 1 :]]
    return points
