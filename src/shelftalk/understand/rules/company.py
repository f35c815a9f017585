"""How many people a product is for: "a tent for two", "two adults and a baby", "me, my wife and the kids", "7 of us"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from shelftalk.understand.rules.amounts import ParsedAmount
from shelftalk.understand.rules.bodies import ANIMALS, BEINGS
from shelftalk.understand.rules.compare import after, compared
from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.nearby import Quantity, following
from shelftalk.understand.rules.numbers import Number, numbers
from shelftalk.understand.rules.placing import ends_of
from shelftalk.understand.rules.tokens import Text, stems
from shelftalk.values import Intent
from shelftalk.words.stems import bag, stem, stemmed
from shelftalk.words.stop import FUNCTION
from shelftalk.words.units import scalar

GROUP = re.compile(r"\b(?:family|group|party|class|team) of(?: about| around| some| roughly| up to)? $")
OF_THEM = re.compile(r" of (?:us|them|you)\b")
FOR_SO_MANY = re.compile(
    r"\b(?:for|we(?:'re| are)|there (?:are|will be)|fits?|sleeps?|seats?|holds?|accommodates?|room for|space for|family of|group of|party of|having)(?: up to| all(?: the)?| us| the| at least| like| about| around| some| roughly)? $"
)

_PLAYERS = stemmed("player players")
_PEOPLE = stemmed("person people sleeps seats berth")


def counts_people(known: Field) -> bool:
    """Whether the field says how many people a product has room for."""
    return known.kind == "number" and bool(
        (known.unit is not None and known.unit.dimension == "people") or _PEOPLE & set(known.name)
    )


_SERVED = stemmed("cup serving portion")


def serving(index: Index) -> Field | None:
    """The field of how many are served, of things that have no room for people: the cups of a coffee maker."""
    if any(counts_people(known) for known in index.fields.values()):
        return None
    fields = [k for k in index.fields.values() if k.kind == "number" and k.within and _SERVED & set(k.name)]
    return fields[0] if len(fields) == 1 else None


def holds_people(known: Field) -> bool:
    """Whether the field says how many a product has room for, or how many play."""
    return counts_people(known) or (known.number and bool(_PLAYERS & set(known.name)))


_COMPANY = re.compile(
    r"(?: or so)? (?:people|persons|players|adults|grown[- ]?ups|guests|kids|children|friends|teens|teenagers|girls|boys|guys|of us|of them)\b"
)
_AND_ME = re.compile(r"\b(?:me|myself) (?:and|plus|with) (?:my |our |the )?$")


def _players_of(index: Index) -> Field | None:
    """The field of the least or most players, where there are both."""
    return next(
        (
            k
            for k in index.fields.values()
            if k.number and _PLAYERS & set(k.name) and ends_of(k.field, index) is not None
        ),
        None,
    )


def for_so_many(text: Text, index: Index, amount: ParsedAmount) -> Quantity | None:
    """The limit of "a tent for two": as many people as one field alone, of those the category has, may mean; those who play
    are told without a "for": "game night with 7 people"."""
    first, last, value = amount.number.first, amount.last, amount.number.value
    if _players_of(index) is not None and _at_play(text, amount):
        value += _AND_ME.search(text.low[: text.tokens[first].start]) is not None
        return _room(index, text, value, first, last)
    counted = amount.unit is None or amount.unit.dimension == "people"
    if not counted or amount.money or amount.low is not None:
        return None
    lead = text.low[: text.tokens[first].start]
    if following(text, last) and not GROUP.search(lead) and not OF_THEM.match(text.low[text.tokens[last].end :]):
        return None
    if not 1 <= value <= 100 or not FOR_SO_MANY.search(lead):
        return None
    if amount.unit is not None and _players_of(index) is None and serving(index) is None:
        return None  # a unit that no field of the category has
    return _room(index, text, value, first, last)


def _at_play(text: Text, amount: ParsedAmount) -> bool:
    """Whether the amount counts people: "with 7 people", "6 or so kids"; those whom one plays with are not all who play."""
    if amount.money or amount.low is not None or compared(text, amount)[0] not in (None, "=", "~"):
        return False
    if not 1 <= amount.number.value <= 100 or after(text, amount.last, len(text.low)) is not None:
        return False
    if amount.unit is not None:
        return amount.unit.dimension == "people"
    behind = _COMPANY.match(text.low[text.tokens[amount.last].end :])
    lead = text.low[: text.tokens[amount.number.first].start]
    with_them = (
        None
        if _AND_ME.search(lead)
        else re.search(
            r"\b(?:with|(?<!adults )(?<!parents )(?<!ups )(?<!kids )(?<!children )and) (?:my |our |the )?$", lead
        )
    )
    return behind is not None and (with_them is None or behind.group().endswith((" us", "people", "players")))


def _room(index: Index, text: Text, value: float, first: int, last: int) -> Quantity | None:
    """Room for so many people: both ends of the players of a game, or the one field that says how many fit."""
    players = _players_of(index)
    if players is not None:
        return Quantity(players.field, "=", scalar(value), first, last, text.span(first, last))
    fields = [known for known in index.fields.values() if counts_people(known)]
    known = fields[0] if len(fields) == 1 and fields[0].within else serving(index) or seats(text, index, None)
    bounds = known.bounds() if known is not None else None
    if known is None or bounds is None or value > bounds[1]:
        return None
    return Quantity(known.field, ">=", scalar(value), first, last, text.span(first, last), nearest=True)


_ANIMALS = frozenset(stem(w) for w in (*ANIMALS.split("|"), "doggo"))
_PLURAL = bag("people persons men women guys adults children kids")
_ALSO = "parent|grandparent|grown-up|grownup|mate|guest|roommate|flatmate|neighbour|neighbor|girlfriend|twin|teenager|grandchild|grandson|granddaughter"
_SINGULAR = frozenset([*BEINGS.split("|"), *_ALSO.split("|")]) - _PLURAL
# Stems of those for whom a product is.
PEOPLE = frozenset(stem(w) for w in (*_SINGULAR, *_PLURAL)) - _ANIMALS - stemmed("user rider runner hiker climber")
_TOLD_OF = PEOPLE | stemmed("couple us them you me myself")
_WHOSE = bag("a an my our his her their the another one")
_SELF = bag("me myself i")
_BETWEEN = bag("and plus with")


@dataclass(frozen=True, slots=True)
class _Member:
    """Some of a company: so many people, whether there are more of them than is said ("the kids"), and the last token."""

    people: float
    more: bool
    last: int
    told: bool = False  # by a number


def together(text: Text, index: Index, category: str | None, taken: Collection[int]) -> Quantity | None:
    """The room that a company asks for that is told one by one: "two adults and a baby", "me and three friends", "my wife and I".

    Those of whom no number is told ("the kids") are two at least, so that a game for exactly so many is not asked for; animals take
    no seat.
    """
    if not text.stems & _TOLD_OF:
        return None
    counted = {n.first: n for n in numbers(text) if n.value == int(n.value) and 1 <= n.value <= 100 and not n.kilo}
    for first in range(len(text.tokens)):
        members = list(_members(text, first, counted))
        if not members:
            continue
        people, last = sum(m.people for m in members), members[-1].last
        alone = sum(m.people > 0 for m in members) < 2 and not members[0].told
        if alone or people < 2 or {*range(first, last + 1)} & {*taken}:
            continue
        lead = text.low[: text.tokens[first].start]
        if _PART_OF_A_RANGE.search(lead):
            return None
        people += _WITH_ME.search(lead) is not None
        return _asked(text, index, category, people, any(m.more for m in members), first, last)
    return None


_PART_OF_A_RANGE = re.compile(
    r"(?:\d|\b\w+)(?: ?- ?| or | to )$|\b(?:under|below|over|above|than|most|max|up to|like|not|no)(?: the)? $"
)
_WITH_ME = re.compile(
    r"(?<!\bme )(?<!\bmyself )(?<!\bus )(?<!\bi )\bwith $"
)  # "camping with my wife and two kids": the speaker goes too


def _asked(
    text: Text, index: Index, category: str | None, people: float, more: bool, first: int, last: int
) -> Quantity | None:
    if _players_of(index) is not None:
        return None if more or last - first < 2 else _room(index, text, people, first, last)
    known = seats(text, index, category) or (serving(index) if category is not None else None)
    if known is None:
        return None
    return Quantity(known.field, ">=", scalar(people), first, last, text.span(first, last), nearest=True)


def seats(text: Text, index: Index, category: str | None) -> Field | None:
    """The one field of how many people fit, of the category named or of those whose names share a word with the request."""
    fields = [k for k in index.fields.values() if counts_people(k) and k.within]
    if category is None:
        fields = [k for k in fields if any(text.stems & set(stems(c)) for c in k.within)]
    return fields[0] if len(fields) == 1 else None


def _members(text: Text, first: int, counted: dict[int, Number]) -> Iterator[_Member]:
    """The members of the company that begins at a token; none where none does."""
    at, begun = first, False
    while at < len(text.tokens) and (member := _member(text, at, counted, begun)) is not None:
        yield member
        at, begun = member.last + 1, True
        joined = at < len(text.tokens) and (
            "," in text.tokens[at].gap or "&" in text.tokens[at].gap or "+" in text.tokens[at].gap
        )
        while at < len(text.tokens) and text.tokens[at].low in _BETWEEN and not text.tokens[at].hard:
            at, joined = at + 1, True
        if not joined:
            return


def _member(text: Text, at: int, counted: dict[int, Number], begun: bool) -> _Member | None:
    token, number = text.tokens[at], counted.get(at)
    if token.hard:
        return None
    if number is None and token.low in _WHOSE | {"the"} and at + 1 in counted:
        at, number = at + 1, counted[at + 1]  # "their two kids"
    if token.low in _SELF and (begun or token.low != "i"):
        return _Member(1, False, at)
    if number is not None and number.value > 1 and OF_THEM.match(text.low[text.tokens[number.last].end :]):
        return _Member(number.value, False, number.last + 2, True)
    if number is not None and text.tokens[number.last].low == "couple" and _alone(text, number.last + 1):
        return _Member(2, False, number.last)
    who = _named(text, (number.last if number else at) + 1) if number or token.low in _WHOSE else at if begun else None
    if who is None:
        return None
    word = text.tokens[who]
    if word.stem in _ANIMALS:
        return _Member(0, False, who)
    if word.stem not in PEOPLE:
        return None
    if number is not None:
        return _Member(number.value, False, who, number.value > 1)
    one = word.low in _SINGULAR
    return None if not one and at == who else _Member(1 if one else 2, not one, who)


def _alone(text: Text, at: int) -> bool:
    """Whether the words before a token count no thing that follows: "a couple and their kids"."""
    return at >= len(text.tokens) or text.tokens[at].hard or text.tokens[at].comma or text.tokens[at].low in _BETWEEN


def _named(text: Text, at: int) -> int | None:
    """The token of the one who is meant, behind two describing words at most: "my two small kids"."""
    for i in range(at, min(at + 3, len(text.tokens))):
        token = text.tokens[i]
        if token.hard or token.comma:
            return None
        if token.stem in PEOPLE | _ANIMALS:
            behind = text.tokens[i + 1] if i + 1 < len(text.tokens) else None
            return None if behind is not None and (behind.low == "s" or behind.gap == "-") else i
        if token.numeric or token.low in FUNCTION - {"other", "more", "my", "our", "of", "very", "own"}:
            return None
    return None


def of_kinds(intent: Intent, index: Index) -> Intent:
    """The intent without limits on the room for people that none of its kinds has, and without an order by it."""

    def of_others(field: str) -> bool:
        known = index.fields.get(field)
        return known is not None and holds_people(known) and not any(map(known.carried, map(str.lower, intent.kinds)))

    kept = tuple(c for c in intent.constraints if not of_others(c.field))
    sort = None if intent.sort is not None and of_others(intent.sort.field) else intent.sort
    criteria = tuple(c for c in intent.criteria if not of_others(c.field))
    return replace(intent, constraints=kept, sort=sort, criteria=criteria)
