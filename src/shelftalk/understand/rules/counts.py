"""How many products are wanted, and which of an order: "three", "a couple of", "the second cheapest", "100 lamps"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shelftalk.understand.rules.company import PEOPLE
from shelftalk.understand.rules.index import Index
from shelftalk.understand.rules.numbers import numbers
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.numbers import ORDINALS
from shelftalk.words.stop import FUNCTION
from shelftalk.words.units import UNITS

# More than an answer holds.
MOST_WANTED = 50
# A place in an order that any answer shows.
FIRST_FEW = 3
_LIMIT = re.compile(
    r"\b(?:top|best|first|just|only|me|suggest|recommend|list|find|show|gimme|pick|name|want|need|give|any|like|see|your|buy|get|order|for)\s+(?:(?:the|your|like|about|me|up|up to|around|top|best|just|only)\s+)*$"
)


@dataclass(frozen=True, slots=True)
class OddCount:
    """A count that cannot be met as it stands, with its tokens, what it comes to, and what to tell."""

    limit: int | None
    tokens: set[int]
    note: str


def odd_count(text: Text, used: set[int], index: Index) -> OddCount | None:
    """No products at all ("zero lamps") or more than an answer holds ("100 lamps")."""
    tokens = text.tokens
    for number in numbers(text):
        run = set(range(number.first, number.last + 1))
        after = tokens[number.last + 1] if number.last + 1 < len(tokens) else None
        if run & used or after is None or after.gap != " " or after.stem not in index.nouns or after.low in UNITS:
            continue
        if not _COUNTING.search(text.low[max(0, tokens[number.first].start - 40) : tokens[number.first].start]):
            continue
        said = text.span(number.first, number.last)
        if number.value == 0:
            return OddCount(None, run, f"'{said}' is no number of products to show; it was left out")
        if number.value > MOST_WANTED and number.value == int(number.value) and after.low.endswith("s"):
            return OddCount(
                MOST_WANTED, run, f"'{said}' is more than one answer holds: at most {MOST_WANTED} are shown"
            )
    return None


@dataclass(frozen=True, slots=True)
class Ordinal:
    """A place in an order ("the second cheapest"), and the token its words begin at."""

    place: int
    first: int


def ordinal(text: Text, at: int) -> Ordinal | None:
    """The place that stands right before the superlative at token `at`, from the second to the tenth."""
    if at < 1:
        return None
    before = text.tokens[at - 1]
    if 2 <= ORDINALS.get(before.low, 0) <= 10:
        return Ordinal(ORDINALS[before.low], at - 1)
    if before.low in ("nd", "rd", "th") and at > 1 and before.gap == "" and text.tokens[at - 2].numeric:
        place = text.tokens[at - 2].text
        if place.isdecimal() and 2 <= int(place) <= MOST_WANTED:
            return Ordinal(int(place), at - 2)
    return None


_OF_US = re.compile(r" of (?:us|you|them|my|our)\b")


def how_many(text: Text, used: set[int], index: Index) -> tuple[int | None, set[int]]:
    """The number of products wanted ("three", "a couple of", "top 5"), and its tokens."""
    tokens = text.tokens
    for number in numbers(text):
        run = set(range(number.first, number.last + 1))
        if run & used or number.value != int(number.value) or not 1 <= number.value <= 50 or number.kilo:
            continue
        lead = text.low[max(0, tokens[number.first].start - 40) : tokens[number.first].start]
        if _OF_US.match(text.low[tokens[number.last].end :]):
            continue
        following = (
            tokens[number.last + 1] if number.last + 1 < len(tokens) and not tokens[number.last + 1].hard else None
        )
        if re.search(
            r"\b(?:pack|set|box|case|bundle|pair|size|number|model|version|level|type|generation|gen|series|of|section|class)\s+(?:of\s+)?$",
            lead,
        ) and not re.search(r"(?:couple|handful|one) of $", lead):
            continue
        if following is not None and following.gap in ("-", ""):
            continue
        word = following.low if following else ""
        noun = bool(following and (following.stem in index.nouns or word in (
            "options", "option", "choices", "suggestions", "suggestion", "recommendations", "picks", "products", "items", "ideas", "alternatives", "models", "ones", "different", "good", "best", "cheap", "cheapest", "examples", "results", "gifts")))  # fmt: skip
        asked = bool(_LIMIT.search(lead)) and (noun or not re.search(r"\b(?:for|of) $", lead))
        if tokens[number.first].low == "one" and number.first == number.last:
            if (
                (
                    re.search(
                        r"(?:just|only|gimme|give me|find me|show me|pick|recommend|suggest|hand me|get me|me) $", lead
                    )
                    and word in ("", "of", "option", "please", "product", "from", "that", "with", "suggestion")
                )
                or (
                    following is not None
                    and following.stem in index.nouns
                    and not word.endswith("s")
                    and re.search(r"(?:^|[.!?,] |\b(?:i|need|want|me|to buy|for|you|but) )(?:just|only) $", lead)
                )
                or (word in ("option", "product", "suggestion") and asked)
            ):
                return 1, run
            continue
        if (
            (
                asked
                and (
                    noun
                    or following is None
                    or word in ("of", "please", "for", "from", "under", "with", "to", "that", "or")
                )
            )
            or (noun and number.first == 0)
            or (
                noun
                and word in ("options", "choices", "suggestions", "recommendations", "picks", "alternatives", "ideas")
            )
        ):
            return int(number.value), run
        if (
            re.search(r"(?:^|\b(?:a|show me|give me|find me|recommend|suggest) )$", lead)
            and tokens[number.first].low == "a"
            and tokens[min(number.first + 1, len(tokens) - 1)].low == "couple"
            and noun
        ):
            return int(number.value), run
    few = re.search(
        r"\b(?:show|give|find|recommend|suggest|get|see)\b(?: me| us)? (?:a few|a handful of|several|some) (?:options|choices|suggestions|ideas|alternatives)",
        text.low,
    )
    return (3, set()) if few and "few" in few.group() else (None, set())


_COUNTING = re.compile(
    r"(?:^|[.!?]\s*|\b(?:show me|give me|find me|get me|name|list|recommend|suggest|pick|send me|i'd like to see|see|bring me|show us|give us)\s+(?:me\s+)?(?:the |your |just |about |maybe )*|\b(?:the|your|top) )$"
)


def plural_count(text: Text, used: set[int]) -> tuple[int, set[int]] | None:
    """A count before a plural: "show me three French presses", "the five cheapest toys"."""
    tokens = text.tokens
    for number in numbers(text):
        run = set(range(number.first, number.last + 1))
        if run & used or number.value != int(number.value) or not 2 <= number.value <= 20 or number.kilo:
            continue
        if not _COUNTING.search(text.low[max(0, tokens[number.first].start - 40) : tokens[number.first].start]):
            continue
        for j in range(number.last + 1, min(len(tokens), number.last + 5)):
            word = tokens[j].low
            if tokens[j].hard or tokens[j].comma or tokens[j].numeric or tokens[j].gap in ("-", "") or word in UNITS:
                break
            if tokens[j].stem in PEOPLE:  # "two adults and a baby" are who it is for, "five kids' books" are five
                if j + 1 < len(tokens) and tokens[j + 1].low in FUNCTION:
                    break
                continue
            if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
                return int(number.value), run
    return None
