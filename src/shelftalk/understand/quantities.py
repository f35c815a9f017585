"""Limits, ranges and exact amounts of a request, each given to the numeric field it speaks of, in that field's unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from shelftalk.understand.index import Field, Index, named
from shelftalk.understand.lexicon import CONCEPTS, FUNCTION, NAME_NOISE, SUPERLATIVES, superlative
from shelftalk.understand.numbers import Number, numbers
from shelftalk.understand.polarity import rejected_after
from shelftalk.understand.tokens import Text, stem
from shelftalk.understand.units import HINTS, SHORT, UNITS, Unit, convert, siblings, tidy
from shelftalk.values import Constraint, Operator, Scalar

_CURRENCY_BEFORE = re.compile(r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|us\$|rs\.?))\s*$", re.I)
_CURRENCY_AFTER = frozenset("dollar dollars buck bucks usd euro euros eur quid gbp smackers bones rupees yen pesos".split())
_PRICE_WORDS = frozenset(
    stem(w) for w in "price priced prices pricing cost costs spend spending pay paying budget cheaper expensive expenditure expenditures expense expenses afford cash money shell splurge fork "
    "dropping dough fortune cheap affordable tag blow cough".split()
)  # fmt: skip

_LESS = (
    r"under|below|beneath|underneath|south of|shy of|less than|fewer than|lower than|cheaper than|smaller than|shorter than|lighter than|thinner than|narrower than|slimmer than|younger than|"
    r"quicker than|faster than|quieter than|sooner than|inferior to|(?:less|fewer) \w+ than|<|sub"
)
_MORE = (
    r"over|above|more than|greater than|bigger than|larger than|longer than|higher than|wider than|taller than|heavier than|thicker than|deeper than|stronger than|better than|brighter than|older than|louder than|"
    r"farther than|further than|exceeding|exceeds?|beyond|north of|past|in excess of|upwards? of|superior to|more \w+ than|surpass(?:es|ing)?|tops|beats|>"
)
_AT_MOST = (
    r"up to|upto|at most|at the most|at max|no more than|not more than|nothing (?:over|above|more than)|not (?:over|above|exceed(?:ing)?|to exceed)|no (?:higher|bigger|larger|greater|longer|heavier|wider|taller|thicker|older|pricier|costlier|louder) than|"
    r"not (?:higher|bigger|larger|greater|longer|heavier|wider|taller|thicker|older|pricier|louder) than|\w*n't (?:exceed|go (?:over|above|beyond)|cost more than|be more than|be over|weigh more than)|never (?:over|exceed(?:ing)?|more than)|no over|max(?:imum)?(?: (?:of|is|at|price|budget|spend))*|within|limit(?:ed)?(?: (?:is|of|to|at))*|"
    r"(?:at|below|under|less than|lower than|cheaper than|equal(?: to)?) or (?:exactly|at|equal to|below|under|less than|lower than|equals?)|(?:right )?at or under|cap(?:ped)?(?: (?:is|of|at))*|ceiling (?:of|is)|as much as|equal to or (?:less|lower) than|less than or equal to|<=|≤|=<|(?:tops|topping) out at|maxes out at|until|till"
)
_AT_LEAST = (
    r"at least|at the least|at minimum|at a minimum|no less than|not less than|no fewer than|not fewer than|nothing (?:under|below|less than|smaller than|shorter than)|not (?:under|below)|no (?:lower|smaller|shorter|lighter|narrower|younger|thinner|slower) than|"
    r"(?:at|above|over|more than|greater than|equal(?: to)?) or (?:exactly|at|equal to|above|over|more than|greater than)|not (?:lower|smaller|shorter|lighter|narrower|younger|thinner) than|min(?:imum)?(?: of|:)?|starting (?:at|from)|starts at|as (?:low|little) as|greater than or equal to|more than or equal to|equal to or (?:greater|more|higher) than|>=|≥|=>|\w*n't (?:go )?(?:below|under)|upwards? (?:of|from)|a good|or more than|atleast|as (?:long|far|high|big|large) as|(?:\w*n't|not|never) (?:\w+ ){0,3}?(?:settle|accept|take|do|consider|go)(?: for| at| with)? (?:anything |nothing |something |any )?(?:less|smaller|lower|fewer|shorter|under|below)(?: than)?|minimal"
)
_EXACT = r"exactly|precisely|equal to|=|=="
_AROUND = r"around|about|roughly|approximately|approx\.?|circa|near|nearly|close to|~|somewhere (?:around|near)|ish|in the (?:region|neighbou?rhood|ballpark|vicinity) of"
_PHRASES: tuple[tuple[str, str], ...] = (
    ("<=", _AT_MOST), (">=", _AT_LEAST), ("<", _LESS), (">", _MORE), ("~", _AROUND), ("=", _EXACT),
)  # fmt: skip
_GLUE = r"(?:\s|[$€£(\"']|:|,(?=\s*\d)|\b(?:the|a|an|about|around|approximately|roughly|only|just|like|say|maybe|total|is|of|at|measly|whole|mere|price|cost|budget|usd|us|around the|\w+ (?:of|is))\b)*$"
_BEFORE = [(op, re.compile(rf"(?:(?<=\s)|(?<=^)|(?<=[^\w\s])|\b)(?:{body})(?!\w){_GLUE}", re.I)) for op, body in _PHRASES]
_TAIL = r"^\W{0,2}(?:\w+\W+){0,3}?"
_AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("<=", re.compile(_TAIL + r"(?:(?:or|and|&) (?:even )?(?:less|under|below|lower|cheaper|fewer|smaller|shorter|lighter|younger|thinner|quicker|faster|quieter|within|beneath|narrower)|max\b|maximum|tops\b|at most|at the most|at max|or so max|is (?:my|the) (?:limit|max|maximum|budget|cap)|budget|limit\b|to spend|to spare|to my name|ceiling)", re.I)),
    (">=", re.compile(_TAIL + r"(?:(?:or|and|&) (?:even )?(?:more|above|higher|larger|bigger|over|greater|longer|better|up\b|upwards?|beyond|heavier|taller|wider|older|farther|further|thicker|faster|deeper|brighter)|plus\b|min\b|minimum|at least|at the least|at minimum)", re.I)),
)  # fmt: skip
_PLUS = re.compile(r"^\s?\+")
_HAVE = re.compile(r"(?:\b(?:only|just|i|i've|i'm|have|has|got|with|my|budget|limit|save|for|spend|spending|afford|pay|paying|bill|pocket|of)\b\W*(?:\w+\W+){0,3})$", re.I)
_CAP = re.compile(r"\b(?:budget|limit|spend|spending|afford|spare|my name|pocket|to blow|to burn|cash|bill|wallet|max|cap|shell out|can pay|cough up|left|allowance|for under|price range)\b", re.I)
_RANGE = re.compile(r"^\s*(?:\w+\W+)?(?:-|to|and|through|up to)\s*[$€£]?\s*$", re.I)
_FLIP = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "~": "!=", "!=": "="}
_AVERAGE = re.compile(
    r"(?:(?P<less>(?:less|fewer|smaller|lower|shorter|lighter|cheaper)(?: (?!more\b|than\b)\w+){1,3} than|(?:not|no) pricier than|no (?:more|higher|greater|larger|bigger|longer|heavier) than|not (?:more|higher|greater|larger|bigger|longer|heavier) than|under|below|less(?:\s+\w+)?\s+than|fewer(?:\s+\w+)?\s+than|lower than|cheaper than|smaller than|shorter than|lighter than|beneath|at most|up to|no more than|not more than|not over|not above|within|n't (?:more than|over|above|exceed)|or below|or less than)"
    r"|(?P<more>(?:longer|higher|bigger|larger|greater|wider|stronger|more|faster)(?: (?!less\b|fewer\b|than\b)\w+){1,3} than|no (?:less|lower|smaller|shorter|fewer) than|not (?:less|lower|smaller|shorter|fewer) than|over|above|more(?:\s+\w+){0,2}\s+than|greater than|bigger than|larger than|longer than|higher than|better than|wider than|heavier than|taller than|exceeds?|exceeding|beyond|at least|no less than|farther than|further than|beats?|surpass(?:es)?))"
    r"\s+(?:the |your |an |a |that of (?:the|an) |what's |what is |their |our |its |or equal to )*(?:\w+ ){0,2}?(?P<mean>average|avg|typical|mean\b|normal|usual|median)"
)
_AVERAGE_OR = re.compile(r"average(?:\s+\w+){0,2}? or (?P<less>below|less|lower|under|cheaper)|average(?:\s+\w+){0,2}? or (?P<more>above|more|higher|larger|bigger|better|longer|over|greater)")
_ABOVE_AVERAGE = re.compile(r"\b(?P<less>below|under|sub)[- ]average\b|\b(?P<more>above|better[- ]than|over)[- ]average\b")


@dataclass(slots=True)
class Quantity:
    """A limit read from tokens `first` to `last` (the comparing words may stand outside them)."""

    field: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]
    first: int
    last: int
    span: str
    text_field: bool = False

    def constraint(self) -> Constraint:
        """The limit as a constraint."""
        return Constraint(self.field, self.operator, self.value, self.span)


@dataclass(slots=True)
class Amount:
    """A number with its unit or currency, before a field was found for it."""

    number: Number
    last: int
    unit: Unit | None = None
    money: bool = False
    low: float | None = None  # the first end of a range


def amounts(text: Text) -> list[Amount]:
    """Every number of the request with the unit or currency that goes with it; ranges are one amount."""
    out: list[Amount] = [_amount(text, number) for number in numbers(text)]
    out += [a for a in _a_unit(text) if all(a.number.first > o.last or a.last < o.number.first for o in out)]
    out.sort(key=lambda a: a.number.first)
    for before, after in zip(out, out[1:], strict=False):
        between = text.low[text.tokens[before.last].end : text.tokens[after.number.first].start]
        if before.unit is None and not before.money and after.unit is not None and re.fullmatch(r"\s*(?:,|or|and|/|,\s*or)\s*", between):
            before.unit = after.unit
    merged: list[Amount] = []
    for amount in out:
        before = merged[-1] if merged else None
        if before is not None and _is_range(text, before, amount):
            if before.money and not amount.unit:
                amount.money = True
            if amount.number.kilo and not before.number.kilo and not amount.unit and before.number.value < amount.number.value:
                before.number = Number(before.number.value, before.number.first, before.number.last, before.number.digits, True)
            if before.unit and amount.unit and before.unit.name != amount.unit.name:
                turned = convert(before.number.value, before.unit, amount.unit)
                if turned is None:
                    merged.append(amount)
                    continue
                before.number = Number(turned, before.number.first, before.number.last, before.number.digits)
            amount.low = _scaled(before)
            amount.unit = amount.unit or before.unit
            amount.number = Number(_scaled(amount), before.number.first, amount.number.last, amount.number.digits)
            merged[-1] = amount
        else:
            merged.append(amount)
    return merged


_THAN_A = re.compile(r"\b(?:than|least|most|over|under|exceeding|beyond|minimum(?: of)?|within|up to)\s+(?P<a>an?)\s+(?P<unit>[a-z]+)\b")


_NOTES = {"tenner": 10.0, "fiver": 5.0}


def _a_unit(text: Text) -> list[Amount]:
    """Amounts of one: "longer than a year", "at least an hour"."""
    out = [Amount(Number(_NOTES[t.low], i, i, False), i, money=True) for i, t in enumerate(text.tokens) if t.low in _NOTES]
    for match in _THAN_A.finditer(text.low):
        found = UNITS.get(match.group("unit"))
        if found is not None and match.group("unit") not in SHORT:
            first = text.at(match.start("a"))
            out.append(Amount(Number(1.0, first, first, False), first + 1, unit=found))
    return out


def _scaled(amount: Amount) -> float:
    return amount.number.value * (1000 if amount.number.kilo and amount.unit is None else 1)


def _is_range(text: Text, a: Amount, b: Amount) -> bool:
    between = text.low[text.tokens[a.last].end : text.tokens[b.number.first].start]
    if a.low is not None or len(between) > 12 or a.number.value > b.number.value and a.unit is None:
        return False
    lead = text.low[max(0, text.tokens[a.number.first].start - 24) : text.tokens[a.number.first].start]
    if re.fullmatch(r"\s*(?:-|to)\s*[$€£]?\s*", between):
        return a.unit is None or b.unit is not None or a.money
    opens = re.search(r"\b(?:between|from|range of|ranging)\s+(?:[$€£]|about |around )?\s*$", lead)
    return bool(opens and re.fullmatch(r"\s*(?:-|to|and|through|up to|till|until)\s*[$€£]?\s*", between))


def _amount(text: Text, number: Number) -> Amount:
    tokens = text.tokens
    before = text.text[: tokens[number.first].start]
    money = bool(_CURRENCY_BEFORE.search(before[-6:]))
    last = number.last
    nxt = last + 1
    if nxt < len(tokens) and tokens[nxt].low in ("us", "american", "measly", "whole", "extra", "little", "single") and nxt + 1 < len(tokens) and tokens[nxt + 1].low in _CURRENCY_AFTER:
        nxt += 1
    if nxt < len(tokens) and not tokens[nxt].hard and tokens[nxt].gap in ("", " ", "-"):
        word = tokens[nxt]
        if word.low in _CURRENCY_AFTER or (word.low == "grand" and number.digits):
            return Amount(number, nxt, money=True)
        if word.low in ("pounds", "pound") and not re.search(r"weigh|heav|light|load|lift|capacity|mass", text.low):
            return Amount(number, nxt, unit=UNITS["lb"], money=False)
        if word.low in ("fl", "fluid") and nxt + 1 < len(tokens) and tokens[nxt + 1].low in ("oz", "ounce", "ounces"):
            return Amount(number, nxt + 1, unit=UNITS["floz"])
        compound = _COMPOUND.match(text.low[word.start :])
        if compound:
            return Amount(number, max(nxt, text.at(word.start + compound.end()) - 1), unit=UNITS[_COMPOUNDS[compound.lastgroup or ""]])
        found = UNITS.get(word.low)
        glued = word.gap == ""
        if found and (word.low not in SHORT or (number.digits and (glued or word.low in ("in", "m", "ft", "g", "kg", "l", "w", "min", "ins", "hr") and not _reads_on(text, nxt)))):
            if word.low == "k" and not _kelvin(text):
                return Amount(number, nxt, money=money)
            return Amount(Number(number.value, number.first, number.last, number.digits), nxt, unit=found)
        if number.kilo and nxt < len(tokens):
            following = tokens[nxt + 1] if nxt + 1 < len(tokens) else None
            if following is not None and following.low in UNITS and following.low not in SHORT:
                return Amount(Number(number.value * 1000, number.first, nxt, True), nxt + 1, unit=UNITS[following.low])
            if following is not None and following.low in _CURRENCY_AFTER:
                return Amount(number, nxt + 1, money=True)
            return Amount(number, nxt, money=money)
    rest = text.text[tokens[last].end : tokens[last].end + 2]
    if rest.startswith(('"', "''")) and number.digits and number.value <= 120 and text.text[: tokens[number.first].start].count('"') % 2 == 0:
        return Amount(number, last, unit=UNITS["in"])
    if rest.startswith("%"):
        return Amount(number, last, unit=UNITS["%"])
    degrees = re.match(r"\s?(?:°|degrees?)\s?([cf])?\b", text.low[tokens[last].end :])
    if degrees:
        return Amount(number, last, unit=UNITS["celsius" if degrees.group(1) == "c" else "fahrenheit"])
    if rest[:1] in ("€", "£", "$") or re.match(r"\s[€£]", rest):
        money = True
    return Amount(number, last, money=money)


_COMPOUNDS = {"area": "sqft", "metric": "sqm", "print": "ppm", "density": "dpi", "kelvin": "kelvin"}
_COMPOUND = re.compile(
    r"(?P<area>(?:square|sq\.?)[ -]?(?:feet|foot|ft))|(?P<metric>(?:square|sq\.?)[ -]?(?:meters?|metres?|m\b))|(?P<print>pages?(?: |-)(?:per|a|an|each|every)(?: |-)minute|pages/min(?:ute)?)|"
    r"(?P<density>dots per inch|pixels per inch)|(?P<kelvin>degrees? kelvin)"
)


def _kelvin(text: Text) -> bool:
    return bool(re.search(r"kelvin|colou?r temp|temperature|bulb|light", text.low))


def _reads_on(text: Text, i: int) -> bool:
    """Whether the short word at i goes on as ordinary English: "2 in one", "5 in stock"."""
    return text.tokens[i].low == "in" and i + 1 < len(text.tokens) and text.tokens[i + 1].low in (
        "one", "the", "stock", "my", "a", "this", "that", "total", "your", "all", "black", "white", "red", "blue", "1")  # fmt: skip


def quantities(text: Text, index: Index, negative: list[bool], taken: frozenset[int], ordering: frozenset[int] = frozenset()) -> tuple[list[Quantity], set[int]]:
    """The limits of the request, and the tokens of all amounts that were used."""
    out: list[Quantity] = []
    used: set[int] = set()
    found = [a for a in amounts(text) if not (set(range(a.number.first, a.last + 1)) & taken) and not _pronoun(text, a)]
    for k, amount in enumerate(found):
        quantity = _read(text, index, amount, negative, found, k, ordering, out[-1] if out else None)
        if quantity is not None:
            out.append(quantity)
            used.update(range(quantity.first, quantity.last + 1))
    out += [q for q in _several(text, index, negative) if all(o.field != q.field for o in out)]
    out += [q for q in _averages(text, index, negative) if all(o.field != q.field or o.operator != q.operator for o in out)]
    return out, used


def _pronoun(text: Text, amount: Amount) -> bool:
    """Whether a number word stands for things spoken of: "find me one", "these two", "either one"."""
    if amount.number.digits or amount.unit is not None or amount.money or amount.low is not None:
        return False
    first, last = amount.number.first, amount.last
    before = text.tokens[first - 1].low if first else ""
    if before in ("these", "those", "the", "either", "both", "this", "that", "no", "which", "any", "other", "another", "of", "every", "each"):
        return True
    if amount.number.value != 1:
        return False
    after = _after(text, last)
    return compared(text, amount)[0] is None or not after


def compared(text: Text, amount: Amount) -> tuple[str | None, int]:
    """The operator the words around an amount say ("<", "<=", ... "~"), None for a bare amount, and where its words begin."""
    start = text.tokens[amount.number.first].start
    clause = re.split(r"[;!?]|\.\s|,\s(?!\d)", text.low[:start])[-1]
    offset = start - len(clause)
    best: tuple[int, int, str] | None = None
    for op, pattern in _BEFORE:
        match = pattern.search(clause)
        if match and (best is None or (match.start(), -match.end()) < (best[0], -best[1])):
            best = (match.start(), match.end(), op)
    if best is None:
        return None, start
    return best[2], offset + best[0]


def _read(text: Text, index: Index, amount: Amount, negative: list[bool], found: list[Amount], k: int, ordering: frozenset[int], previous: Quantity | None) -> Quantity | None:
    first, last = amount.number.first, amount.last
    operator, begins = compared(text, amount)
    tail_end = text.tokens[found[k + 1].number.first].start if k + 1 < len(found) else len(text.low)
    tail = re.split(r"[.;!?](?:\s|$)|,\s", text.low[text.tokens[last].end : tail_end])[0]
    head = text.low[text.tokens[last].end :]
    loose = text.low[begins : text.tokens[first].start].startswith(("up to", "upto"))
    if loose and re.search(r"\b(?:last|lasts|lasting|runs?|running|reach|reaches|throws?|beams?|shines?|holds?|makes?|brews?|carry|carries|handles?|supports?|goes|go|light up|cover|covers|prints?|stores?|fits?)\W+(?:\w+\W+){0,3}?$", text.low[max(0, begins - 30) : begins]):
        operator = ">="
    tailed = False
    if operator in (None, "~", "=") or loose:
        if _PLUS.match(head):
            operator = ">="
        else:
            for op, pattern in _AFTER:
                if pattern.match(tail):
                    operator, tailed = op, True
                    break
    known = _field(text, index, amount, operator, begins, ordering)
    if known is None:
        return None
    value = _scaled(amount)
    value, low = _in_unit(known, value, amount), None
    if amount.low is not None:
        low = _in_unit(known, amount.low, amount)
    at = text.at(begins)
    flipped = negative[min(at, first)] if operator in (None, "~", "=") else negative[at]
    if re.search(r"n't|\b(?:no|not|never|nothing)\b", text.low[begins : text.tokens[first].start]):
        flipped = False
    if (tailed or operator is None) and (amount.money or known.kind == "money"):
        flipped = False
    if operator == "~" and known.kind == "money" and _CAP.search(text.low):
        operator = "<="
    if rejected_after(text, last):
        operator = operator or "="
        if operator == "=":
            operator, flipped = ">", False
        else:
            flipped = not flipped
    span = text.text[begins : text.tokens[last].end]
    if low is not None:
        return Quantity(known.field, "between", (_scalar(known, low), _scalar(known, value)), first, last, span)
    if operator is None:
        if amount.money or known.kind == "money":
            operator, flipped = "<=", False
        else:
            between = text.low[text.tokens[previous.last].end : text.tokens[first].start] if previous and previous.last < first else ""
            if previous and previous.operator in (">=", "<=", ">", "<") and re.fullmatch(r"[^.,;!?]{0,30}\band (?:an? |the )?(?:[\w-]+ ){0,3}?(?:of |is )?", between) and not negative[first]:
                operator = previous.operator
            else:
                operator = _bare(text, known, amount, first)
    if operator == "~":
        if not known.number:
            return None
        if flipped:
            return None
        spread = 0.15
        return Quantity(known.field, "between", (_scalar(known, tidy(value * (1 - spread))), _scalar(known, tidy(value * (1 + spread)))), first, last, span)
    if flipped and not (operator == "=" and known.kind == "money"):
        operator = _FLIP[operator]
    if known.number:
        return Quantity(known.field, operator, _scalar(known, value), first, last, span)  # type: ignore[arg-type]
    return _text_quantity(known, operator, value, first, last, span)


def _bare(text: Text, known: Field, amount: Amount, first: int) -> str:
    """The operator of a bare amount: at least for what lasts, reaches or holds ("lasts 10 hours"), else equal."""
    lead = text.low[max(0, text.tokens[first].start - 40) : text.tokens[first].start]
    if re.search(r"\b(?:lasts?|lasting|runs?(?: for)?|running|good for|reach(?:es)?|covers?|goes|go|throws?|beams?|shines?|light(?:s|en)? up|holds?|makes?|brews?|carry|survives?|handles?|stays?(?: on)?)\W+(?:me |for |us |up )?\W*(?:\w+ )?$", lead):
        return ">="
    return "="


def _scalar(known: Field, value: float) -> Scalar:
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def _text_quantity(known: Field, operator: str, value: float, first: int, last: int, span: str) -> Quantity | None:
    """A limit on a text field that holds numbers ("1", "2", "4K"), spelt out as the values that satisfy it."""
    holds = {
        "=": lambda v: v == value, "!=": lambda v: v == value, "<": lambda v: v < value, "<=": lambda v: v <= value,
        ">": lambda v: v > value, ">=": lambda v: v >= value,
    }[operator]  # fmt: skip
    chosen = tuple(known.numeric_values[v] for v in sorted(known.numeric_values) if holds(v))
    if not chosen or (operator not in ("=", "!=") and len(chosen) == len(known.numeric_values)):
        return None
    if operator == "!=":
        return Quantity(known.field, "!=", chosen[0], first, last, span, True)
    return Quantity(known.field, "=" if len(chosen) == 1 else "in", chosen[0] if len(chosen) == 1 else chosen, first, last, span, True)


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
    return other.name in ("in", "cm", "mm", "m", "ft", "yd", "g", "kg", "oz", "lb", "ml", "l", "h", "min", "gb", "tb", "mah", "ah", "w", "year", "month", "day", "cup", "floz")


def _within(value: float, bounds: tuple[float, float], slack: float) -> bool:
    return bounds[0] / slack <= value <= bounds[1] * slack if bounds[0] >= 0 else bounds[0] <= value <= bounds[1]


def _field(text: Text, index: Index, amount: Amount, operator: str | None, begins: int, ordering: frozenset[int]) -> Field | None:
    """The field an amount speaks of: by currency, unit, the words around it and the range of its values."""
    if amount.money:
        return index.fields.get("price")
    first, last = amount.number.first, amount.last
    scored: list[tuple[float, Field]] = []
    near, far = _around(text, first, last, begins, ordering)
    near |= _implied(text.low[begins : text.tokens[first].start])
    price_words = bool(_PRICE_WORDS & near)
    after = _after(text, last)
    for known in index.fields.values():
        score = _score(known, amount, near, far, price_words, operator, frozenset(after))
        if score is not None and after:
            if known.kind == "money":
                score -= 1.5 if amount.unit is None and after[0] not in _PRICE_WORDS else 0.0
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
    return known


def _implied(comparing: str) -> frozenset[str]:
    """Words for the attribute that a comparative speaks of: "heavier than" is about weight."""
    out: set[str] = set()
    for word in re.findall(r"[a-z]+er\b", comparing):
        base = superlative(word[:-2] + "est") if word not in ("further", "farther") else "far"
        for hints, _ in SUPERLATIVES.get(base or "", ()):
            out.update(hints[:2])
    return frozenset(out)


def _after(text: Text, last: int) -> list[str]:
    """The stems of the content words right behind an amount: "2 charging ports"."""
    out: list[str] = []
    for token in text.tokens[last + 1 : last + 4]:
        if token.low in ("of", "worth") and not token.hard:
            continue
        if token.hard or token.comma or token.low in FUNCTION or token.low in _CURRENCY_AFTER:
            break
        out.append(token.stem)
    return out


def _score(known: Field, amount: Amount, near: frozenset[str], far: frozenset[str], price_words: bool, operator: str | None, after: frozenset[str]) -> float | None:
    given = amount.unit
    if known.kind == "money":
        if given is not None and not (given.name == "lb" and price_words):
            return None
        base = 2.0 if price_words else 0.0
        if known.field != "price":
            base = 2.2 * named(known, near) if named(known, near) >= 0.99 else -1.0
        elif operator not in (None, "=") and given is None:
            base += 1.0
        return base
    if not known.number and not known.numeric_values:
        return None
    score = 0.0
    if given is not None:
        measures = _measures(known)
        if known.unit is None and measures and given.dimension not in measures:
            return None
        if known.unit is not None:
            if known.unit.dimension != given.dimension and {known.unit.dimension, given.dimension} != {"celsius", "fahrenheit"}:
                return None
            score += 2.0
        else:
            hints = {stem(w) for w in HINTS.get(given.dimension, "").split()}
            shared = len(hints & set(known.name))
            if shared:
                score += 1.0 + 0.2 * min(shared, 2)
            elif not (named(known, near) >= 0.6):
                return None
    name_near, name_far = named(known, near), named(known, far)
    if name_near >= 0.5:
        score += 1.5 * name_near
    elif name_far >= 0.5:
        score += 0.6 * name_far
    head = known.name[-1]
    headed = bool(after) and (head in after or bool(CONCEPTS.get(head, frozenset()) & after)) and head not in NAME_NOISE
    if given is None and name_near < 0.75 and not headed:
        return None
    if headed and given is None:
        score += 0.8
    bounds = known.bounds()
    if bounds is not None:
        value = _in_unit(known, _scaled(amount), amount)
        if _within(value, bounds, 1.0):
            score += 0.4
        elif not _within(value, bounds, 4.0):
            score -= 0.8
    if known.numeric_values and not known.number:
        if _scaled(amount) in known.numeric_values:
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


def _around(text: Text, first: int, last: int, begins: int, ordering: frozenset[int] = frozenset()) -> tuple[frozenset[str], frozenset[str]]:
    """The stems near an amount (same clause, up to the neighbouring amount) and those of its sentence."""
    tokens = text.tokens
    near: set[str] = set()
    far: set[str] = set()
    for step, i in ((-1, first - 1), (1, last + 1)):
        j, crossed, steps = i, False, 0
        while 0 <= j < len(tokens) and steps < 14:
            edge = tokens[j + 1] if step < 0 and j + 1 < len(tokens) else tokens[j]
            if edge.hard:
                break
            if edge.comma or tokens[j].low in ("but", "and") or (tokens[j].numeric and steps > 0) or (tokens[j].numeric):
                crossed = True
            if j not in ordering:
                (far if crossed or steps > 6 else near).add(tokens[j].stem)
            steps += 1
            j += step
    for j in range(first, last + 1):
        near.add(tokens[j].stem)
    return frozenset(near), frozenset(far | near)


_SEVERAL = re.compile(r"\b(?:multiple|several|more than one|various)\s+(?P<what>(?:[\w'-]+\s+){0,2}?[\w'-]+)")


def _several(text: Text, index: Index, negative: list[bool]) -> list[Quantity]:
    """At least two of what a numeric field counts: "multiple ports"."""
    out = []
    for match in _SEVERAL.finditer(text.low):
        first = text.at(match.start())
        given = frozenset(t.stem for t in text.tokens if match.start("what") <= t.start < match.end("what"))
        for known in index.fields.values():
            bounds = known.bounds()
            if known.kind == "number" and known.unit is None and bounds and bounds[0] >= 0 and bounds[1] <= 100 and known.name[-1] in given and bounds[0] < 2:
                last = max(first, text.at(match.end()) - 1)
                out.append(Quantity(known.field, "<" if negative[first] else ">=", 2, first, last, match.group()))
                break
    return out


def _averages(text: Text, index: Index, negative: list[bool]) -> list[Quantity]:
    """Limits against the catalogue's own mean: "cheaper than average", "a screen bigger than the average"."""
    out: list[Quantity] = []
    for pattern in (_AVERAGE, _AVERAGE_OR, _ABOVE_AVERAGE):
        for match in pattern.finditer(text.low):
            first = text.at(match.start())
            last = max(first, text.at(match.end()) - 1)
            if any(q.first <= last and first <= q.last for q in out):
                continue
            near, far = _around(text, first, last, match.start())
            after = frozenset(t.stem for t in text.tokens[last + 1 : last + 4])
            known = _averaged(index, after, near | _implied(match.group()), far, match.group())
            mean = known.facet.mean if known is not None else None
            if known is None or mean is None:
                continue
            words = match.group()
            strict = not re.search(r"\bno |not |at most|at least|up to|no more|no less|not (?:more|over|above)|within|equal|or (?:below|less|above|more|lower|higher|under|larger|bigger|better|longer)", words)
            less = match.group("less") is not None
            if re.search(r"\b(?:better)[ -]than", words) and known.kind == "money":
                less = True
            operator = ("<" if strict else "<=") if less else (">" if strict else ">=")
            if negative[first] and not re.match(r"no|not|n't", words):
                operator = _FLIP[operator]
            out.append(Quantity(known.field, operator, tidy(float(mean)), first, last, text.span(first, last)))  # type: ignore[arg-type]
    return out


def _averaged(index: Index, after: frozenset[str], near: frozenset[str], far: frozenset[str], words: str) -> Field | None:
    scored = []
    for known in index.fields.values():
        if not known.number:
            continue
        share = max(named(known, near), 0.7 * named(known, far))
        if known.field == "price" and (_PRICE_WORDS & near or "cheaper" in words):
            share = max(share, 1.0)
        if share >= 0.4:
            share += 0.5 * named(known, after)
            scored.append((share, known))
    if not scored:
        return None
    scored.sort(key=lambda s: -s[0])
    return scored[0][1]
