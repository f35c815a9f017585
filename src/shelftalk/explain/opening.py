"""The sentence over all picks, and the one word that sets a pick apart: both computed, so that both are true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shelftalk.catalog.standing import superlatives
from shelftalk.explain.job import ExplainJob
from shelftalk.explain.record import meets, ranges, said
from shelftalk.facts.card import CardFact
from shelftalk.prompts import Template

__all__ = ["labels", "opening"]

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_MOST_CLAUSES = 2
_BARE = ("lowest", "highest")  # do not say of what
# Names of which a yes says what a product is; what any other names, it has.
_QUALITY = re.compile(
    r"(?:[^tcv]able|ible|proof|less|free|[^eb]ed|ive|friendly|safe|ready|organic|electric|vegan|resistant)\Z"
)


@dataclass(frozen=True, slots=True)
class _Clause:
    situation: str
    name: str
    value: str = ""
    most: str = ""
    picks: str = ""  # those of which it is said, "" for all


def opening(job: ExplainJob, cards: Sequence[Sequence[CardFact]], template: Template) -> str:
    """One sentence over all picks: which of them alone do what was wished, what they share of it, how far it ranges, and which leads;
    "" where there is nothing to say of these. What a limit lets through anyway is not said."""
    if len(cards) < 2:
        return ""
    clauses = [*_only(cards), *_shared(job, cards)][:_MOST_CLAUSES]
    clauses += _leader(cards) if clauses else ()
    told = [
        template.render(
            situation=c.situation, picks=c.picks or _together(cards), name=c.name, value=c.value, most=c.most
        )
        .messages[-1]
        .content
        for c in clauses
    ]
    sentence = "; ".join(told)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def _together(cards: Sequence[object]) -> str:
    return "both" if len(cards) == 2 else f"all {_counted(len(cards))}"


def _counted(number: int) -> str:
    return _COUNTS[number] if number < len(_COUNTS) else str(number)


def _only(cards: Sequence[Sequence[CardFact]]) -> Iterator[_Clause]:
    """The yes or the named value, wished for, that the first picks have and the others have not."""
    for first in cards[0]:
        wish = first.criterion
        if wish is None or wish.want not in ("is", "not") or not meets(first):
            continue
        group = [next((c for c in of_pick if c.fact.field == first.fact.field), None) for of_pick in cards]
        met = [c is not None and meets(c) for c in group]
        count = sum(met)
        alike = {said(c.fact).casefold() for c in group[:count] if c is not None}
        if count == len(cards) or not all(met[:count]) or len(alike) > 1 or first.fact.truth is False:
            continue
        picks = "the first" if count == 1 else f"the first {_counted(count)}"
        if first.fact.truth:
            quality = bool(_QUALITY.search(first.fact.name))
            situation = ("is" if count == 1 else "are") if quality else ("has" if count == 1 else "have")
            yield _Clause(situation, first.fact.name.removeprefix("is ").removeprefix("has "), picks=f"only {picks}")
        else:
            yield _Clause("value", first.fact.name, said(first.fact), picks=f"{picks} alone")


def _shared(job: ExplainJob, cards: Sequence[Sequence[CardFact]]) -> Iterator[_Clause]:
    """What holds of every pick in a field that a criterion or a limit touches, unless it is the very thing that was not wished. Of
    limits only how far a number ranges, but for the price, which stands beside each pick, and what all have in a field whose
    limit was given up."""
    ends = {card.fact.field for pair in ranges(cards[0]) for card in pair}
    given_up = {c.field.removeprefix("attributes.") for c in job.relaxed}
    for first in cards[0]:
        field, wished = first.fact.field, first.criterion is not None
        if not wished and (not first.constraints or field in ends):
            continue
        group = [next((c for c in of_pick if c.fact.field == field), None) for of_pick in cards]
        found = [c for c in group if c is not None]
        wanted = any(meets(c) for c in found) or any(c.fact.amount is not None for c in found)
        if len(found) < len(cards) or not wanted or (clause := _clause(found)) is None:
            continue
        if wished or field in given_up or (clause.situation == "range" and field != "price"):
            yield clause


def _clause(group: Sequence[CardFact]) -> _Clause | None:
    facts = [c.fact for c in group]
    first = facts[0]
    if first.amount is not None:
        if any(f.amount is None or f.unit != first.unit or f.currency != first.currency for f in facts):
            return None
        ordered = sorted(facts, key=lambda f: f.amount or 0)
        same = ordered[0].amount == ordered[-1].amount
        return _Clause("same" if same else "range", first.name, said(ordered[0]), said(ordered[-1]))
    if any(said(f).casefold() != said(first).casefold() for f in facts):
        return None
    if first.truth:
        return _Clause(
            "are" if _QUALITY.search(first.name) else "have", first.name.removeprefix("is ").removeprefix("has ")
        )
    return _Clause("value", first.name, said(first))


def _leader(cards: Sequence[Sequence[CardFact]]) -> Iterator[_Clause]:
    """The first pick that leads what fits in what was wanted."""
    for place, of_pick in enumerate(cards[: len(_PLACES)]):
        for card in of_pick:
            if (word := _lead(card)) and card.standing and card.fact.field != "price" and _alone(card, cards):
                inwhat = f" in {card.fact.name}" if word in _BARE else ""
                yield _Clause("best", _PLACES[place], f"{word} of {card.standing.of}{inwhat}")
                return


def _lead(card: CardFact) -> str:
    """The word for a fact that is first among what fits the way it is wanted ("lightest"), "" for any other; low is what is
    wanted of a price where nothing is said."""
    standing = card.standing
    if standing is None or not standing.number or standing.of < 2 or standing.low == standing.high == 1:
        return ""
    if card.criterion is not None and card.constraints and not card.criterion.words:
        return ""  # it only orders what a limit lets in: nobody asked for the highest age
    want = card.criterion.want if card.criterion is not None else "low" if card.fact.field == "price" else ""
    low, high = superlatives(card.fact.field)
    return low if want == "low" and standing.low == 1 else high if want == "high" and standing.high == 1 else ""


def labels(cards: Sequence[Sequence[CardFact]]) -> list[str]:
    """For each pick the words for what it leads what fits in ("lightest", "highest water column"), that of the most important wish first;
    "" where it leads in nothing, or another pick does as well."""
    return [
        next((_badge(word, card) for card in of_pick if (word := _lead(card)) and _alone(card, cards)), "")
        for of_pick in cards
    ]


def _badge(word: str, card: CardFact) -> str:
    """The word alone where it says of what ("lightest"), else with the field's name: beside a price "highest" would speak of that."""
    return f"{word} {card.fact.name}" if word in _BARE else word


def _alone(card: CardFact, cards: Sequence[Sequence[CardFact]]) -> bool:
    """Whether no other pick holds the same amount."""
    return sum(c.fact.field == card.fact.field and c.fact.amount == card.fact.amount for one in cards for c in one) == 1
