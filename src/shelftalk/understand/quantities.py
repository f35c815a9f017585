"""Limits, ranges and exact amounts of a request, each given to the numeric field it speaks of, in that field's unit."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable
from functools import lru_cache

from shelftalk.understand.amounts import Amount, amounts, scaled
from shelftalk.understand.averages import averages, several
from shelftalk.understand.compare import FLIP, after, compared
from shelftalk.understand.index import Field, Index, named
from shelftalk.understand.lexicon import CONCEPTS, NAME_NOISE
from shelftalk.understand.nearby import PRICE_WORDS, Quantity, around, following, implied
from shelftalk.understand.polarity import rejected_after
from shelftalk.understand.tokens import Text, stem
from shelftalk.understand.units import HINTS, Unit, convert, scalar, siblings, tidy

# "Around 50" is taken as a band of so much to either side.
AROUND = 0.15
_ABLE = re.compile(
    r"\b(?:last|lasts|lasting|runs?|running|reach|reaches|throws?|beams?|shines?|holds?|makes?|brews?|carry|carries|handles?|"
    r"supports?|goes|go|light up|cover|covers|prints?|stores?|fits?)\W+(?:\w+\W+){0,3}?$"
)
_LASTING = re.compile(
    r"\b(?:lasts?|lasting|runs?(?: for)?|running|good for|reach(?:es)?|covers?|gives?|giving|delivers?|produces?|puts? out|goes|go|throws?|beams?|shines?|light(?:s|en)? up|"
    r"holds?|holding|makes?|brews?|carry|survives?|handles?|stays?(?: on)?)\W+(?:me |for |us |up )?\W*(?:\w+ )?$"
)
_JOINED = re.compile(r"[^.,;!?]{0,30}\band (?:an? |the )?(?:[\w-]+ ){0,3}?(?:of |is )?")
_CAP = re.compile(
    r"\b(?:budget|limit|spend|spending|afford|spare|my name|pocket|to blow|to burn|cash|bill|wallet|max|cap|shell out|can pay|cough up|left|allowance|for under|price range)\b",
    re.I,
)


def quantities(
    text: Text,
    index: Index,
    negative: list[bool],
    taken: frozenset[int],
    ordering: frozenset[int] = frozenset(),
    category: str | None = None,
) -> tuple[list[Quantity], set[int]]:
    """The limits of the request, and the tokens of all amounts that were used. Amounts that touch `taken` tokens are left
    alone, and the words in `ordering` (a superlative's) name no field; `category` is the one the request names."""
    if category is not None:
        index = index.narrowed(category)
    out: list[Quantity] = []
    used: set[int] = set()
    found = [a for a in amounts(text) if not (set(range(a.number.first, a.last + 1)) & taken) and not _pronoun(text, a)]
    for k, amount in enumerate(found):
        end = text.tokens[found[k + 1].number.first].start if k + 1 < len(found) else len(text.low)
        quantity = _read(text, index, amount, negative, end, ordering, out[-1] if out else None)
        if quantity is not None:
            out.append(quantity)
            used.update(range(quantity.first, quantity.last + 1))
    out += [q for q in several(text, index, negative) if all(o.field != q.field for o in out)]
    out += [
        q for q in averages(text, index, negative) if all(o.field != q.field or o.operator != q.operator for o in out)
    ]
    return out, used


def _pronoun(text: Text, amount: Amount) -> bool:
    """Whether a number word stands for things spoken of: "find me one", "these two", "either one"."""
    if amount.number.digits or amount.unit is not None or amount.money or amount.low is not None:
        return False
    first, last = amount.number.first, amount.last
    before = text.tokens[first - 1].low if first else ""
    if before in (
        "these",
        "those",
        "the",
        "either",
        "both",
        "this",
        "that",
        "no",
        "which",
        "any",
        "other",
        "another",
        "of",
        "every",
        "each",
    ):
        return True
    if amount.number.value != 1:
        return False
    after = following(text, last)
    return compared(text, amount)[0] is None or not after


def _read(
    text: Text,
    index: Index,
    amount: Amount,
    negative: list[bool],
    end: int,
    ordering: frozenset[int],
    previous: Quantity | None,
) -> Quantity | None:
    """The limit that an amount makes, or None where no field fits; words behind it count up to the offset `end`."""
    first, last = amount.number.first, amount.last
    operator, begins, tailed = _operator(text, amount, end)
    known = _field(text, index, amount, operator, begins, ordering)
    if known is None:
        return None
    span = text.text[begins : text.tokens[last].end]
    value = _in_unit(known, scaled(amount), amount)
    if amount.low is not None:
        low = _in_unit(known, amount.low, amount)
        return Quantity(known.field, "between", (scalar(low), scalar(value)), first, last, span)
    money = amount.money or known.kind == "money"
    at = text.at(begins)
    flipped = negative[min(at, first)] if operator in (None, "~", "=") else negative[at]
    if re.search(r"n't|\b(?:no|not|never|nothing)\b", text.low[begins : text.tokens[first].start]):
        flipped = False  # the negation is part of the comparison: "no less than"
    if money and (tailed or operator in (None, "=")):
        flipped = False
    if operator == "~" and money and _CAP.search(text.low):
        operator = "<="
    if rejected_after(text, last):
        if operator in (None, "="):
            operator, flipped = ">", False  # "16 GB just won't cut it"
        else:
            flipped = not flipped
    if operator is None:
        operator = "<=" if money else _bare(text, first, negative, previous)
    if operator == "~":
        if flipped or not known.number:
            return None
        band = (scalar(tidy(value * (1 - AROUND))), scalar(tidy(value * (1 + AROUND))))
        return Quantity(known.field, "between", band, first, last, span)
    if flipped:
        operator = FLIP[operator]
    if known.number:
        return Quantity(known.field, operator, scalar(value), first, last, span)  # type: ignore[arg-type]
    return _text_quantity(known, operator, value, first, last, span)


def _operator(text: Text, amount: Amount, end: int) -> tuple[str | None, int, bool]:
    """The operator around an amount, the offset its words begin at, and whether they stand behind the amount."""
    operator, begins = compared(text, amount)
    loose = text.low[begins : text.tokens[amount.number.first].start].startswith(("up to", "upto"))
    if loose and _ABLE.search(text.low[max(0, begins - 30) : begins]):
        operator = ">="  # "can shine up to 80 yards" asks for one that can
    if operator in (None, "~", "=") or loose:
        behind = after(text, amount.last, end)
        if behind is not None:
            return behind, begins, True
    return operator, begins, False


def _bare(text: Text, first: int, negative: list[bool], previous: Quantity | None) -> str:
    """The operator of an amount without one: that of the amount it is joined to by "and" ("at least 2 GB and 8 MP"), at
    least for what lasts, reaches or holds ("lasts 10 hours"), else equal."""
    if previous is not None and previous.last < first and previous.operator in (">=", "<=", ">", "<"):
        between = text.low[text.tokens[previous.last].end : text.tokens[first].start]
        if _JOINED.fullmatch(between) and not negative[first]:
            return previous.operator
    lead = text.low[max(0, text.tokens[first].start - 40) : text.tokens[first].start]
    return ">=" if _LASTING.search(lead) else "="


def _text_quantity(known: Field, operator: str, value: float, first: int, last: int, span: str) -> Quantity | None:
    """A limit on a text field that holds numbers ("1", "2", "4K"), spelt out as the values that satisfy it."""
    compare: dict[str, Callable[[float, float], bool]] = {
        "=": operators.eq, "!=": operators.eq, "<": operators.lt, "<=": operators.le, ">": operators.gt, ">=": operators.ge,
    }  # fmt: skip
    holds = compare[operator]
    chosen = tuple(known.numeric_values[v] for v in sorted(known.numeric_values) if holds(v, value))
    if not chosen or (operator not in ("=", "!=") and len(chosen) == len(known.numeric_values)):
        return None
    if operator == "!=":
        return Quantity(known.field, "!=", chosen[0], first, last, span)
    return Quantity(
        known.field,
        "=" if len(chosen) == 1 else "in",
        chosen[0] if len(chosen) == 1 else chosen,
        first,
        last,
        span,
    )


def _in_unit(known: Field, value: float, amount: Amount) -> float:
    """The value in the field's own unit; where the field names none, in the sibling unit that its values are in."""
    if amount.unit is None:
        return value
    if known.unit is not None:
        turned = convert(value, amount.unit, known.unit)
        return value if turned is None else turned
    bounds = known.bounds()
    if bounds is None or _within(value, bounds, 3.0):
        return value
    for other in siblings(amount.unit):
        turned = convert(value, amount.unit, other)
        if turned is not None and _within(turned, bounds, 1.0) and _usual(other):
            return turned
    return value


def _usual(other: Unit) -> bool:
    return other.name in (
        "in",
        "cm",
        "mm",
        "m",
        "ft",
        "yd",
        "g",
        "kg",
        "oz",
        "lb",
        "ml",
        "l",
        "h",
        "min",
        "gb",
        "tb",
        "mah",
        "ah",
        "w",
        "year",
        "month",
        "day",
        "cup",
        "floz",
    )


def _within(value: float, bounds: tuple[float, float], slack: float) -> bool:
    return bounds[0] / slack <= value <= bounds[1] * slack if bounds[0] >= 0 else bounds[0] <= value <= bounds[1]


def _field(
    text: Text, index: Index, amount: Amount, operator: str | None, begins: int, ordering: frozenset[int]
) -> Field | None:
    """The field an amount speaks of: by currency, unit, the words around it and the range of its values."""
    if amount.number.value > 1e9:
        return None
    if amount.money or _for_so_much(text, amount, index):
        return index.fields.get("price")
    first, last = amount.number.first, amount.last
    if _sterling(text, index, amount):
        return index.fields.get("price")
    scored: list[tuple[float, Field]] = []
    near, far = around(text, first, last, begins, ordering)
    near |= implied(text.low[begins : text.tokens[first].start])
    price_words = bool(PRICE_WORDS & near)
    after = following(text, last)
    beside = frozenset(t.stem for t in (*text.tokens[max(0, first - 2) : first], *text.tokens[last + 1 : last + 3]))
    for known in index.fields.values():
        score = _score(known, amount, near, far, price_words, operator, frozenset(after), beside)
        if score is not None and after:
            if known.kind == "money":
                score -= 1.5 if amount.unit is None and after[0] not in PRICE_WORDS else 0.0
            elif (share := named(known, frozenset(after))) >= 0.3:
                score += 1.0 * share
        if score is not None:
            scored.append((score, known))
    scored.sort(key=lambda s: -s[0])
    if not scored:
        return None
    top, known = scored[0]
    if top < 1.0:
        return None
    bounds = known.bounds()
    if (
        bounds is not None
        and known.kind != "money"
        and amount.unit is not None
        and not _within(_in_unit(known, scaled(amount), amount), bounds, 25.0)
    ):
        return None  # eight years are no battery life
    return known


def _for_so_much(text: Text, amount: Amount, index: Index) -> bool:
    """Whether a bare number is what one would pay: "2 phones for 300 each"."""
    known = index.fields.get("price")
    bounds = known.bounds() if known else None
    if (
        bounds is None
        or amount.unit is not None
        or not amount.number.digits
        or not bounds[0] <= amount.number.value <= 3 * bounds[1]
    ):
        return False
    lead = text.low[max(0, text.tokens[amount.number.first].start - 8) : text.tokens[amount.number.first].start]
    tail = text.low[text.tokens[amount.last].end :]
    return (
        bool(
            re.search(r"\b(?:for|at) $", lead)
            and re.match(r"\s*(?:each|total|apiece|in total|all in|max|tops)\b|\s*[.!?,]|\s*$", tail)
        )
        and amount.number.value >= 5
    )


def _sterling(text: Text, index: Index, amount: Amount) -> bool:
    """Whether "pounds" are money here: the shop's currency, or no weight in the catalogue comes near."""
    if amount.unit is None or amount.unit.name != "lb" or text.tokens[amount.last].low not in ("pound", "pounds"):
        return False
    if re.search(r"weigh|heav|light|load|lift|mass|bag\b|capacity", text.low):
        return False
    masses = [
        k
        for k in index.fields.values()
        if k.number and ((k.unit and k.unit.dimension == "mass") or "mass" in _measures(k))
    ]
    fits = [k for k in masses if (b := k.bounds()) and _within(_in_unit(k, scaled(amount), amount), b, 1.2)]
    return index.facets.currency == "GBP" or not fits


def _score(
    known: Field,
    amount: Amount,
    near: frozenset[str],
    far: frozenset[str],
    price_words: bool,
    operator: str | None,
    after: frozenset[str],
    beside: frozenset[str],
) -> float | None:
    given = amount.unit
    if known.kind == "money":
        if given is not None and not (given.name == "lb" and price_words):
            return None
        base = 2.0 if price_words else 0.0
        if known.field != "price":
            base = 2.2 * named(known, near) if named(known, near) >= 0.99 else -1.0
        elif operator not in (None, "=") and given is None:
            base += 1.0
        bounds = known.bounds()
        if (
            not price_words
            and bounds
            and scaled(amount) < 0.5 * bounds[0]
            and (not amount.number.digits or scaled(amount) < 0.2 * bounds[0])
        ):
            return None  # "a tent for at least three" speaks of no price
        return base
    if not known.number and not known.numeric_values:
        return None
    if not known.trusted and named(known, near) < 0.99:
        return None
    score = 0.0
    if given is not None:
        measures = _measures(known)
        if known.unit is None and measures and given.dimension not in measures:
            return None
        if known.unit is not None:
            if known.unit.dimension != given.dimension and {known.unit.dimension, given.dimension} != {
                "celsius",
                "fahrenheit",
            }:
                return None
            score += 2.0 + 0.3 * (known.unit.name == given.name)
        else:
            hints = {stem(w) for w in HINTS.get(given.dimension, "").split()}
            shared = len(hints & set(known.name))
            if shared:
                score += 1.0 + 0.2 * min(shared, 2)
            elif not (named(known, near) >= 0.6):
                return None
    name_near, name_far = named(known, near), named(known, far)
    if name_near >= 0.5:
        score += 1.5 * name_near + 0.1 * len(near & set(known.name))
    elif name_far >= 0.5:
        score += 0.6 * name_far
    head = known.name[-1]
    headed = bool(after) and (head in after or bool(CONCEPTS.get(head, frozenset()) & after)) and head not in NAME_NOISE
    if given is None and name_near < 0.75 and not headed:
        return None
    if given is None and operator is None and not headed and not beside & set(known.name):
        return None
    if headed and given is None:
        score += 0.8
    bounds = known.bounds()
    if bounds is not None:
        value = _in_unit(known, scaled(amount), amount)
        if _within(value, bounds, 1.0):
            score += 0.4
        elif not _within(value, bounds, 4.0):
            score -= 0.8
    if known.numeric_values and not known.number:
        if scaled(amount) in known.numeric_values:
            score += 0.2
        else:
            return None
    return score


@lru_cache(maxsize=4096)
def _hinted(name: tuple[str, ...]) -> frozenset[str]:
    return frozenset(d for d, hints in HINTS.items() if {stem(w) for w in hints.split()} & set(name))


def _measures(known: Field) -> frozenset[str]:
    """The dimensions that the words of a field's name go with; empty where they tell nothing."""
    return _hinted(known.name)
