"""Limits, ranges and exact amounts of a request, each given to the numeric field it speaks of, in that field's unit."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from shelftalk.understand.rules.amounts import ParsedAmount, amounts, scaled
from shelftalk.understand.rules.astray import astray
from shelftalk.understand.rules.averages import averages
from shelftalk.understand.rules.bodies import carries
from shelftalk.understand.rules.company import (
    FOR_SO_MANY,
    GROUP,
    OF_THEM,
    counts_people,
    for_so_many,
    holds_people,
    seats,
    together,
)
from shelftalk.understand.rules.compare import FLIP, after, compared, or_so
from shelftalk.understand.rules.dates import AHEAD
from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.lexicon import MORE_IS_BETTER, MORE_UNITS
from shelftalk.understand.rules.measured import field_of, in_unit
from shelftalk.understand.rules.nearby import Quantity, following
from shelftalk.understand.rules.placing import ends_of, ranged
from shelftalk.understand.rules.polarity import rejected_after
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint, Intent, Sort
from shelftalk.words import money as currencies
from shelftalk.words.stems import bag, stemmed
from shelftalk.words.units import scalar, tidy

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
_FITS_IN = re.compile(
    r"\bfit(?:s|ting)?(?: easily| well| nicely)? (?:in|into|inside|within) (?:(?:a|an|the|my|our|one) )?$"
)
_JOINED = re.compile(r"[^.,;!?]{0,30}\band (?:an? |the )?(?:[\w-]+ ){0,3}?(?:of |is )?")
_CAP = re.compile(
    r"\b(?:budget|limit|spend|spending|afford|spare|my name|pocket|to blow|to burn|cash|bill|wallet|max|tops|cap|shell out|can pay|cough up|left|allowance|for under|price range)\b",
    re.I,
)


def quantities(
    text: Text,
    index: Index,
    negative: list[bool],
    taken: frozenset[int],
    ordering: frozenset[int] = frozenset(),
    category: str | None = None,
    values: frozenset[int] = frozenset(),
) -> tuple[list[Quantity], set[int]]:
    """The limits of the request, and the tokens of all amounts that were used. Amounts that touch `taken` tokens or those of `values`
    are left alone, but the kids of a company are no value; the words in `ordering` (a superlative's) name no field; `category` is the
    one the request names."""
    if category is not None:
        index = index.narrowed(category)
    out: list[Quantity] = []
    used: set[int] = set()
    if (company := together(text, index, category, taken)) is not None:
        out.append(company)
        used.update(range(company.first, company.last + 1))
    taken |= used | values
    found = [_fine(text, index, a) for a in amounts(text)]
    found = [a for a in found if not (set(range(a.number.first, a.last + 1)) & taken) and not _pronoun(text, a)]
    for k, amount in enumerate(found):
        end = text.tokens[found[k + 1].number.first].start if k + 1 < len(found) else len(text.low)
        quantity = _read(text, index, amount, negative, end, ordering, out[-1] if out else None)
        if quantity is not None and _of_price(amount, quantity, out, index):
            quantity.field = "price"
        if quantity is None and (category is not None or seats(text, index, None) is not None):
            quantity = for_so_many(text, index, amount)
        before = out[-1] if out else None
        if quantity is not None and before is not None and before.nearest and _either(text, before, quantity):
            before.operator, before.value, before.nearest = "between", (before.value, quantity.value), False  # type: ignore[assignment]
            before.span, before.last = text.span(before.first, quantity.last), quantity.last
            used.update(range(quantity.first, quantity.last + 1))
        elif quantity is not None and before is not None and _besides(text, before, quantity):
            before.value += quantity.value  # type: ignore[operator]
            before.span, before.last = text.span(before.first, quantity.last), quantity.last
            used.update(range(quantity.first, quantity.last + 1))
        elif quantity is not None:
            out.append(quantity)
            used.update(range(quantity.first, quantity.last + 1))
    out += [
        q for q in averages(text, index, negative) if all(o.field != q.field or o.operator != q.operator for o in out)
    ]
    return out, used


def _of_price(amount: ParsedAmount, found: Quantity, before: Sequence[Quantity], index: Index) -> bool:
    """Whether a bare number is a price, since what it would be else was said already and holds no such number: "a one-person tent under
    30"."""
    if amount.unit is not None or amount.money or found.operator not in ("<", "<=") or "price" not in index.fields:
        return False
    bounds = index.fields[found.field].bounds()
    beyond = bounds is not None and not isinstance(found.value, tuple) and float(str(found.value)) > bounds[1]
    return beyond and any(q.field == found.field for q in before)


def rooms(text: Text, index: Index, negative: list[bool], category: str) -> tuple[tuple[Constraint, ...], Sort | None]:
    """The limits on the room for people of a category that the request does not name, and the order in which the nearest to them come
    first; none where the people are turned down."""
    found, _ = quantities(text, index, negative, frozenset(), category=category)
    found = [q for q in found if holds_people(index.fields[q.field]) and not negative[q.first]]
    room = ranged(Intent(constraints=tuple(q.constraint() for q in found)), index).constraints
    return room, next((Sort(q.field, "asc", q.span) for q in found if q.nearest), None)


_POINTING = bag("these those the either both this that no which any other another of every each")


def _pronoun(text: Text, amount: ParsedAmount) -> bool:
    """Whether a number word stands for things spoken of: "find me one", "these two", "either one"."""
    if amount.number.digits or amount.unit is not None or amount.money or amount.low is not None:
        return False
    first, last = amount.number.first, amount.last
    before = text.tokens[first - 1].low if first else ""
    if GROUP.search(text.low[: text.tokens[first].start]):
        return False
    if before in _POINTING:
        return OF_THEM.match(text.low[text.tokens[last].end :]) is None  # "the four of us" are so many people
    if amount.number.value != 1:
        return False
    after = following(text, last)
    return compared(text, amount)[0] is None or not after


def _read(
    text: Text,
    index: Index,
    amount: ParsedAmount,
    negative: list[bool],
    end: int,
    ordering: frozenset[int],
    previous: Quantity | None,
) -> Quantity | None:
    """The limit that an amount makes, or None where no field fits; words behind it count up to the offset `end`."""
    first, last = amount.number.first, amount.last
    operator, begins, tailed = _operator(text, index, amount, end)
    if _in_time(text, amount):
        return None
    fine = _fineness(text, index, amount)
    known = fine or _sleeping(text, index, amount) or field_of(text, index, amount, operator, begins, ordering)
    known = known or _price_range(text, index, amount)
    if known is None or (operator in (None, "=") and fine is None and astray(text, amount, known)):
        return None
    if _UP_TO.match(text.low, begins):
        operator = _up_to(known, operator)
    behind = _BEHIND.match(text.low[text.tokens[last].end : end]) if tailed else None
    if behind is not None:
        last = text.at(text.tokens[last].end + behind.end()) - 1
    if begins == text.tokens[first].start and (sign := currencies.before(text.text[:begins], text.own)) is not None:
        begins = sign  # "$50" is said with its sign
    span = text.text[begins : text.tokens[last].end]
    value = in_unit(known, scaled(amount), amount)
    if amount.low is not None:
        low = in_unit(known, amount.low, amount)
        return Quantity(known.field, "between", (scalar(low), scalar(value)), first, last, span)
    money = amount.money or known.kind == "money"
    flipped = _turned_round(text, negative, first, begins, operator, tailed, money)
    if operator == "~" and money and _CAP.search(text.low):
        operator = "<="
    if rejected_after(text, last):  # "16 GB just won't cut it"
        operator, flipped = (">", False) if operator in (None, "=") else (operator, not flipped)
    lead = text.low[: text.tokens[first].start]
    room = (counts_people(known) and FOR_SO_MANY.search(lead)) or (
        amount.unit is not None and _held(text, known, lead, last)
    )
    if operator is None and not flipped and room:
        return Quantity(known.field, ">=", scalar(value), first, last, span, nearest=True)
    if operator is None:
        one_sided = (carries(known) or _the_more_the_better(known)) and ends_of(known.field, index) is None
        operator = "<=" if money else _bare(text, first, negative, previous)
        operator = ">=" if operator == "=" and not flipped and one_sided else operator
    return _limit(known, operator, value, flipped, first, last, span)


_KARATS = re.compile(r"[ -]?(?:k|kt|ct)\b(?! ?(?:mah|btu|lm|lumens?|hz))")
_KARAT = stemmed("karat carat")


def _fineness(text: Text, index: Index, amount: ParsedAmount) -> Field | None:
    """The field of karats, where the number is followed by their sign and is one that gold has: "18k", "14 ct"."""
    behind = _KARATS.match(text.low, text.tokens[amount.number.last].end)
    if behind is None or not 8 <= amount.number.value <= 24 or amount.money:
        return None
    fields = [k for k in index.fields.values() if k.kind == "number" and _KARAT & set(k.name)]
    return next((k for k in fields if (b := k.bounds()) is not None and b[1] >= 8), None)


def _fine(text: Text, index: Index, amount: ParsedAmount) -> ParsedAmount:
    """The amount with the sign of karats taken in, which is no thousand there."""
    if _fineness(text, index, amount) is None:
        return amount
    number = replace(amount.number, kilo=False)
    return replace(amount, number=number, last=max(amount.last, number.last + 1), unit=None)


def _the_more_the_better(known: Field) -> bool:
    """Whether who asks for so much of a field is as well served with more: a warranty, a battery's life, brightness."""
    if known.kind != "number" or "age" in known.name:
        return False
    return bool(MORE_IS_BETTER & set(known.name)) or (known.unit is not None and known.unit.name in MORE_UNITS)


def _held(text: Text, known: Field, lead: str, last: int) -> bool:
    """Whether the amount is that of a thing which shall fit: "for a 15 inch laptop"."""
    thing = text.tokens[last + 1].stem if last + 1 < len(text.tokens) else ""
    return thing in known.name and _HOLDS.search(lead) is not None


def _in_time(text: Text, amount: ParsedAmount) -> bool:
    """Whether an amount says when, which limits nothing."""
    at = text.tokens[amount.number.first].start
    return any(m.start() < at < m.end() for m in AHEAD.finditer(text.low))


def _sleeping(text: Text, index: Index, amount: ParsedAmount) -> Field | None:
    """The field of how many people a product has room for, where the number is theirs: "sleeps four or more"."""
    if (
        amount.unit is not None
        or amount.money
        or not _SLEEPS.search(text.low[: text.tokens[amount.number.first].start])
    ):
        return None
    fields = [known for known in index.fields.values() if counts_people(known)]
    return fields[0] if len(fields) == 1 else None


def _price_range(text: Text, index: Index, amount: ParsedAmount) -> Field | None:
    """The price, where a range without a unit stands alone and is one of prices: "earbuds, 100 to 170"."""
    price = index.fields.get("price")
    bounds = price.bounds() if price is not None else None
    if bounds is None or amount.low is None or amount.unit is not None or not amount.number.digits:
        return None
    behind = text.tokens[amount.last + 1] if amount.last + 1 < len(text.tokens) else None
    alone = behind is None or behind.hard or behind.comma
    return price if alone and max(bounds[0], _SMALLEST) <= amount.low < scaled(amount) <= bounds[1] else None


_SMALLEST = 20  # a range of smaller numbers may be one of ages, sizes or people
_SLEEPS = re.compile(r"\b(?:sleeps?|seats?|sleeping|seating|accommodates?|room for|space for)(?: at least| up to)? $")


def _up_to(known: Field, operator: str | None) -> str | None:
    """The operator of "up to", which of some fields says the contrary: what carries "up to 120 kg" reaches it, who pays "up to 450"
    pays no more."""
    if operator == "<=" and carries(known):
        return ">="
    return "<=" if operator == ">=" and known.kind == "money" else operator


def _turned_round(
    text: Text, negative: list[bool], first: int, begins: int, operator: str | None, tailed: bool, money: bool
) -> bool:
    """Whether a negation turns the comparison round."""
    at = text.at(begins)
    if re.search(r"n't|\b(?:no|not|never|nothing)\b", text.low[begins : text.tokens[first].start]):
        return False  # the negation is part of the comparison: "no less than"
    if money and (tailed or operator in (None, "=")):
        return False
    if text.tokens[min(at, first)].comma and (tailed or operator in ("<", "<=", ">", ">=")):
        return False  # a limit with words of its own: "I don't want it to weigh too much, 20 pounds max"
    return negative[min(at, first)] if operator in (None, "~", "=") else negative[at]


def _limit(
    known: Field, operator: str, value: float, flipped: bool, first: int, last: int, span: str
) -> Quantity | None:
    """The limit on a field, in numbers or in the values that hold them."""
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


_BEHIND = re.compile(r" (?:max(?:imum)?|tops|at (?:the )?(?:most|least|max))\b")
_HOLDS = re.compile(
    r"\b(?:for|fits?|holds?|takes?|carry|carries|carrying)(?: (?:an?|my|the|his|her|our|their|your))? $"
)
_UP_TO = re.compile(r"up ?to\b")


def _besides(text: Text, before: Quantity, after: Quantity) -> bool:
    """Whether two numbers of those who play go together: "2 adults and 3 kids"."""
    between = text.low[text.tokens[before.last].end : text.tokens[after.first].start]
    same = before.field == after.field and before.operator == after.operator == "="
    return same and "player" in before.field and re.fullmatch(r" (?:[\w-]+ )?(?:and|plus|&) ", between) is not None


def _either(text: Text, before: Quantity, after: Quantity) -> bool:
    """Whether two numbers of one field are said as alternatives: "for three or four people"."""
    between = text.low[text.tokens[before.last].end : text.tokens[after.first].start].strip()
    return before.field == after.field and between in ("or", "to", "/")


def compared_here(text: Text, index: Index, amount: ParsedAmount) -> tuple[str | None, int]:
    """As `compared`, where the name of a number field may stand between the words and the number: "less than SPF 50"."""
    operator, begins = compared(text, amount)
    at = _named_before(text, index, amount.number.first)
    return compared(text, amount, at) if operator is None and at < amount.number.first else (operator, begins)


def _named_before(text: Text, index: Index, first: int) -> int:
    """The token at which the name of a number field right before token `first` begins; `first` itself without one."""
    at = first
    while at > 0 and first - at < 3 and not text.tokens[at].hard and not text.tokens[at].comma:
        word = text.tokens[at - 1]
        called = [k for k in index.fields.values() if k.kind != "money" and (k.number or k.numeric_values)]
        if not any(word.stem in k.name for k in called):
            break
        at -= 1
    return at


def _operator(text: Text, index: Index, amount: ParsedAmount, end: int) -> tuple[str | None, int, bool]:
    """The operator around an amount, the offset its words begin at, and whether they stand behind the amount."""
    operator, begins = compared_here(text, index, amount)
    loose = text.low[begins : text.tokens[amount.number.first].start].startswith(("up to", "upto"))
    if loose and _ABLE.search(text.low[max(0, begins - 30) : begins]):
        operator = ">="  # "can shine up to 80 yards" asks for one that can
    if operator in (None, "~", "=") or loose:
        behind = after(text, amount.last, end)
        if behind is not None:
            return behind, begins, True
    return "~" if operator is None and or_so(text, amount) else operator, begins, False


def _bare(text: Text, first: int, negative: list[bool], previous: Quantity | None) -> str:
    """The operator of an amount without one: that of the amount it is joined to by "and" ("at least 2 GB and 8 MP"), at
    least for what lasts, reaches or holds ("lasts 10 hours"), else equal."""
    if previous is not None and previous.last < first and previous.operator in (">=", "<=", ">", "<"):
        between = text.low[text.tokens[previous.last].end : text.tokens[first].start]
        if _JOINED.fullmatch(between) and not negative[first]:
            return previous.operator
    lead = text.low[max(0, text.tokens[first].start - 40) : text.tokens[first].start]
    return "<=" if _FITS_IN.search(lead) else ">=" if _LASTING.search(lead) else "="


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
