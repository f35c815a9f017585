"""The numbers of a statement: each must be a cited fact's value, its standing's, or the request's own; comparisons must be true.

Values are converted between units of one dimension and never rounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shelftalk.explain.statements import StatementToken, tokens
from shelftalk.facts.card import CardFact
from shelftalk.words.money import SIGN, currency_of
from shelftalk.words.stems import bag, stem, stems
from shelftalk.words.units import Unit, close, same_quantity, unit_of

__all__ = ["StatedAmount", "StatedQuantity", "amounts", "quantities", "wrong_amount"]

# Words that are units elsewhere and something else in a sentence.
_NOT_UNITS = frozenset(
    {"in", "a", '"', "second", "bar", "cup", "cups", "piece", "pieces", "person", "persons", "people", "pounds"}
)
_COUNTED = frozenset({"person", "piece", "cup", "month", "year"})
_AFTER = frozenset({"pieces", "people", "persons", "person", "cups", "cup", "years", "year", "months"})
# What stands before a number, and what it says of the value: (words, relation).
_COMPARES: tuple[tuple[str, str], ...] = (
    ("no more than", "<="), ("not more than", "<="), ("no less than", ">="), ("no fewer than", ">="), ("more than", ">"), ("less than", "<"),
    ("fewer than", "<"), ("lighter than", "<"), ("shorter than", "<"), ("cheaper than", "<"), ("longer than", ">"), ("larger than", ">"),
    ("heavier than", ">"), ("bigger than", ">"), ("higher than", ">"), ("lower than", "<"), ("smaller than", "<"), ("wider than", ">"),
    ("at least", ">="), ("at most", "<="), ("up to", "="), ("well over", ">"), ("just under", "<"), ("just over", ">"), ("over", ">"),
    ("under", "<"), ("below", "<"), ("above", ">"), ("beyond", ">"), ("within", "<="), ("nearly", "<"), ("almost", "<"), ("exceeds", ">"),
)  # fmt: skip
_YOURS = re.compile(r"\b(?:you|your|yours|limit|budget|asked|named|wanted|nobody|no|not|never)\b")
_TURNING = bag("only just no none nothing nobody never not cannot hardly one two three few nor neither")
_NEAR_SHARE = 0.25  # "almost 3 kg" is said of 2.8 kg, not of 1


@dataclass(frozen=True, slots=True)
class StatedQuantity:
    """An amount with its unit or currency."""

    amount: float
    unit: Unit | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class StatedAmount:
    """A number in a statement: what it amounts to, where it stands among the tokens, and the comparison before it ("" for none)."""

    quantity: StatedQuantity
    at: int
    word: str
    relation: str = ""
    hedged: bool = False


def amounts(text: str) -> list[StatedAmount]:
    """The numbers of a text, digits and words, with their units; "one" only where something follows that counts."""
    stream = tokens(text)
    found: list[StatedAmount] = []
    skip = 0
    for i, token in enumerate(stream):
        if i < skip or token.amount is None:
            continue
        value, used = _joined(stream, i)
        skip = i + used
        relation, hedged = _relation(stream, i)
        found.append(StatedAmount(_quantity(stream, i, i + used, value), i, token.text, relation, hedged))
    return found


def _joined(stream: Sequence[StatementToken], i: int) -> tuple[float, int]:
    """The value of the number words that begin at i ("two hundred") and how many there are."""
    value, used = float(stream[i].amount or 0), 1
    if stream[i].text[:1].isdigit() or stream[i].text[:1] == "-":
        return value, 1
    while i + used < len(stream):
        after = stream[i + used]
        if after.amount is None or after.text[:1].isdigit():
            break
        if after.amount in (12.0, 100.0, 1000.0) and value < after.amount and after.text != "twelve":
            value *= after.amount
        elif value % 10 == 0 and value >= 20 and after.amount < 10 and after.text not in ("half", "twice"):
            value += after.amount
        else:
            break
        used += 1
    return value, used


def _quantity(stream: Sequence[StatementToken], i: int, after: int, value: float) -> StatedQuantity:
    before = stream[i - 1].text if i else ""
    if re.fullmatch(SIGN, before):
        return StatedQuantity(value, None, currency_of(before))
    if stream[i].text == "half" and after < len(stream) and stream[after].text in ("a", "an"):
        after += 1
    word = stream[after].text if after < len(stream) else ""
    if word == "°" and after + 1 < len(stream):
        return StatedQuantity(value, unit_of("°" + stream[after + 1].text))
    if word and word != "pounds" and (code := currency_of(word)):
        return StatedQuantity(value, None, code)
    return StatedQuantity(value, unit_of(word) if word and word not in _NOT_UNITS else None)


def _relation(stream: Sequence[StatementToken], i: int) -> tuple[str, bool]:
    before = " ".join(t.text for t in stream[max(0, i - 7) : i])
    before = re.sub(r" (?:your|the|a) (?:limit|budget|maximum|minimum) of$", "", before)
    before = re.sub(r" (?:the|your|a|an|only|just|those|these)$", "", before)
    before = re.sub(rf" {SIGN}$", "", before)
    for words, relation in _COMPARES:
        if before == words or before.endswith(f" {words}"):
            return relation, words in ("nearly", "almost", "just under", "just over")
    return "", False


def quantities(card: CardFact) -> Iterator[StatedQuantity]:
    """The quantities that a fact holds: its value, and numbers that stand in a text, a list or its name."""
    fact = card.fact
    if fact.amount is not None:
        yield StatedQuantity(fact.amount, fact.unit, fact.currency)
    for text in (*fact.parts, fact.name):
        yield from (a.quantity for a in amounts(text))


def wrong_amount(text: str, cited: Sequence[CardFact], request: str, limits: Sequence[float] = ()) -> str:
    """Why a number of the text is not proven, "" where all are. `limits` are the numbers that the request's constraints set."""
    held = [(q, card) for card in cited for q in quantities(card)]
    asked = [a.quantity for a in amounts(request)] + [StatedQuantity(limit) for limit in limits]
    stream = tokens(text)
    for amount in amounts(text):
        if _proven(amount, stream, held, cited, asked):
            continue
        return f'says "{amount.word}", which no cited fact does'
    return _mixed(stream, cited, request)


def _proven(
    amount: StatedAmount, stream: Sequence[StatementToken], held: Sequence[tuple[StatedQuantity, CardFact]], cited: Sequence[CardFact], asked: Sequence[StatedQuantity]
) -> bool:  # fmt: skip
    said = amount.quantity
    pointed = bool(amount.at) and stream[amount.at - 1].text in ("its", "these", "those")
    if amount.relation and not pointed and any(_true(amount, q) for q, _ in held if _comparable(said, q)):
        return True
    equal = amount.relation in ("", "=", "<=", ">=") or _turned(stream, amount.at)
    if equal and any(_same(said, q, card, stream, amount.at) for q, card in held):
        return True
    bare = said.unit is None and said.currency is None
    if bare and _of_standing(amount, stream, cited):
        return True
    if bare and amount.word == "one" and not _counts(stream, amount.at):
        return True
    if bare and amount.word == "half" and not _halves(stream, amount.at):
        return True
    if not any(_equal(said, q) for q in asked) or _counting(stream, amount.at):
        return False
    near = " ".join(t.text for t in stream[max(0, amount.at - 4) : amount.at + 4])
    against = any(_comparable(said, q) and (said.unit is not None or said.currency is not None) for q, _ in held)
    if amount.relation and any(_comparable(said, q) for q, _ in held):
        return False  # a comparison with the shopper's number that is not true
    return bool(_YOURS.search(near)) or not against


def _counting(stream: Sequence[StatementToken], at: int) -> bool:
    """Whether the number counts products: "3 of 16", "3 of the 16"."""
    after = stream[at + 1 : at + 4]
    return bool(after) and after[0].text in ("of", "in", "out") and any(t.amount is not None for t in after)


def _turned(stream: Sequence[StatementToken], at: int) -> bool:
    """Whether the comparison is of others with the value ("only one costs more than its 119 EUR") or denied ("never over 3")."""
    near = [t.text for t in (*stream[max(0, at - 10) : at], *stream[at + 1 : at + 7])]
    before = stream[at - 1].text if at else ""
    return before in ("its", "these", "those", "the") or any(w in _TURNING or w.endswith("n't") for w in near)


def _same(
    said: StatedQuantity, held: StatedQuantity, card: CardFact, stream: Sequence[StatementToken], at: int
) -> bool:
    if said.currency and said.currency != held.currency:
        return False
    if said.unit is None:
        after = {stream[j].text for j in (at + 1,) if j < len(stream)}
        if after & _AFTER and held.unit is not None and held.unit.name not in _COUNTED:
            return False
        return close(said.amount, held.amount)
    if held.unit is None:
        named = {stem(said.unit.one), stem(said.unit.many)} & stems(" ".join((card.fact.name, *card.fact.parts)))
        aged = said.unit.name in ("month", "year") and "age" in card.fact.name.split()
        return (
            held.currency is None
            and close(said.amount, held.amount)
            and (bool(named) or aged or said.unit.dimension in ("people",))
        )
    return same_quantity(said.amount, said.unit, held.amount, held.unit)


def _equal(a: StatedQuantity, b: StatedQuantity) -> bool:
    if a.unit and b.unit:
        return same_quantity(a.amount, a.unit, b.amount, b.unit)
    return close(a.amount, b.amount)


def _comparable(a: StatedQuantity, b: StatedQuantity) -> bool:
    """Whether the two measure the same thing: one dimension, one currency, or neither has a unit."""
    if a.unit and b.unit:
        return a.unit.dimension == b.unit.dimension
    if a.currency or b.currency:
        return (
            a.unit is None and b.unit is None and (a.currency is None or b.currency is None or a.currency == b.currency)
        )
    return a.unit is None and b.unit is None


def _true(amount: StatedAmount, held: StatedQuantity) -> bool:
    """Whether the comparison before the number is true of the value held."""
    said = amount.quantity.amount * (amount.quantity.unit.factor if amount.quantity.unit and held.unit else 1)
    value = held.amount * (held.unit.factor if amount.quantity.unit and held.unit else 1)
    if amount.hedged and abs(value - said) > _NEAR_SHARE * abs(said):
        return False
    equal = close(value, said)
    return {
        "<": value < said and not equal, "<=": value < said or equal, ">": value > said and not equal, ">=": value > said or equal,
        "=": equal,
    }[amount.relation]  # fmt: skip


def _of_standing(amount: StatedAmount, stream: Sequence[StatementToken], cited: Sequence[CardFact]) -> bool:
    """Whether the number counts products as a cited fact's standing does; places and comparisons are places.py's."""
    n = amount.quantity.amount
    near = {t.text for t in stream[max(0, amount.at - 5) : amount.at + 8]}
    for card in cited:
        standing = card.standing
        if standing is None:
            continue
        if n == standing.of:
            return True
        if amount.word == "half" and standing.alike and not standing.number:
            return 2 * standing.alike == standing.of
        if standing.number:
            around = {standing.low - 1, standing.high - 1, standing.low, standing.high}
            if n in around and (_compared(near) or (n == standing.alike and n > 1)):
                return True
            continue
        if n == standing.alike or (n == standing.alike - 1 and near & {"other", "others", "more", "else", "besides"}):
            return True
        if n == standing.of - standing.alike and near & _OTHER_SIDE:
            return True
    return False


_OTHER_SIDE = bag("unlike other others rest remaining without not lack lacks don't better differ instead against")


def _compared(near: set[str]) -> bool:
    return any(
        (w.endswith("er") and len(w) > 4) or (w.startswith("out") and len(w) > 5) or w in _COMPARATIVES for w in near
    )


_COMPARATIVES = bag("less more fewer outdo outdoes beat beats outlast outlasts outweigh surpass top than among")


def _counts(stream: Sequence[StatementToken], at: int) -> bool:
    """Whether "one" is a number here: "only one", "one of 16", "one in 16"."""
    before = stream[at - 1].text if at else ""
    after = [t.text for t in stream[at + 1 : at + 5]]
    if after[:1] == ["of"]:  # "one of three": that three is proven tells it; "one of the 16" needs proof
        return False
    return (before in ("only", "just") and after[:1] != ["hand"]) or (after[:1] == ["in"] and stream[at + 2 : at + 3] != () and stream[at + 2].amount is not None)  # fmt: skip


def _halves(stream: Sequence[StatementToken], at: int) -> bool:
    """Whether "half" counts products: "half of the 16"."""
    return any(t.amount is not None for t in stream[at + 1 : at + 5])


def _mixed(stream: Sequence[StatementToken], cited: Sequence[CardFact], request: str) -> str:
    """A code of letters and digits ("4K", "USB3") stands in a cited fact or in the request."""
    known = {
        t.text
        for text in (request, *(c.line for c in cited), *(p for c in cited for p in c.fact.parts))
        for t in tokens(text)
    }
    for token in stream:
        if (
            any(c.isdigit() for c in token.text)
            and token.amount is None
            and token.text not in known
            and not _place(token.text)
        ):
            return f'says "{token.text}", which no cited fact does'
    return ""


def _place(word: str) -> bool:
    return word[:-2].isdigit() and word[-2:] in ("st", "nd", "rd", "th")
