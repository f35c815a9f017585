"""What the record itself says, from one plain template: a fact with its standing, a limit that is missed, a field that is not there."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from shelftalk.explain.job import ExplainJob
from shelftalk.explain.named import Origin, names, origin, worded
from shelftalk.facts.card import CardFact, plain_name, refused_word
from shelftalk.facts.facts import Fact, facts_of, money, quantity
from shelftalk.facts.holds import as_number, compare, holds, same
from shelftalk.prompts import PromptLibrary, Template
from shelftalk.text import clean
from shelftalk.values import Claim, Constraint, Evidence, Facets, Product
from shelftalk.words.units import close

__all__ = [
    "RecordExplainer",
    "absences",
    "answered",
    "asked_words",
    "bound",
    "meets",
    "misses",
    "ranges",
    "record",
    "said",
    "wanted",
]

TEMPLATE = "explain/record"
QUOTED = "the shop writes"  # before words of the description
FEW = 4  # times as many stand without a value that is worth saying is rare
ANSWERS = 0.5  # the share of what fits that a number beats by the wish, where it may be told as an answer to it
MOST_COUNTED = 200  # of more products than these, of several kinds, a share says nothing
_LONGEST_WORDS = 60  # of the shopper's, that are said again
_LEAST, _MOST = "minimum ", "maximum "  # what the names of a range's two ends begin with


class RecordExplainer:
    """Speaks for the record with one template."""

    def __init__(self, prompts: PromptLibrary) -> None:
        self._template: Template = prompts.get(TEMPLATE)

    def fact(self, fact: Fact, standing: str = "", words: str = "") -> str:
        """ "Weight: 1.3 kg, lightest of 16."; with the shopper's words "For "a light tent": weight 1.3 kg, lightest of 16." """
        name = QUOTED if fact.kind == "mention" else fact.name
        return self._said(name if words else _large(name), said(fact), standing, words=words)

    def card(self, card: CardFact, told: Container[str] = (), contrast: bool = False) -> Claim:
        """The claim of a card's fact; it answers the criterion, the limit or the sort that speaks of its field. The shopper's words
        are not said again where they are among those `told`; that a named value is another than was wished is said in `contrast`."""
        answers = answered(card) if meets(card) else None
        if value := _turned_down(card, contrast):
            return _claim(self._said(_large(card.fact.name), said(card.fact), "", "not", value), card.fact, answers)
        standing = _standing(card)
        met = next((c for c in card.constraints if _met(card.fact, c)), None)
        if met is not None:
            return _claim(self.met(card.fact, met, standing), card.fact, answers)
        wish = card.criterion
        quoted = (
            wish is not None
            and (wish.words or not card.constraints)
            and answers
            and len(answers) <= _LONGEST_WORDS
            and answers not in told
        )
        words = answers.replace('"', "") if quoted and answers else ""
        return _claim(self.fact(card.fact, standing, words), card.fact, answers)

    def within(self, low: CardFact, high: CardFact) -> Claim:
        """ "Age: 1 to 5, which includes your 3.", of a range's two ends and the limits between which the shopper's number stands."""
        name = high.fact.name.removeprefix(_MOST)
        least, most = said(low.fact), said(high.fact)
        constraint = next(c for c in low.constraints if c.operator in ("<", "<="))
        limit = bound(low.fact, wanted(constraint)[0], constraint)
        same_ends = low.fact.amount == high.fact.amount
        value, side = (least, "") if same_ends else (f"{least} to {most}", "within")
        claim = _claim(self._said(_large(name), value, "", side, limit, origin(constraint)), low.fact, answered(low))
        return replace(claim, evidence=(*claim.evidence, Evidence(high.fact.field, high.fact.value)))

    def met(self, fact: Fact, constraint: Constraint, standing: str = "") -> str:
        """ "Price: 49 EUR, under your 120 EUR." """
        side = _met(fact, constraint)
        if not side:
            return self.fact(fact, standing)
        whose = origin(constraint)
        limit = bound(fact, wanted(constraint)[0], constraint)
        return self._said(_large(fact.name), said(fact), standing, side, limit, whose)

    def missed(self, fact: Fact, constraint: Constraint, request: str = "") -> str:
        """ "Price: 85 EUR, over your 80 EUR." """
        whose = origin(constraint)
        if constraint.operator in ("!=", "not in"):
            return self._said(_large(fact.name), said(fact), "", "unwanted")
        limits = [bound(fact, v, constraint) for v in wanted(constraint)]
        if fact.truth is not None:
            return self._said(_large(fact.name), said(fact), "", "instead", limits[0])
        number = as_number(wanted(constraint)[-1])
        over = fact.amount is not None and number is not None
        if not over or (fact.amount is not None and close(fact.amount, number or 0)):
            return self._said(_large(fact.name), said(fact), "", "not", _limit(constraint, limits), whose)
        low = as_number(wanted(constraint)[0])
        side = "under" if fact.amount is not None and low is not None and fact.amount < low else "over"
        return self._said(_large(fact.name), said(fact), "", side, limits[0 if side == "under" else -1], whose)

    def silent(self, field: str) -> str:
        """ "The record says nothing about noise level." """
        return self._said(plain_name(field), "")

    def nearest(self, words: str, fact: Fact) -> str:
        """'The record does not name "cycling"; nearest to it the shop writes: "a jacket that does not balloon on descents".'"""
        return self._said(QUOTED, said(fact), "", "nearest", words=words.replace('"', ""))

    def general(self, product: Product) -> Claim:
        """What can be said of a record that holds no speakable fact: its number."""
        number = clean(product.id)[:60]
        return Claim(self._said("Number", number), (Evidence("id", product.id),), None, True, "record")

    def _said(
        self,
        name: str,
        value: str,
        standing: str = "",
        side: str = "",
        limit: str = "",
        whose: Origin = "implied",
        words: str = "",
    ) -> str:
        rendered = self._template.render(
            name=name,
            value=value,
            standing=standing,
            side=side,
            limit=limit,
            yours=whose == "named",
            shown=whose == "shown",
            words=words,
        )
        return rendered.messages[-1].content


@lru_cache(maxsize=1)
def record() -> RecordExplainer:
    """The record's voice with the prompts that travel with the package."""
    return RecordExplainer(PromptLibrary.default())


def said(fact: Fact) -> str:
    """The value as the record's sentence writes it: "1.3 kg", "yes", "red, blue"."""
    if fact.kind == "mention":
        return f'"{fact.parts[0]}"'
    return fact.reads.partition(": ")[2] or fact.reads


def misses(job: ExplainJob, product: Product, facets: Facets, voice: RecordExplainer) -> Iterator[Claim]:
    """A claim for each limit that was given up and that the product misses."""
    facts = {fact.field: fact for fact in facts_of(product, facets)}
    for constraint in job.relaxed:
        fact = facts.get(constraint.field.removeprefix("attributes."))
        if fact is not None and not holds(constraint, product):
            told = worded(constraint, job.request)
            yield _claim(voice.missed(fact, told, job.request), fact, asked_words(told, job.request))


def absences(job: ExplainJob, product: Product, facets: Facets) -> Iterator[str]:
    """The fields that were asked for and that the record lacks: of limits that were given up, of the first criterion. A field that
    no product of its kinds has is not missed."""
    wished = sorted(job.intent.criteria, key=lambda c: -c.importance)[:1]
    asked = [c.field for c in job.relaxed if not holds(c, product)] + [c.field for c in wished]
    for field in dict.fromkeys(f for f in asked if product.value(f) is None):
        facet = facets.get(field)
        if facet is None or not facet.categories or set(facet.categories) & set(product.categories):
            yield field


def ranges(cards: Sequence[CardFact]) -> Iterator[tuple[CardFact, CardFact]]:
    """The two ends of each range between which a number of the shopper's stands: "age_min <= 5" and "age_max >= 5"."""
    ends = {card.fact.name: card for card in cards if card.constraints and _said_alone(card)}
    for name, low in ends.items():
        high = ends.get(_MOST + name.removeprefix(_LEAST)) if name.startswith(_LEAST) else None
        if high is not None and _reach(low, ("<", "<=")) & _reach(high, (">", ">=")):
            yield low, high


def _reach(card: CardFact, operators: Sequence[str]) -> set[float]:
    """The numbers that the limits of an end ask for and that it reaches."""
    amount = card.fact.amount
    numbers = {as_number(wanted(c)[0]) for c in card.constraints if c.operator in operators}
    return {n for n in numbers if n is not None and amount is not None and compare(amount, operators[1], n)}


def _standing(card: CardFact) -> str:
    """The place of a fact, where it is worth saying: not of one that is far from what was wished, nor of a limit that just holds;
    how many hold a value where few do."""
    standing = card.line.removeprefix(card.fact.reads).removeprefix(", ")
    said_alone = (
        card.criterion is None or not card.criterion.words
    )  # beside a limit, a wish without words only orders what it lets in
    if standing.startswith("middle") or (card.constraints and said_alone and not card.sorted):
        return ""
    place, wished = card.standing, card.criterion is not None
    if not standing or place is None or (wished and not meets(card)):
        return ""
    if not place.number:
        few = place.alike * FEW <= place.of <= MOST_COUNTED
        return f"only {standing}" if few and wished else ""
    return standing


def _said_alone(card: CardFact) -> bool:
    """Whether no words wish for anything of the field: a wish without words only orders what a limit lets in."""
    return card.criterion is None or not card.criterion.words


def _turned_down(card: CardFact, contrast: bool) -> str:
    """The named value that was to be avoided and that a fact avoids, or in contrast the one that was wished for and that it is not;
    "" for none."""
    wish = card.criterion
    if wish is not None:
        told = meets(card) if wish.want == "not" else contrast and wish.want == "is" and not meets(card)
        return clean(wish.value) if told and isinstance(wish.value, str) and card.fact.truth is None else ""
    if card.fact.amount is not None or card.fact.truth is not None or len(card.constraints) != 1:
        return ""
    (limit,) = card.constraints
    avoided = limit.operator in ("!=", "not in") and not any(same(card.fact.value, v) for v in wanted(limit))
    return (refused_word(limit) or " or ".join(clean(str(v)) for v in wanted(limit))) if avoided else ""


def answered(card: CardFact) -> str | None:
    """The shopper's words that a card's fact answers, None where they are not known."""
    found = [card.criterion.words if card.criterion else "", *(c.span for c in card.constraints)]
    return next((clean(words) for words in found if words), None)


def meets(card: CardFact) -> bool:
    """Whether the fact is no contradiction of the criterion that touches it: "noise cancelling: no" answers no wish for quiet, the
    second most expensive of 37 none for a low price."""
    c = card.criterion
    if c is None:
        return True
    if c.want in ("low", "high"):
        place = card.standing
        share = None if place is None or not place.number else place.share if c.want == "low" else 1 - place.share
        return share is None or share >= ANSWERS
    values = card.fact.value if isinstance(card.fact.value, (tuple, list)) else (card.fact.value,)
    return any(same(value, c.value) for value in values) == (c.want == "is")


def asked_words(constraint: Constraint, request: str) -> str | None:
    """The words of the request that the constraint was read from; only words that are really there."""
    span = clean(constraint.span)
    return span if span and span.lower() in clean(request).lower() else None


def wanted(constraint: Constraint) -> tuple[object, ...]:
    """The values of a constraint, always as a tuple."""
    return tuple(constraint.value) if isinstance(constraint.value, (tuple, list)) else (constraint.value,)


def bound(fact: Fact, value: object, constraint: Constraint | None = None) -> str:
    """A limit that the shopper set, with the unit of the field: "20 hours"; with the currency only where the words of the
    constraint name it ("100 USD" of "$100", "100" of "under 100"). A value without a constraint is the record's own. A limit that a conversion or a mean left with many digits is cut to a few."""
    number = as_number(value)
    if number is None or isinstance(value, bool):
        return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else clean(str(value))
    tidy = (
        number
        if close(number, round(number, 2))
        else round(number, 2)
        if fact.kind == "money"
        else float(
            f"{number:.3g}"
            if fact.amount is None or not close(float(f"{number:.3g}"), fact.amount)
            else f"{number:.4g}"
        )
    )
    if fact.kind == "money":
        said = constraint is None or names(constraint, fact.currency)
        return money(Decimal(str(tidy)), fact.currency if said else None)
    return quantity(tidy, fact.unit, fact.name)


def _met(fact: Fact, constraint: Constraint) -> str:
    """The side of a limit on which the value stands, "under" or "over"; "" where it is missed, just met, or no such limit."""
    number = as_number(wanted(constraint)[0])
    if fact.amount is None or number is None or close(fact.amount, number):
        return ""
    side = "under" if fact.amount < number else "over"
    return side if {"<": "under", "<=": "under", ">": "over", ">=": "over"}.get(constraint.operator) == side else ""


def _limit(constraint: Constraint, limits: Sequence[str]) -> str:
    lead = {"<": "less than ", ">": "more than "}.get(constraint.operator, "")
    return lead + " or ".join(limits)


def _claim(text: str, fact: Fact, answers: str | None) -> Claim:
    return Claim(text, (Evidence(fact.field, fact.value),), answers, True, "record")


def _large(name: str) -> str:
    return name[:1].upper() + name[1:]
