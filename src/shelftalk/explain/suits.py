"""Whether a product shown is good for something, or without something: what its record says of it, and yes or no only where the
record settles all of what was asked.

A question is read as a request is (`understand`): its limits are held against the record, its wishes name the fields that speak of it,
and of the shop's own words the clause that stands nearest is quoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shelftalk.explain.record import RecordExplainer
from shelftalk.explain.verdict import WHOM, beside, field_verdict
from shelftalk.facts.card import mention, quote
from shelftalk.facts.facts import Fact
from shelftalk.facts.holds import holds, same
from shelftalk.values import Claim, Constraint, Criterion, Evidence, Explanation, Intent, Product
from shelftalk.words.lacking import not_borne
from shelftalk.words.stems import stems
from shelftalk.words.stop import content_stems

__all__ = ["Clause", "Wish", "settled", "suits"]

MOST = 2  # facts that are told of what a wish stands for
NEAR, SURE = 0.2, 0.4  # how near a clause must stand to be told as the nearest, and to be told as an answer
_ORDERED = ("<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Clause:
    """The clause of the shop's own words that stands nearest to what was asked, and how near."""

    said: str
    near: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What a question asks in `text` (lower case): `purpose` is what a product is to be good for, in the shopper's words ("" where it asks for no such thing),
    `intent` the limits and wishes in it, `clause` the shop's words nearest to it (None where nothing tells)."""

    text: str = ""
    purpose: str = ""
    intent: Intent = Intent()
    clause: Clause | None = None


def suits(product: Product, facts: Sequence[Fact], wish: Wish, voice: RecordExplainer, yes_no: bool) -> Explanation:
    """What the record says of a purpose: the facts of its limits with yes or no, else those of its wishes and the clause nearest to it; else
    that it does not say."""
    if answer := settled(product, facts, wish, voice, yes_no):
        return answer
    about = dict(content_stems(wish.purpose)).keys() - WHOM
    borne = not not_borne(wish.text)  # of what somebody does not bear only the record's own words for it count
    meant = [*_wished(facts, wish.intent.criteria if borne else ())][:MOST] or [*_called(facts, about)][:1]
    told = [_claim(voice.fact(fact), fact) for fact in meant]
    named = len(meant) == 1 and meant[0].truth is not None and about <= stems(meant[0].name)
    lead = _yes_or_no(field_verdict(meant[0], wish.text)) if yes_no and named else ""
    clause = wish.clause if borne else None
    shared = clause is not None and clause.near > 0 and bool(about & stems(clause.said))
    if (
        said := quote(product.description, about)
        if clause is None
        else clause.said
        if shared or clause.near >= SURE
        else ""
    ):
        fact = mention(product, said)
        told.append(_claim(voice.fact(fact), fact))
    if told:
        return Explanation(product.id, f"{lead}{' '.join(c.text for c in told)}", tuple(told))
    if clause is not None and clause.near >= NEAR:
        fact = mention(product, clause.said)
        nearest = _claim(voice.nearest(wish.purpose, fact), fact)
        return Explanation(product.id, nearest.text, (nearest,))
    return Explanation(product.id, voice.silent(f'"{wish.purpose}"'))


def settled(
    product: Product,
    facts: Sequence[Fact],
    wish: Wish,
    voice: RecordExplainer,
    yes_no: bool,
    *,
    all_limits: bool = True,
) -> Explanation | None:
    """What the record says to the limits of a question, with yes or no where it settles all of them; None where it holds none of their
    fields. Without `all_limits` only those of numbers and of what shall not be in it count."""
    by_field = {fact.field: fact for fact in facts}
    limits = [c for c in wish.intent.constraints if all_limits or c.operator in _ORDERED or absent(c)]
    both = [(c, f) for c in limits if (f := by_field.get(c.field.removeprefix("attributes."))) is not None]
    both = [(c, f) for c, f in both if c.field not in ("categories", "title")]
    if not both:
        return None
    failed = [(c, f) for c, f in both if not holds(c, product) and c.operator in _ORDERED]
    claims = list({c.text: c for c in (_told(c, f, product, voice) for c, f in failed or both)}.values())
    for c, _ in both:
        if absent(c) and (said := quote(product.description, stems(c.span))):
            fact = mention(product, said)
            claims.append(_claim(voice.fact(fact), fact))
    read = [product.title, *(part for c, f in both for part in (c.span, f.name))]
    whole = not beside(wish.purpose or wish.text, read)
    truths = [_truth(c, f, product, wish.text) for c, f in both] if yes_no and whole else [None]
    lead = _yes_or_no(False if False in truths else None if None in truths else True)
    return Explanation(product.id, f"{lead}{' '.join(c.text for c in claims)}", tuple(claims))


def absent(constraint: Constraint) -> bool:
    """Whether a limit says what shall not be in a product."""
    return constraint.operator in ("!=", "not in") or constraint.value is False


def _told(constraint: Constraint, fact: Fact, product: Product, voice: RecordExplainer) -> Claim:
    if constraint.operator in _ORDERED:
        text = voice.met(fact, constraint) if holds(constraint, product) else voice.missed(fact, constraint)
    else:
        text = voice.fact(fact)
    return _claim(text, fact)


def _truth(constraint: Constraint, fact: Fact, product: Product, text: str) -> bool | None:
    """Whether the record settles a limit, and how: a number by its bound, a yes by the record's own. A value that it holds is no proof that
    nothing else is in it, and another value than the one asked about no proof against it."""
    met = holds(constraint, product)
    if absent(constraint):
        return False if not met else None if fact.truth is None or not_borne(text) else True
    if constraint.operator in _ORDERED or fact.truth is not None:
        return met
    return True if met else None


def _wished(facts: Sequence[Fact], criteria: Sequence[Criterion]) -> Iterator[Fact]:
    """The facts of the fields that the wishes stand for; a named value only where the record holds it."""
    for criterion in sorted(criteria, key=lambda c: -c.importance):
        fact = next((f for f in facts if f.field == criterion.field.removeprefix("attributes.")), None)
        if fact is None or fact.kind == "title":
            continue
        if fact.amount is not None or fact.truth is not None or same(fact.value, criterion.value):
            yield fact


def _called(facts: Sequence[Fact], about: Iterable[str]) -> Iterator[Fact]:
    """The facts of yes or no whose name the purpose says: "dishwasher safe" for "the dishwasher"."""
    said = set(about)
    return (f for f in facts if f.truth is not None and said & stems(f.name))


def _yes_or_no(truth: bool | None) -> str:
    return "" if truth is None else "Yes. " if truth else "No. "


def _claim(text: str, fact: Fact) -> Claim:
    return Claim(text, (Evidence(fact.field, fact.value),), None, True, "record")
