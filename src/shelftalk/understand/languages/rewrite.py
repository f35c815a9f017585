"""What is exact in a request of another language, put into English for the rules: amounts with their comparators, and named values.

The words around numbers come from languages.yaml; the numbers, their fields and their units are left to the rules for English, so a
limit means the same whatever language states it. All other words stay for the search, untranslated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shelftalk.text import clean
from shelftalk.understand.languages.compared import UNCLEAR
from shelftalk.understand.languages.table import KNOWN_MONEY, SAYS, SCALES, Rules
from shelftalk.understand.rules import stems

__all__ = ["Amount", "Names", "Rewritten", "blanked", "named_values", "rewritten"]

_PIECE = re.compile(r"[A-Za-z\u00c0-\u024f][\w\u00c0-\u024f]*(?:[-'][\w\u00c0-\u024f]+)*", re.ASCII)
_CJK = re.compile(
    r"(?<=[A-Za-z0-9])(?=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])|(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])(?=[A-Za-z])"
)
# A name that denies reaches over this many characters.
_REACH = 24
_LONGEST_NAME = 4
# A field is named at most so many words before its number; "für zwei" ends there, or the next word says what the two are.
_NAMED_BEFORE = 3
_GOES_NOT_ON = re.compile(r"\s*(?:$|[,.;:!?)]|(?:que|qui|die|der|das|che|które|который)\b)")
_SHORTEST_WORD = 4


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A request in parts: each (English phrase, the shopper's words) that the rules read, the `rest` that they do not, and the `words` of it that
    a text in English may hold (names, loan words); `names` are those of the catalogue, and the English that stands in it;
    `unread` the amounts that limit nothing, since their comparator or currency is not known."""

    parts: tuple[tuple[str, str], ...]
    rest: str
    words: str
    names: str = ""
    unread: tuple[str, ...] = ()

    @property
    def english(self) -> str:
        """What the rules read."""
        return ", ".join(english for english, _ in self.parts)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of the text at `start` to `end`: its value as English writes it, the English unit ("" for none, None for a currency that the
    rules do not know) and what it counts: "money", "people", "age", "" for anything else."""

    start: int
    end: int
    value: str
    unit: str | None
    counts: str
    digits: bool


class Names(Protocol):
    """What a catalogue calls its own."""

    currency: str | None

    def value(self, words: tuple[str, ...]) -> bool:
        """Whether the stems are those of a value that is telling by itself, such as a brand."""
        ...

    def refusable(self, words: tuple[str, ...]) -> bool:
        """Whether the stems are those of a brand or another value that is no category."""
        ...

    def field(self, word: str) -> bool:
        """Whether a word names a numeric field by itself: "spf"."""
        ...

    def known(self, word: str) -> bool:
        """Whether a lower-case word is English or the catalogue's."""
        ...

    def own(self, word: str) -> bool:
        """Whether a lower-case word stands in the catalogue's names and values."""
        ...


def rewritten(text: str, rule: Rules | None, names: Names) -> Rewritten:
    """The request's parts. `rule` is None for a language of which nothing is known: names of the catalogue are found all the same."""
    cased = _plain(text)
    low = cased.lower()
    low = low if len(low) == len(cased) else "".join(c.lower()[:1] or c for c in cased)
    found: list[tuple[str, int, int]] = []
    unread: tuple[str, ...] = ()
    if rule is not None:
        found, amounts = _limits(low, rule, names)
        unread = tuple(cased[start:end].strip() for start, end in amounts)
        found += [("cheapest", *m.span()) for m in rule.cheapest.finditer(low)]
    left = blanked(low, [(start, end) for _, start, end in found])
    gone = [(start, end) for _, start, end in found]
    own: list[str] = []
    for name, start in _named(left, rule, names):
        denial = _denied(left, start, start + len(name), rule) if rule is not None else None
        found.append((name, start, start + len(name)) if denial is None else (f"without {name}", *denial))
        gone += [denial] if denial is not None else []
        own += [name] if denial is None else []
    rest = " ".join(blanked(cased, gone).split()).strip(" ,;:，、。.")
    parts = tuple((english, cased[start:end].strip(" ,")) for english, start, end in sorted(found, key=lambda f: f[1]))
    return Rewritten(parts, rest, _words(blanked(left, gone), rule), " ".join(own), unread)


def _limits(low: str, rule: Rules, names: Names) -> tuple[list[tuple[str, int, int]], list[tuple[int, int]]]:
    """The amounts in English, each with where its words begin and end; and where those stand that limit nothing."""
    matches = list(rule.amount.finditer(low))
    before = [None, *matches]
    # Turkish "altı" is six, and below what stands right before it
    kept = [m for m, b in zip(matches, before, strict=False) if not (b and b["unit"] and rule.compares(low, b, m))]
    found = [_amount(m, rule, names.currency) for m in kept]
    out: list[tuple[str, int, int]] = []
    unread: list[tuple[int, int]] = []
    at = 0
    while at < len(found):
        floor = out[-1][2] if out else 0
        other = found[at + 1] if at + 1 < len(found) else None
        read = _pair(low, found[at], other, rule, floor) if other else None
        at += 1 if read is None else 2
        if read is None:
            read = _one(low, found[at - 1], rule, names, floor, other.start if other else len(low))
        if read is not None:
            out.append(read)
        elif found[at - 1].digits and found[at - 1].unit != "":
            unread.append((found[at - 1].start, found[at - 1].end))
    return out, unread


def _pair(low: str, first: Amount, other: Amount, rule: Rules, floor: int) -> tuple[str, int, int] | None:
    """Two amounts that are the ends of a range, or either of which will do, in English, with what they take of the text."""
    if other.unit is None or (first.unit and first.unit != other.unit) or (first.unit is None and first.counts):
        return None
    between, ends = low[first.end : other.start], (first.start, other.end)
    said = f"between {first.value} and {other.value} {other.unit}".strip()
    if re.fullmatch(r"\s?[-–~]\s?", between):
        return (said, *ends) if first.digits and other.digits else None
    if rule.either.fullmatch(between):
        lead = "for " if other.counts == "people" else ""
        return (f"{lead}{first.value} or {other.value} {other.unit}", *ends) if other.unit else None
    for before, middle in rule.pairs:
        if not middle.fullmatch(between):
            continue
        if before is None and (first.digits or not rule.spaced):
            return (said, *ends)
        if before is not None and (match := before.search(low[floor : first.start])):
            return said, floor + match.start(), other.end
    return None


def _one(low: str, amount: Amount, rule: Rules, names: Names, floor: int, ceiling: int) -> tuple[str, int, int] | None:
    """An amount with its comparator in English and what it takes of the text; None where it limits nothing."""
    if amount.unit is None:
        return None
    lead, tail = low[floor : amount.start], low[amount.end : ceiling]
    said = rule.compared.of(lead, tail, lambda word: names.value(stems(word)))
    operator, start, end = said.operator, floor + said.start, amount.end + said.end
    value = amount.value
    if operator == UNCLEAR:
        if amount.counts not in ("age", "people"):
            return None
        operator, start, end = "", amount.start, amount.end
    if amount.counts == "age":
        return (f"from age {value}" if operator == "ge" else f"for a {value}-year-old"), start, end
    if amount.counts == "people":
        return f"for {SAYS.get(operator, '')} {value} people".replace("  ", " "), start, end
    if amount.unit:
        telling = operator or amount.digits or value != "1"
        return (f"{SAYS.get(operator, '')} {value} {amount.unit}".strip(), start, end) if telling else None
    return _bare(lead, tail, amount, rule, names, (operator, start, end))


def _bare(
    lead: str, tail: str, amount: Amount, rule: Rules, names: Names, found: tuple[str, int, int]
) -> tuple[str, int, int] | None:
    """A number without a unit: a size, people, the number of a field that is named before it, or an upper limit of the price."""
    operator, start, end = found
    if rule.size is not None and (match := rule.size.search(lead)):
        return f"size {amount.value}", amount.start - len(lead) + match.start(), end
    if rule.size_after is not None and (match := rule.size_after.match(tail)):
        return f"size {amount.value}", start, amount.end + match.end()
    if not operator and rule.people is not None and (match := rule.people.search(lead)):
        led = amount.start - len(lead) + match.start()
        return (f"for {amount.value} people", led, end) if _GOES_NOT_ON.match(tail) else None
    if not operator or not amount.digits:
        return None
    before = lead[: len(lead) - (amount.start - start)]
    named = next((w for w in reversed(_PIECE.findall(before)[-_NAMED_BEFORE:]) if names.field(w)), "")
    if named:
        return f"{named} {SAYS[operator]} {amount.value}", start, end
    return (f"{SAYS[operator]} {amount.value}", start, end) if operator in ("lt", "le") else None


def _amount(match: re.Match[str], rule: Rules, currency: str | None) -> Amount:
    digits = match["digits"]
    value = _number(digits, rule.decimal) if digits else float(rule.numbers[match["word"]])
    value *= SCALES.get(match["scale"] or "", 1)
    unit = (match["sign"] or match["unit"] or "").strip()
    counts, english = rule.counted.get(unit, ("", unit))
    known: str | None = english
    if counts == "money":
        known = "euros" if currency in (None, english) else KNOWN_MONEY.get(english)
    return Amount(match.start(), match.end(), f"{value:.10g}", known, counts, bool(digits))


def _number(digits: str, decimal: str) -> float:
    """The number that the digits stand for where `decimal` parts the decimals: "1.299,00" is 1299 in German, "1.500" is 1500."""
    plain = re.sub(r"[ '\u00a0\u202f]", "", digits)
    group = "." if decimal == "," else ","
    if re.fullmatch(rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+(?:{re.escape(decimal)}\d+)?", plain):
        plain = plain.replace(group, "")
    *whole, last = plain.replace(",", ".").split(".")
    return float(f"{''.join(whole)}.{last}") if whole else float(last)


def _plain(text: str) -> str:
    """The text cleaned, with the digits of any script as 0 to 9; names glued to other scripts are cut off from them."""
    text = clean(text.replace("’", "'"))
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() and not c.isascii() else c for c in text)
    return _CJK.sub(" ", text)


def blanked(text: str, taken: Sequence[tuple[int, int]]) -> str:
    """The text with spaces for what was taken, as long as before."""
    for start, end in taken:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _named(text: str, rule: Rules | None, names: Names) -> list[tuple[str, int]]:
    """The catalogue's own names in the text, the longest first at each place, with where they begin; first, English that stands in it:
    "Haben Sie ein dog bed?"."""
    pieces = list(_PIECE.finditer(text))
    out: list[tuple[str, int]] = []
    at = 0
    while at < len(pieces):
        if (english := _run(text, pieces, at, rule, names)) > at:
            out.append((text[pieces[at].start() : pieces[english].end()], pieces[at].start()))
            at = english + 1
            continue
        for last in range(min(at + _LONGEST_NAME, len(pieces)) - 1, at - 1, -1):
            name = text[pieces[at].start() : pieces[last].end()]
            gaps = text[pieces[at].end() : pieces[last].start()] if last > at else ""
            if re.search(r"[,.;!?]|\s{2}", gaps) or (rule is not None and last == at and name in rule.stop):
                continue
            if names.value(stems(name)):
                out.append((name, pieces[at].start()))
                at = last
                break
        at += 1
    return out


def _run(text: str, pieces: Sequence[re.Match[str]], at: int, rule: Rules | None, names: Names) -> int:
    """The last of the words from `at` on that are English, side by side, and among them one of the catalogue's; `at` where there are no two."""
    stop = rule.stop if rule is not None else frozenset()
    last = at - 1
    while last + 1 < len(pieces):
        word = pieces[last + 1].group()
        beside = last < at or text[pieces[last].end() : pieces[last + 1].start()] == " "
        if not beside or word in stop or not all(names.known(w) for w in re.split(r"[-']", word)):
            break
        last += 1
    own = [p.group() for p in pieces[at : last + 1] if names.own(p.group()) and not names.field(p.group())]
    return last if last > at and own else at


def _denied(text: str, start: int, end: int, rule: Rules) -> tuple[int, int] | None:
    """Where the name from `start` to `end` is denied, what its denial and it take of the text."""
    reach = max(0, start - _REACH)
    clause = re.split(r"[.;!?，。；,]", text[reach:start])[-1]
    before = list(rule.without.finditer(clause))
    if before:
        return start - len(clause) + before[-1].start(), end
    behind = rule.without_after.match(text[end:]) if rule.without_after is not None else None
    return (start, end + behind.end()) if behind is not None else None


def _words(text: str, rule: Rules | None) -> str:
    """The words that a product's English text may hold: of Latin letters, long enough, and none that means something else there."""
    stop = rule.stop if rule is not None else frozenset()
    kept = [w for w in (m.group() for m in _PIECE.finditer(text)) if w not in stop and len(w) >= _SHORTEST_WORD]
    return " ".join(dict.fromkeys(kept))


def named_values(text: str, names: Names) -> list[tuple[str, int]]:
    """The brands and other values that a lower-case text names, the longest first at each place, with where they begin; no categories."""
    pieces, out, at = list(_PIECE.finditer(text)), [], 0
    while at < len(pieces):
        for last in range(min(at + _LONGEST_NAME, len(pieces)) - 1, at - 1, -1):
            name = text[pieces[at].start() : pieces[last].end()]
            if names.refusable(stems(name)):
                out.append((name, pieces[at].start()))
                at = last
                break
        at += 1
    return out
