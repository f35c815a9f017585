"""The order a request asks for: "the cheapest", "most RAM", "longest battery life", "the biggest one you have"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shelftalk.understand.rules.degrees import SUPERLATIVES, superlative
from shelftalk.understand.rules.index import Field, Index, named
from shelftalk.understand.rules.lexicon import LESS_IS_BETTER, NAME_NOISE, THRIFT
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Direction, Sort
from shelftalk.words.stems import bag, stem, stemmed
from shelftalk.words.stop import FUNCTION
from shelftalk.words.units import HINTS, SHORT, UNITS

_MOST = bag(
    "most maximum max highest greatest biggest largest best longest farthest furthest widest strongest tallest top ultimate heaviest peak utmost"
)
_LEAST = bag("least minimum min lowest smallest fewest shortest shallowest lightest slowest")
_BOUNDS = bag("max maximum min minimum least most")
_PRICE = stemmed("price priced cost costing tag")
_THRIFT = [re.compile(t, re.I) for t in THRIFT]


@dataclass(frozen=True, slots=True)
class Order:
    """A sort with the tokens it was read from."""

    sort: Sort
    first: int
    last: int


def order(text: Text, index: Index, negative: list[bool], category: str | None = None) -> Order | None:
    """The order asked for, or None. Of several, one on an attribute wins over one on price: the limit speaks of price."""
    if category is not None and any(not k.carried(category) for k in index.fields.values()):
        index = index.narrowed(category)
    found: list[Order] = []
    for i in range(len(text.tokens)):
        hit = _at(text, index, i)
        if hit is not None and not negative[i]:
            found.append(hit)
    if not found:
        return None
    explicit = [o for o in found if o.sort.field != "price"]
    return (explicit or found)[0]


def thrift_tokens(text: Text) -> set[int]:
    """The tokens inside idioms of thrift: the bank of "won't break the bank" is no power bank."""
    out: set[int] = set()
    for pattern in _THRIFT:
        for match in pattern.finditer(text.low):
            if " " in match.group() and len(match.group()) < 50:
                out.update(range(text.at(match.start()), text.at(match.end())))
    return out


def thrift(text: Text) -> bool:
    """Whether the request pleads for a low price without naming one: "won't break the bank", "money's tight"."""
    return any(pattern.search(text.low) for pattern in _THRIFT)


def thrift_words(text: Text) -> str:
    """The words of such a plea, "" where they are many or none: the shortest of several ("cheap"), an idiom with its own denial ("don't want to
    break the bank")."""
    found = [m for pattern in _THRIFT for m in pattern.finditer(text.low) if len(m.group()) < 50]
    if not found:
        return ""
    plea = min(found, key=lambda m: len(m.group().split()))
    denied = _DENIED.search(text.low[: plea.start()])
    return text.text[denied.start() if denied else plea.start() : plea.end()]


_DENIED = re.compile(
    r"(?<!\w)(?:\w+n't|not|never|without|no)(?: (?:want|have|wish|like|going|need))?(?: to)?(?: \w+)? $"
)


def _at(text: Text, index: Index, i: int) -> Order | None:
    tokens = text.tokens
    low = tokens[i].low
    if low in ("most", "least") and i and tokens[i - 1].low == "at" and not tokens[i].hard:
        return None
    if low in ("most", "least") and i + 1 < len(tokens) and tokens[i + 1].low == "of":
        return None
    if low in ("top", "peak", "max", "maximum", "minimum", "min") and not _attribute(text, index, i, 1, i):
        return None
    if low in ("most", "least") and i + 1 < len(tokens):
        adjective = tokens[i + 1].low
        if adjective in SUPERLATIVES or adjective in (
            "reasonably",
            "reasonable",
            "competitively",
            "wallet",
            "budget",
            "cost",
            "cheaply",
            "modestly",
            "attractively",
            "fairly",
        ):
            return _adjective(text, index, i, i + 1, low)
        if adjective in ("amount", "number", "quantity") and i + 2 < len(tokens):
            return _named(
                text, index, i, i + 3 if tokens[i + 2].low == "of" else i + 2, "desc" if low == "most" else "asc"
            )
    base = superlative(low)
    if base is None and low not in _MOST and low not in _LEAST:
        return None
    if low in ("best", "top", "highest", "lowest", "least", "most", "worst") or low in _MOST or low in _LEAST:
        direction: Direction = "desc" if low in _MOST else "asc"
        hit = _named(text, index, i, i + 1, direction)
        if hit is not None:
            return hit
    done = _done(text, index, i, low)
    if done is not None:
        return done
    if base in SUPERLATIVES and base is not None:
        return _adjective(text, index, i, i, "most")
    return None


_DOING = stemmed(
    "lasts last lasting holds hold brews brew makes make carries stores reaches reach whip churn dispense throws throw shines shine goes runs stays covers packs charges recharges running run runs going go beam beams costs cost survives keeps"
)


def _done(text: Text, index: Index, i: int, low: str) -> Order | None:
    """The order by what a product does: "lasts the longest", "holds the most coffee", "brews the most cups"."""
    tokens = text.tokens
    verb = next((j for j in range(i - 1, max(-1, i - 4), -1) if tokens[j].stem in _DOING), None)
    if verb is None or any(t.hard or t.comma for t in tokens[verb + 1 : i + 1]):
        return None
    given = {tokens[verb].stem}
    for token in tokens[i + 1 : i + 4]:
        if token.hard or token.comma or token.low in _STOPS:
            break
        measure = UNITS.get(token.low)
        given |= {token.stem} | (
            {stem(w) for w in HINTS.get(measure.dimension, "").split()} if measure and token.low not in SHORT else set()
        )
    scored = sorted(
        ((named(k, frozenset(given)), -len(k.name), k.field, k) for k in index.fields.values() if k.number),
        key=lambda s: s[:3],
        reverse=True,
    )
    if not scored or scored[0][0] < 0.4:
        return None
    return Order(Sort(scored[0][3].field, "asc" if low in _LEAST else "desc", text.span(verb, i)), verb, i)


def _adjective(text: Text, index: Index, first: int, at: int, degree: str) -> Order | None:
    adjective = text.tokens[at].low
    base = adjective if at > first else (superlative(adjective) or adjective)
    if base not in SUPERLATIVES:
        if "price" in index.fields:
            return Order(Sort("price", "asc", text.span(first, at)), first, at)
        return None
    known = _meant(text, index, base, at)
    if known is None:
        return None
    field, direction = known
    if degree == "least":
        direction = "asc" if direction == "desc" else "desc"
    return Order(Sort(field.field, direction, text.span(first, at)), first, at)


def _meant(text: Text, index: Index, base: str, at: int) -> tuple[Field, Direction] | None:
    """The field an adjective's superlative orders by: one named right after it, else one the adjective itself implies."""
    options = SUPERLATIVES.get(base, ())
    priced = bool(options) and options[0][0] == (stem("price"),)
    after = None if priced and "price" in index.fields else _attribute(text, index, at, 1, at)
    if after is not None and options:
        field, _ = after
        for hints, way in options:
            if set(hints) & set(field.name) or set(hints) & field.known:
                return field, _dated(field, way)
        if field.kind == "money" and not priced:
            return None
        if base in ("fast", "quick") and LESS_IS_BETTER & set(field.name):
            return field, "asc"
        return field, _dated(field, options[0][1])
    for hints, way in options:
        best: tuple[float, Field] | None = None
        for known in index.fields.values():
            if not (known.number or known.kind == "date") or not known.trusted:
                continue
            ranks = [hints.index(w) for w in known.name if w in hints]
            if not ranks:
                continue
            strange = [w for w in known.name if w not in hints and w not in NAME_NOISE]
            score = 1.0 / (1 + min(ranks)) + 0.2 * (len(ranks) - 1) - 0.8 * bool(strange) - 0.05 * len(known.name)
            if best is None or score > best[0]:
                best = (score, known)
        if best is not None:
            return best[1], _dated(best[1], way)
    return None


def _dated(known: Field, direction: str) -> Direction:
    if direction == "asc_date":
        return (
            "desc"
            if known.field == "released_at" or known.kind == "date" or "year" in known.name or "releas" in known.name
            else "asc"
        )
    if direction == "desc_fine":
        return "asc" if {"precis", "accuraci"} & set(known.name) else "desc"
    return "asc" if direction == "asc" else "desc"


def _named(text: Text, index: Index, first: int, after: int, direction: Direction) -> Order | None:
    """The order by a field named after the superlative: "most RAM", "lowest price", "best battery life"."""
    found = _attribute(text, index, after - 1, 1, first)
    if found is None:
        return None
    field, last = found
    low = text.tokens[first].low
    if low in _BOUNDS and last + 1 < len(text.tokens) and text.tokens[last + 1].numeric:
        return None  # "a minimum of SPF 30"
    if low == "best" and LESS_IS_BETTER & set(field.name):
        direction = "asc"
    if low == "best" and named(field, frozenset(t.stem for t in text.tokens[first : last + 1])) < 0.75:
        return None
    if low in ("top", "best") and field.kind == "money":
        direction = "asc"
    return Order(Sort(field.field, direction, text.span(first, last)), first, last)


_STOPS = (FUNCTION | {"still", "you", "i"}) - {"of", "in", "less", "more", "most", "on"}


def _attribute(text: Text, index: Index, at: int, step: int, origin: int) -> tuple[Field, int] | None:
    """The numeric or date field that the two to four words after a superlative name, with the last of those words."""
    tokens = text.tokens
    best: tuple[float, Field, int] | None = None
    given: set[str] = set()
    for j in range(at + 1, min(len(tokens), at + 5)):
        if tokens[j].hard or tokens[j].comma:
            break
        if tokens[j].low in _STOPS or tokens[j].numeric:
            break
        given.add(tokens[j].stem)
        if tokens[j].stem in _PRICE and "price" in index.fields and j <= at + 1:
            return index.fields["price"], j
        for known in index.by_word.get(tokens[j].stem, ()):
            if not (known.number or known.kind == "date"):
                continue
            share = named(known, frozenset(given))
            exact = len([w for w in known.name if w in given])
            score = share + 0.15 * exact - 0.08 * (j - at - 1)
            if share >= 0.39 and (best is None or score > best[0] + 1e-9):
                best = (score, known, j)
    del origin
    return (best[1], best[2]) if best and best[0] >= 0.4 else None
