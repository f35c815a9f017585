"""Which facts matter to this shopper: what answers the request first, then what sets a pick apart.

It words nothing. No two picks of one answer get the same set of points where their records allow it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shelftalk.explain.job import ExplainJob, Point
from shelftalk.explain.named import worded
from shelftalk.explain.phrase import PLAINLY_ASKED, endings
from shelftalk.explain.wishes import asked_stems, mentioned, qualities
from shelftalk.facts.facts import Fact, facts_of
from shelftalk.facts.holds import extreme, holds
from shelftalk.facts.words import content_stems, stems
from shelftalk.text import clean
from shelftalk.values import Constraint, Direction, Facets, Product

_DULL = {
    "categories": 3.0, "availability": 2.5, "stock": 2.5, "currency": 9.0, "title": 4.0, "brand": 2.5, "released_at": 3.5,
}  # fmt: skip
_DULL_NAME = re.compile(r"^(?:item |product |net |package )?(?:weight|kind|type|product type)$")
_SAYS_LITTLE = {"days", "people", "person", "time", "things", "home", "back", "year", "years", "inch"}
_NO_WISH = {"rating", "review_count", "stock", "categories", "availability"}


def points_of(job: ExplainJob, facets: Facets, count: int) -> list[tuple[Point, ...]]:
    """For each product the points of its reason, in the order they are said: up to `count`, one more for a miss."""
    tables = [facts_of(product, facets) for product in job.products]
    chosen: list[tuple[Point, ...]] = []
    for i, (product, facts) in enumerate(zip(job.products, tables, strict=True)):
        others = [table for j, table in enumerate(tables) if j != i]
        answering = _answering(job, product, facts)
        general = list(_general(product, facts, others, facets))
        points = _compose(answering, general, count)
        if any(_alike(points, earlier) for earlier in chosen):
            points = _set_apart(points, answering, general, count, chosen)
        chosen.append(tuple(_turned(points, i)))
    return chosen


def _turned(points: Sequence[Point], place: int) -> Iterator[Point]:
    """The points with their wording turned by the pick's place; "as you asked" is said once in a reason."""
    asked = False
    for n, point in enumerate(points):
        plain = point.kind == "met" and set(endings(replace(point, brief=False))) <= PLAINLY_ASKED
        yield replace(point, variant=place + n, brief=plain and asked)
        asked = asked or plain


def absences(job: ExplainJob, product: Product) -> tuple[Constraint, ...]:
    """The constraints whose field the record does not hold at all, so that no fact can speak of them."""
    return tuple(c for c in _constraints(job) if product.value(c.field) is None and not holds(c, product))


def _constraints(job: ExplainJob) -> tuple[Constraint, ...]:
    return tuple(dict.fromkeys((*job.intent.constraints, *job.relaxed)))


def _answering(job: ExplainJob, product: Product, facts: Sequence[Fact]) -> list[Point]:
    """The points that speak to the request: misses, met constraints, the sort, wishes; the most telling first."""
    by_field = {fact.field: fact for fact in facts}
    points: list[Point] = []
    earlier = any(c.span and not _said(c, job.request) for c in _constraints(job))
    for place, constraint in enumerate(_constraints(job)):
        fact = by_field.get(constraint.field.removeprefix("attributes."))
        if fact is None:
            continue
        met = holds(constraint, product)
        companions = _companions(fact, by_field)
        constraint = worded(constraint, job.request)  # noqa: PLW2901 - the same limit
        words = _asked(constraint, job.request)
        superlative = _superlative(job, product, fact.field)
        refused = constraint.operator in ("!=", "not in")  # every pick meets it alike: a limit says more
        telling = 10 * (fact.kind in ("money", "number")) - 30 * refused - 20 * _DULL.get(fact.field, 0)
        telling += 25 * (
            earlier and _said(constraint, job.request) and not refused
        )  # what this turn asks for comes first
        score = 100 - place + telling if met else 200 - place
        points.append(Point("met" if met else "missed", (fact, *companions), constraint, words, superlative, score=score))  # fmt: skip
    sort = job.intent.sort
    if sort and (fact := by_field.get(sort.field)) and all(p.fact.field != sort.field for p in points):
        words = sort.span if sort.span and sort.span.lower() in job.request.lower() else None
        points.append(Point("sort", (fact, *_companions(fact, by_field)), None, words, _superlative(job, product, sort.field), score=99.5))  # fmt: skip
    points.extend(_wishes(job, product, facts, {p.fact.field for p in points}))
    return sorted(points, key=lambda p: -p.score)


def _said(constraint: Constraint, request: str) -> bool:
    """Whether the constraint was read from these words and not from an earlier turn."""
    span = clean(constraint.span)
    return bool(span) and span.lower() in clean(request).lower()


def _superlative(job: ExplainJob, product: Product, field: str) -> Direction | None:
    sort = job.intent.sort
    return _best(job, product, field, sort.direction) if sort and sort.field == field else None


def _best(job: ExplainJob, product: Product, field: str, direction: Direction) -> Direction | None:
    return direction if extreme(field, direction, product, job.among or job.products) else None


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
    """Facts that share words with the request, its preferences weighing more; measures of a quality that was wished for;
    then the shopper's words in title and description."""
    preferred, asked = asked_stems(job)
    excluded = {stem for phrase in job.intent.exclude for stem, _ in content_stems(phrase)}
    covered = {s for f in facts if f.field in taken for s in stems(" ".join((f.name, *f.parts)))}
    spoken: set[str] = set()
    for fact in facts:
        if fact.field in taken or fact.field in _NO_WISH or fact.kind in ("money", "title"):
            continue
        said = stems(" ".join(fact.parts)) if fact.truth is None else stems(fact.name)
        hits = [s for s in asked if s in said and s not in excluded]
        named = [s for s in preferred if s in stems(fact.name)]
        if fact.truth is False or not (hits or named):
            continue
        wished = [s for s in hits if s in preferred] or named
        score = 60.0 + (60 if wished else 0) + 8 * sum(s in preferred for s in hits) + 3 * len(hits) + 4 * len(named)
        covered.update(hits, named)
        spoken.add(fact.field)
        best = next((_best(job, product, fact.field, q.direction) for w, q in qualities(job) if q.fields.search(fact.name.lower())), None)  # fmt: skip
        answered = " ".join(dict.fromkeys(asked[s] for s in (hits or named)))
        yield Point("wish", (fact,), None, _literal(answered, job.request), best, score=score)
    for place, (word, quality) in enumerate(qualities(job)):
        measure = next((f for f in facts if quality.fields.search(f.name.lower()) and f.kind == "number"), None)
        if measure is None or measure.field in taken | spoken or covered & stems(word):
            continue
        covered |= stems(word)
        spoken.add(measure.field)
        best = _best(job, product, measure.field, quality.direction)
        yield Point("wish", (measure,), None, _literal(word, job.request), best, score=130.0 - place)
    yield from _title_and_text(product, facts, {s: w for s, w in asked.items() if s not in covered | excluded}, preferred)  # fmt: skip


def _title_and_text(
    product: Product, facts: Sequence[Fact], open_: dict[str, str], preferred: dict[str, str]
) -> Iterator[Point]:
    """The first soft wish that only the title or the description speaks of, quoted as one word."""
    shelf = stems(" ".join(product.categories))
    title = " ".join(part for f in facts if f.kind == "title" for part in f.parts)
    for stem, word in open_.items():
        if stem not in preferred or stem in shelf or len(word) < 4 or word in _SAYS_LITTLE:
            continue
        for field, text in (("title", title), ("description", product.description)):
            if found := mentioned(word, text):
                fact = _mention(field, getattr(product, field), found)
                yield Point("wish", (fact,), None, word, quoted=found, score=40)
                return


def _mention(field: str, value: str, word: str) -> Fact:
    return Fact(0, field, value, "mention", field, f'{field} mentions "{word}"', parts=(word,))


def _literal(words: str, request: str) -> str | None:
    """The words as they stand together in the request, or the first of them that stands there."""
    if words.lower() in request.lower():
        return words
    return next((w for w in words.split() if w.lower() in request.lower()), None)


def _general(
    product: Product, facts: Sequence[Fact], others: Sequence[Sequence[Fact]], facets: Facets
) -> Iterator[Point]:
    """What decides in general: rating with reviews, a cut price, and attributes that the other picks do not share."""
    by_field = {fact.field: fact for fact in facts}
    title = stems(product.title)
    elsewhere: dict[str, set[str]] = {}
    for table in others:
        for fact in table:
            elsewhere.setdefault(fact.field, set()).add(fact.reads.lower())
    found = []
    for fact in facts:
        facet = facets.get(fact.field)
        share = math.log1p(facet.count) / math.log1p(max(facets.products, 1)) if facet else 0.3
        unlike = fact.reads.lower() not in elsewhere.get(fact.field, set())
        score = 10 * share + 6 * unlike - 4 * _DULL.get(fact.field, 0) - 6 * bool(_DULL_NAME.search(fact.name))
        if fact.parts and fact.kind in ("text", "list") and stems(" ".join(fact.parts)) <= title:
            score -= 8  # the title says it already
        companions: tuple[Fact, ...] = ()
        if fact.field in ("review_count", "list_price") or (fact.field == "stock" and not fact.amount):
            continue
        if fact.field == "rating":
            companions = _companions(fact, by_field)
            many = bool(companions) and (companions[0].amount or 0) >= 5
            score += 6 if (fact.amount or 0) >= 4 and many else -8
        elif fact.field == "price":
            companions = (by_field["list_price"],) if "list_price" in by_field else ()
            score += 5 if companions else -9
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
    said_first = met[:room]
    wish = next((p for p in met if p.kind == "wish" and (p.score >= 120 or p.quoted)), None)
    if room > 1 and wish is not None and wish not in said_first:  # every pick meets the limits: a wish tells more
        said_first[-1] = wish
    points = [*said_first, *misses]
    said = {p.fact.field for p in points}
    points += [p for p in general if p.fact.field not in said][: max(0, count - len(points))]
    return points or [p for p in answering if not p.missed][:1]


def _alike(a: Sequence[Point], b: Sequence[Point]) -> bool:
    """Whether two reasons say the same but for the price."""
    return _told(a) == _told(b)


def _told(points: Sequence[Point]) -> set[str]:
    return {p.fact.reads.lower() for p in points if p.fact.kind != "money"}


def _set_apart(points: list[Point], answering: Sequence[Point], general: Sequence[Point], count: int, earlier: Sequence[Sequence[Point]]) -> list[Point]:  # fmt: skip
    """The points with the last one that is no miss exchanged for one that no earlier pick has."""
    spoken = {p.fact.reads.lower() for points in earlier for p in points}
    said = {p.fact.field for p in points}
    shown = ("categories", "title")  # the screen shows the title, and picks share their category
    for spare in (*[p for p in answering if not p.missed], *general):
        if spare.fact.field in shown:
            continue
        if spare.fact.field not in said and spare.fact.reads.lower() not in spoken:
            if len(points) < min(3, count + 1):
                return [*points, spare]
            place = max((i for i, p in enumerate(points) if not p.missed), default=len(points) - 1)
            return [*points[:place], spare, *points[place + 1 :]]
    return points
