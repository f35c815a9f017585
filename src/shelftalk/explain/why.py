"""Why a product is picked for a request, or why it is not: which limit it fails, or what ranks above it and in what.

Deterministic: no model is asked, and every statement cites the record it is read from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from shelftalk.explain.record import RecordExplainer, bound, record, wanted
from shelftalk.facts.facts import Fact, attribute_fact, facts_of, humanise
from shelftalk.facts.holds import as_number, holds
from shelftalk.text import clean, shorten, shown
from shelftalk.values import (
    Candidate,
    Claim,
    Constraint,
    Evidence,
    Explanation,
    Facets,
    Intent,
    Product,
    Ranking,
    Retrieval,
    plain,
)
from shelftalk.words.stems import stems
from shelftalk.words.stock import any_in_stock
from shelftalk.words.stop import content_stems

WhyStatus = Literal["picked", "excluded", "fails", "outranked", "not retrieved", "no request"]
_NO_WORDS = frozenset({"true", "false", "yes", "no"})  # values of a search, which nobody says of a product


@dataclass(frozen=True, slots=True)
class Above:
    """A pick that ranks above the product asked about; the evidence of its claims is of that pick's record.

    `decided` says in words what put it there: the words of the request that each record holds, and the search's scores.
    """

    product_id: str
    title: str
    rank: int
    claims: tuple[Claim, ...] = ()
    decided: str = ""


@dataclass(frozen=True, slots=True)
class WhyAnswer:
    """The verdict on one product: `claims` speak of it (the constraints it fails, or its reason), `above` of others.

    `rank` is its place in the ranking, from 1; None where it was not ranked.
    """

    product_id: str
    title: str
    verdict: WhyStatus
    summary: str
    rank: int | None = None
    claims: tuple[Claim, ...] = ()
    above: tuple[Above, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON holds it."""
        return {
            "product_id": self.product_id,
            "title": self.title,
            "verdict": self.verdict,
            "summary": self.summary,
            "rank": self.rank,
            "claims": [c.to_dict() for c in self.claims],
            "above": [
                {
                    "product_id": a.product_id, "title": a.title, "rank": a.rank, "decided": a.decided,
                    "claims": [c.to_dict() for c in a.claims],
                }
                for a in self.above
            ],
        }  # fmt: skip

    def lines(self) -> list[str]:
        """The answer as lines of plain text, the evidence in brackets."""
        out = [f"{shorten(clean(self.title), 100)} ({self.product_id})", self.summary]
        out += [f"- {_cited(claim)}" for claim in self.claims]
        for pick in self.above:
            out.append(f"{pick.rank}. {shorten(clean(pick.title), 100)} ({pick.product_id})")
            out += [f"   - {_cited(claim)}" for claim in pick.claims]
            out += [f"   - {pick.decided}"] if pick.decided else []
        return out


def _cited(claim: Claim) -> str:
    cited = "; ".join(f"{e.field}: {shorten(shown(e.value), 60)}" for e in claim.evidence)
    return f"{claim.text} [{cited}]" if cited else claim.text


def why(
    intent: Intent,
    retrieval: Retrieval,
    ranking: Ranking,
    product: Product,
    *,
    k: int = 3,
    explanation: Explanation | None = None,
    facets: Facets | None = None,
    request: str = "",
    voice: RecordExplainer | None = None,
) -> WhyAnswer:
    """Why the product is among the first `k` of the ranking, or why not.

    `explanation` is its reason where it was picked; without one, a pick is described by the limits it meets. `request` is
    what the shopper said, over all turns: only its words are given back as theirs ("" gives those of the search).
    `voice` words what a record says (None: the templates that travel with the package).
    """
    voice = voice or record()
    asked_words = _asked_words(intent, request)
    order = [c.product.id for c in ranking.candidates]
    rank = order.index(product.id) + 1 if product.id in order else None

    def answer(
        verdict: WhyStatus, summary: str, claims: Sequence[Claim] = (), above: Sequence[Above] = ()
    ) -> WhyAnswer:
        return WhyAnswer(product.id, product.title, verdict, summary, rank, tuple(claims), tuple(above))

    if not intent.shopping:
        return answer("no request", "This is no request for a product, so nothing is picked and nothing ruled out.")
    known = facets or Facets()
    held = _held_words(asked_words, product)
    if explanation is not None or (rank is not None and rank <= k):
        claims = explanation.claims if explanation else _limits(intent, product, known, voice, met=True)
        place = f"Picked, number {rank} of {len(order)} ranked." if rank else "Picked."
        return answer("picked", f"{place} {_says(held)}".rstrip(), claims)
    banned = _excluded(intent, product)
    if banned:
        return answer("excluded", "Not picked: the request rules it out.", [banned])
    loosened = set(retrieval.relaxed)
    failed = _limits(replace(intent, constraints=tuple(c for c in intent.constraints if c not in loosened)), product, known, voice, met=False)  # fmt: skip
    if failed and rank is None:
        count = "a limit" if len(failed) == 1 else f"{len(failed)} limits"
        return answer("fails", f"Not picked: it fails {count} of the request.", failed)
    picks = [(i, c) for i, c in enumerate(ranking.candidates[:k], 1)]
    out = _out_of_stock(product)
    if rank is None:
        lacking = [w for w in asked_words if w not in held]
        summary = (
            "Not picked: it meets every limit of the request, but its text is less close to it than what was found."
        )
        if lacking:
            summary += f" Its record does not say {_quoted(lacking)}."
        return answer(
            "not retrieved",
            summary,
            out,
            [_above(intent, asked_words, None, product, c, i, known, voice) for i, c in picks],
        )
    mine = ranking.candidates[rank - 1]
    summary = (
        f"Not picked: it ranks {rank} of {len(order)}, and {len(picks)} {'is' if len(picks) == 1 else 'are'} shown."
    )
    above = [_above(intent, asked_words, mine, product, c, i, known, voice, ranking.strategy) for i, c in picks]
    return answer("outranked", summary, [*failed, *out], above)


def _asked_words(intent: Intent, request: str) -> list[str]:
    """The words that the search looked for, each once, in the search's order; only those that the shopper said."""
    said = stems(request)
    searched = content_stems(" ".join((intent.query, *intent.preferences)))
    return [word for one, word in searched if (not said or one in said) and word not in _NO_WORDS]


def _held_words(asked: Sequence[str], product: Product) -> list[str]:
    """Those of the words that the product's record holds in any form."""
    said = _all_stems(product)
    return [word for word in asked if stems(word) <= said]


def _quoted(some: Sequence[str]) -> str:
    listed = [f'"{clean(w)}"' for w in some]
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"


def _says(held: Sequence[str]) -> str:
    return f"Its record says {_quoted(held)}, as the request does." if held else ""


def _decided(asked: Sequence[str], mine: Candidate | None, product: Product, pick: Candidate, strategy: str) -> str:
    """What put the pick above the product, in words: its words of the request, the search's scores, or neither."""
    if _out_of_stock(product) and not _out_of_stock(pick.product):
        return "It can be had; this one is out of stock and comes after what can."
    told = []
    ours, theirs = _held_words(asked, product), _held_words(asked, pick.product)
    more, fewer = [w for w in theirs if w not in ours], [w for w in ours if w not in theirs]
    if more:
        told.append(f"Of the words searched for, its record says {_quoted(more)} and this one's does not")
        if fewer:
            told[-1] += f", which says {_quoted(fewer)} instead"
    elif ours and not fewer:
        told.append(f"Both records say {_quoted(ours)}")
    elif fewer:
        told.append(f"This one's record says {_quoted(fewer)} as well")
    scores = _scores(mine, pick) if mine else ""
    if scores:
        told.append(scores)
    elif strategy != "none":
        told.append(f"the ranking by the language model ({strategy}) puts it first")
    elif mine and not more:
        told.append("nothing else tells them apart; it comes first in the catalogue")
    return f"{'; '.join(told)}." if told else ""


def _scores(mine: Candidate, pick: Candidate) -> str:
    """Where the search scores the pick higher: "the search scores it 0.71 and this one 0.65: closer in meaning (0.62, 0.55)"."""
    a, b = pick.scores.get("fused"), mine.scores.get("fused")
    if a is None or b is None or a <= b:
        return ""
    parts = []
    for source, name in (("dense", "in meaning"), ("bm25", "in words")):
        high, low = pick.scores.get(source), mine.scores.get(source)
        if high is not None and low is not None and high > low:
            parts.append(f"{name} ({high:.3g} against {low:.3g})")
    closer = f", closer {' and '.join(parts)}" if parts else ""
    return f"the search scores it {a:.3g} and this one {b:.3g}{closer}"


def _excluded(intent: Intent, product: Product) -> Claim | None:
    """The claim that a word or id which the request rules out is in the record."""
    for word in intent.exclude:
        if word == product.id:
            return Claim("The request excludes this very product.", (Evidence("id", product.id),), word, True, "record")
        for field in ("title", "brand", "categories"):
            value = product.value(field)
            text = " ".join(value) if isinstance(value, tuple) else str(value or "")
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE):
                said = f'Its {humanise(field)} says "{clean(word)}", which the request rules out.'
                return Claim(said, (Evidence(field, value),), word, True, "record")
    return None


def _limits(intent: Intent, product: Product, facets: Facets, voice: RecordExplainer, *, met: bool) -> list[Claim]:
    """One claim for each constraint that the product meets, or for each that it fails."""
    facts = {fact.field: fact for fact in facts_of(product, facets)}
    claims = []
    for constraint in intent.constraints:
        if holds(constraint, product) is not met:
            continue
        field = constraint.field.removeprefix("attributes.")
        value = product.value(field)
        fact = facts.get(field) or (attribute_fact(field, value, facets) if value is not None else None)
        asked = constraint.span or None
        if fact is not None:
            said = voice.met(fact, constraint) if met else voice.missed(fact, constraint)
            claims.append(Claim(said, (Evidence(fact.field, fact.value),), asked, True, "record"))
        elif value is None:
            text = f"{voice.silent(field)[:-1]}; wanted: {limit(constraint)}."
            claims.append(Claim(text, (), asked, True, "record"))
        else:
            held = shorten(shown(value), 60)
            verb = "meets" if met else "does not meet"
            text = f'Its {humanise(field)}, "{held}", {verb} what was wanted: {limit(constraint)}.'
            claims.append(Claim(text, (Evidence(field, value),), asked, True, "record"))
    return claims


def limit(constraint: Constraint, fact: Fact | None = None) -> str:
    """A constraint in words: "at most 100", "not Sony", "between 20 and 50"."""
    values = [bound(fact, v, constraint) if fact else str(plain(v)) for v in wanted(constraint)]
    either = " or ".join(values)
    return {
        "=": either, "in": either, "!=": f"not {either}", "not in": f"not {either}", "<": f"less than {either}",
        "<=": f"at most {either}", ">": f"more than {either}", ">=": f"at least {either}",
        "between": f"between {' and '.join(values)}",
    }[constraint.operator]  # fmt: skip


def _out_of_stock(product: Product) -> list[Claim]:
    if product.stock == 0:
        return [Claim("It is out of stock.", (Evidence("stock", 0),), None, True, "record")]
    if product.availability and any_in_stock(product.availability) is False:
        return [Claim("It is out of stock.", (Evidence("availability", product.availability),), None, True, "record")]
    return []


def _above(
    intent: Intent,
    asked: Sequence[str],
    mine: Candidate | None,
    product: Product,
    pick: Candidate,
    rank: int,
    facets: Facets,
    voice: RecordExplainer,
    strategy: str = "none",
) -> Above:
    """What the pick has over the product: the sorted field, words of the request that a fact says, and what decided."""
    other = pick.product
    claims: list[Claim] = []
    if intent.sort:
        claims += _sorted(intent, product, other, facets, voice)
    by_sort = bool(claims)
    claims += _words(asked, product, other, facets, voice)[:2]
    decided = "" if by_sort else _decided(asked, mine, product, pick, strategy)
    return Above(other.id, other.title, rank, tuple(claims), decided)


def _sorted(intent: Intent, product: Product, other: Product, facets: Facets, voice: RecordExplainer) -> list[Claim]:
    sort = intent.sort
    if sort is None:
        return []
    theirs = next((f for f in facts_of(other, facets) if f.field == sort.field), None)
    if theirs is None:
        return []
    ours, his = as_number(product.value(sort.field)), as_number(other.value(sort.field))
    said = voice.fact(theirs)[:-1]
    cited = (Evidence(theirs.field, theirs.value),)
    if ours is None:
        text = f"{said}; the catalogue does not give it for this one."
    elif his is not None and (his < ours if sort.direction == "asc" else his > ours):
        text = f"{said}, against {bound(theirs, product.value(sort.field))} for this one."
    else:
        return []
    return [Claim(text, cited, sort.span or None, True, "record")]


def _words(
    asked: Sequence[str], product: Product, other: Product, facets: Facets, voice: RecordExplainer
) -> list[Claim]:
    """The wishes that the pick's record speaks of and the product's does not."""
    lacking = {s: w for s, w in content_stems(" ".join(asked)) if s not in _all_stems(product)}
    claims = []
    for fact in facts_of(other, facets):
        said = stems(fact.name) if fact.truth is not None else stems(" ".join(fact.parts))
        hit = next((w for s, w in lacking.items() if s in said), None)
        if hit is None or fact.truth is False:
            continue
        lacking = {s: w for s, w in lacking.items() if s not in said}
        text = f'{voice.fact(fact)[:-1]}; the record of this one does not say "{hit}".'
        claims.append(Claim(text, (Evidence(fact.field, fact.value),), hit, True, "record"))
    return claims


def _all_stems(product: Product) -> set[str]:
    parts = [product.title, product.description, product.brand or "", *product.categories]
    for name, value in product.attributes.items():
        parts.append(f"{humanise(name)} {plain(value)}" if str(value).lower() not in ("false", "no") else "")
    return stems(" ".join(parts))
