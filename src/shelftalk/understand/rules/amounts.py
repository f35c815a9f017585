"""Numbers of a request with the unit or currency that goes with them; a range is one amount."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from shelftalk.understand.rules.lexicon import COLORS
from shelftalk.understand.rules.numbers import Number, numbers
from shelftalk.understand.rules.tokens import Text, Token
from shelftalk.words import money as currencies
from shelftalk.words.money import SIGN
from shelftalk.words.numbers import PARTS
from shelftalk.words.stems import bag
from shelftalk.words.units import SHORT, UNITS, Unit, convert

# More numbers than this in one request are no request.
MOST_AMOUNTS = 40
# A minus sign, not a hyphen or a range's dash: after a letter and a space, or after a currency.
_MINUS = re.compile(rf"(?:(?:[a-z] |[<>=] ?|^){SIGN}?|{SIGN})-$", re.I)


@dataclass(slots=True)
class ParsedAmount:
    """A number with its unit or currency, before a field was found for it."""

    number: Number
    last: int
    unit: Unit | None = None
    money: bool = False
    low: float | None = None  # the first end of a range
    opened: bool = False  # a range behind "between" or "from"
    turned: bool = False  # the range was given from its upper end to its lower one


def amounts(text: Text) -> list[ParsedAmount]:
    """Every number of the request with the unit or currency that goes with it; ranges are one amount."""
    out: list[ParsedAmount] = [_amount(text, number) for number in numbers(text)[:MOST_AMOUNTS]]
    whole = _a_unit(text)
    out = [a for a in out if not any(w.number.first < a.number.first and a.last <= w.last for w in whole)]
    out += [a for a in whole if all(a.number.first > o.last or a.last < o.number.first for o in out)]
    out = _feet_and_inches(text, sorted(out, key=lambda a: a.number.first))
    for before, after in pairwise(out):
        between = text.low[text.tokens[before.last].end : text.tokens[after.number.first].start]
        if (
            before.unit is None
            and not before.money
            and after.unit is not None
            and re.fullmatch(r"\s*(?:,|or|and|/|,\s*or)\s*", between)
        ):
            before.unit = after.unit
        elif before.unit is None and not before.money and _AND_THEN.fullmatch(between):
            before.unit, before.money = after.unit, after.money
    merged: list[ParsedAmount] = []
    for amount in out:
        if merged and _is_range(text, before := merged[-1], amount):
            if before.money and not amount.unit:
                amount.money = True
            if (
                amount.number.kilo
                and not before.number.kilo
                and not amount.unit
                and before.number.value < amount.number.value
            ):
                before.number = Number(
                    before.number.value, before.number.first, before.number.last, before.number.digits, True
                )
            if before.unit and amount.unit and before.unit.name != amount.unit.name:
                turned = convert(before.number.value, before.unit, amount.unit)
                if turned is None:
                    merged.append(amount)
                    continue
                before.number = Number(turned, before.number.first, before.number.last, before.number.digits)
            amount.unit = amount.unit or before.unit
            low, high = scaled(before), scaled(amount)
            amount.opened = _OPENS.search(lead := _lead(text, before)) is not None and not _PEOPLE.search(lead)
            amount.turned = low > high
            amount.low, high = min(low, high), max(low, high)
            amount.number = Number(high, before.number.first, amount.number.last, amount.number.digits)
            merged[-1] = amount
        else:
            merged.append(amount)
    return merged


_AND_THEN = re.compile(
    rf"\s*,?\s*(?:but|and|yet)\s+(?:less|more|under|over|below|above|at most|at least|no more|not more|no less|fewer|up to|lower|higher|greater|smaller)(?: than)?\s+{SIGN}?"
)
_THAN_A = re.compile(
    r"\b(?:than|least|most|over|under|exceeding|beyond|min(?:imum)?(?: of)?|max(?:imum)?(?: of)?|within|up to)\s+(?P<a>an?)\s+(?P<unit>[a-z]+)\b"
)
_A_OR = re.compile(
    r"\b(?P<a>an?)\s+(?P<unit>[a-z]+)\s+(?:or (?:even )?(?:more|less|over|under|above|below|longer|shorter|larger|smaller|bigger|lighter|heavier)|plus|at (?:the )?(?:least|most)|max(?:imum)?|min(?:imum)?|tops)\b"
)


def _feet_and_inches(text: Text, found: list[ParsedAmount]) -> list[ParsedAmount]:
    """The amounts with feet and the inches behind them as one, in inches ("5 ft 6", "5'6\"", "6ft2"), and with metres and the
    centimetres behind them as one, in metres ("1m80")."""
    out: list[ParsedAmount] = []
    for amount in found:
        before = out[-1] if out else None
        if before is not None and _metric(text, before, amount):
            metres = before.number.value + amount.number.value / 100
            number = Number(metres, before.number.first, amount.number.last, True)
            out[-1] = ParsedAmount(number, amount.last, unit=UNITS["m"])
        elif before is not None and _goes_on(text, before, amount):
            inches = before.number.value * 12 + amount.number.value
            number = Number(inches, before.number.first, amount.number.last, True)
            out[-1] = ParsedAmount(number, amount.last, unit=UNITS["in"])
        else:
            out.append(amount)
    return out


def _metric(text: Text, metres: ParsedAmount, rest: ParsedAmount) -> bool:
    glued = text.tokens[rest.number.first].gap == "" and len(text.tokens[rest.number.first].text) == 2
    alone = rest.unit is None or rest.unit.name == "cm"
    return glued and alone and not rest.money and metres.unit is not None and metres.unit.name == "m"


def _goes_on(text: Text, feet: ParsedAmount, inches: ParsedAmount) -> bool:
    between = text.low[text.tokens[feet.last].end : text.tokens[inches.number.first].start]
    if not inches.number.digits or inches.number.value >= 12 or inches.money or feet.money or feet.number.value > 12:
        return False
    if inches.unit is not None and inches.unit.name != "in":
        return False
    if feet.unit is None:
        return between in ("'", "' ") and feet.number.digits
    return feet.unit.name == "ft" and between in ("", " ", "-", " and ")


_AND_A_HALF = re.compile(r"\b(?P<a>an?) (?P<unit>[a-z]+) and a (?P<part>half|quarter)\b")
_NOTES = {"tenner": 10.0, "fiver": 5.0}


def _a_unit(text: Text) -> list[ParsedAmount]:
    """Amounts of one: "longer than a year", "at least an hour"."""
    out = [
        ParsedAmount(Number(_NOTES[t.low], i, i, False), i, money=True)
        for i, t in enumerate(text.tokens)
        if t.low in _NOTES
    ]
    for match in _AND_A_HALF.finditer(text.low):
        found = UNITS.get(match["unit"])
        if found is not None and match["unit"] not in SHORT:
            first, last = text.at(match.start("a")), text.at(match.end()) - 1
            out.append(ParsedAmount(Number(1 + PARTS[match["part"]], first, last, False), last, unit=found))
    for match in (*_THAN_A.finditer(text.low), *_A_OR.finditer(text.low)):
        found = UNITS.get(match.group("unit"))
        if found is not None and match.group("unit") not in SHORT:
            first = text.at(match.start("a"))
            out.append(ParsedAmount(Number(1.0, first, first, False), first + 1, unit=found))
    return out


def scaled(amount: ParsedAmount) -> float:
    return amount.number.value * (1000 if amount.number.kilo and amount.unit is None else 1)


_OPENS = re.compile(r"\b(?:between|from|range of|ranging)\s+(?:[$€£]|about |around )?\s*$")
_PEOPLE = re.compile(r"\b(?:kids?|child(?:ren)?|toddlers?|boys?|girls?|ages?|aged|people|persons?|players?|sizes?)\b")


def _lead(text: Text, amount: ParsedAmount) -> str:
    """The few words before an amount."""
    start = text.tokens[amount.number.first].start
    return text.low[max(0, start - 24) : start]


def _is_range(text: Text, a: ParsedAmount, b: ParsedAmount) -> bool:
    between = text.low[text.tokens[a.last].end : text.tokens[b.number.first].start]
    if a.low is not None or len(between) > 12:
        return False
    opens = _OPENS.search(_lead(text, a))
    if a.number.value > b.number.value and a.unit is None and not (opens and opens.group().startswith("between")):
        return False
    if re.fullmatch(rf"\s*(?:-|to)\s*{SIGN}?\s*", between):
        return a.unit is None or b.unit is not None or a.money
    return bool(opens and re.fullmatch(rf"\s*(?:-|to|and|through|up to|till|until)\s*{SIGN}?\s*", between))


def _amount(text: Text, number: Number) -> ParsedAmount:
    lead = text.text[: text.tokens[number.first].start]
    if number.digits and _MINUS.search(lead[-12:]):
        number = Number(-number.value, number.first, number.last, True, number.kilo)
    money = currencies.before(lead[-8:].rstrip("-"), text.own) is not None
    for behind_it in (_currency, _pounds, _two_words, _thousands, _one_word, _marks):
        found = behind_it(text, number, money)
        if found is not None:
            return found
    return ParsedAmount(number, number.last, money=money)


def _next(text: Text, i: int) -> Token | None:
    """The word right behind token i, where it goes with it."""
    token = text.tokens[i + 1] if i + 1 < len(text.tokens) else None
    return token if token is not None and not token.hard and token.gap in ("", " ", "-") else None


_STRESSED = re.compile(r"[ -]?(?:k\b ?)?(?:ish\b ?)?(?:(?:us|american|measly|whole|extra|little|single) )?")


def _currency(text: Text, number: Number, money: bool) -> ParsedAmount | None:
    """An amount with the currency behind it: "50 dollars", "20 measly bucks", "1.5k euros", "99€", "100 kr", "5 grand"."""
    start = text.tokens[number.last].end
    lead = _STRESSED.match(text.low, start)
    for at in dict.fromkeys((lead.end() if lead else start, start)):
        if (end := currencies.behind(text.text, at, text.own)) is not None:
            return ParsedAmount(number, max(number.last, text.at(end) - 1), money=True)
    word = _next(text, number.last)
    if word is not None and word.low == "grand" and number.digits:
        return ParsedAmount(number, number.last + 1, money=True)
    return None


def _pounds(text: Text, number: Number, money: bool) -> ParsedAmount | None:
    """Pounds, which stay a weight until the catalogue tells otherwise; named beside a weight they are a unit as any other."""
    word = _next(text, number.last)
    if word is None or word.low not in ("pounds", "pound"):
        return None
    weighed = re.search(r"weigh|heav|light|load|lift|capacity|mass", text.low) is not None
    return None if weighed else ParsedAmount(number, number.last + 1, unit=UNITS["lb"])


def _two_words(text: Text, number: Number, money: bool) -> ParsedAmount | None:
    """A unit of several words: "fl oz", "square feet", "pages per minute"."""
    word = _next(text, number.last)
    compound = _COMPOUND.match(text.low, word.start) if word is not None else None
    if word is None or compound is None:
        return None
    last = max(number.last + 1, text.at(compound.end()) - 1)
    return ParsedAmount(number, last, unit=UNITS[_COMPOUNDS[compound.lastgroup or ""]])


def _one_word(text: Text, number: Number, money: bool) -> ParsedAmount | None:
    word, nxt = _next(text, number.last), number.last + 1
    if word is None or _LEAST.match(text.low, word.start) or (found := UNITS.get(word.low)) is None:
        return None
    if word.low in SHORT:
        spaced = word.low in _SPACED and not _reads_on(text, nxt)
        spaced = spaced and not (word.low == "in" and number.value > _MOST_INCHES)
        if not number.digits or not (word.gap == "" or spaced):
            return None
    return ParsedAmount(Number(number.value, number.first, number.last, number.digits), nxt, unit=found)


def _thousands(text: Text, number: Number, money: bool) -> ParsedAmount | None:
    """A "k" behind the number, with a unit behind it ("20k mah", "20 k mAh") or without one ("1k")."""
    word = _next(text, number.last)
    if word is None or word.low != "k" or not number.digits:
        return None
    following = _next(text, number.last + 1)
    found = UNITS.get(following.low) if following is not None else None
    if found is not None and following is not None and (following.low not in SHORT or len(following.low) > 2):
        return ParsedAmount(
            Number(number.value * 1000, number.first, number.last + 1, True), number.last + 2, unit=found
        )
    return ParsedAmount(number, number.last + 1, money=money) if number.kilo and not _kelvin(text) else None


def _marks(text: Text, number: Number, money: bool) -> ParsedAmount | None:
    """The signs of inches, per cent and degrees."""
    last = number.last
    rest = text.text[text.tokens[last].end : text.tokens[last].end + 2]
    quoted = text.text[: text.tokens[number.first].start].count('"') % 2
    if rest.startswith(('"', "''")) and number.digits and number.value <= 120 and not quoted:
        return ParsedAmount(number, last, unit=UNITS["in"])
    if rest.startswith("%"):
        return ParsedAmount(number, last, unit=UNITS["%"])
    degrees = re.match(r"\s?(?:°|degrees?)\s?([cf])?\b", text.low[text.tokens[last].end :])
    return ParsedAmount(number, last, unit=UNITS["celsius" if degrees[1] == "c" else "fahrenheit"]) if degrees else None


_SPACED = bag("in m ft g kg l w min ins hr")  # short spellings that may stand apart from their number
# "max. 100 min. 50": no minutes, but the least.
_LEAST = re.compile(rf"min\. ?{SIGN}?\d")
_COMPOUNDS = {
    "area": "sqft",
    "metric": "sqm",
    "print": "ppm",
    "density": "dpi",
    "kelvin": "kelvin",
    "fluid": "floz",
    "milliamps": "mah",
    "amps": "ah",
    "watts": "wh",
}
_COMPOUND = re.compile(
    r"(?P<area>(?:square|sq\.?)[ -]?(?:feet|foot|ft))|(?P<metric>(?:square|sq\.?)[ -]?(?:meters?|metres?|m\b))|(?P<print>pages?(?: |-)(?:per|a|an|each|every)(?: |-)minute|pages/min(?:ute)?)|"
    r"(?P<density>dots per inch|pixels per inch)|(?P<kelvin>degrees? kelvin)|(?P<milliamps>milli[- ]?amp(?:ere)?s?[- ]hours?)|(?P<amps>amp(?:ere)?s?[- ]hours?)|(?P<watts>watts?[- ]hours?)|(?P<fluid>(?:fl\.?|fluid)[ -](?:oz|ounces?)\b)"
)


def _kelvin(text: Text) -> bool:
    return bool(re.search(r"kelvin|colou?r temp|temperature|bulb|light", text.low))


def _reads_on(text: Text, i: int) -> bool:
    """Whether the short word at i goes on as ordinary English: "2 in one", "5 in stock", "500 in blue"."""
    if text.tokens[i].low != "in" or i + 1 >= len(text.tokens):
        return False
    return text.tokens[i + 1].low in _BEHIND_IN or text.tokens[i + 1].low in COLORS


_BEHIND_IN = bag("one the stock my a this that total your all 1 size sizes eu uk us colour color total cash")
_MOST_INCHES = 240  # "500 in leather"
