"""What one part of the stage hands to the next: a turn as it was read, a pick that was shown, a question about picks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shelftalk.values import Intent


@dataclass(frozen=True, slots=True)
class Shown:
    """A pick of an earlier answer, as the conversation showed it."""

    rank: int
    id: str
    title: str
    price: float | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question about picks that were shown, with the words that say which: how they "compare", "why" they stand where
    they do, which is "best", or another "fact". `name` holds the words for a product that is none of those shown ("why not the
    Lark?"); `which` says that one of several is to be named, `rest` what is said beside the question for the best ("for rain").
    `purpose` is what they are to be good for, in the shopper's words, and `asks` what the question wants of them, read as a
    request is: limits, wishes, and the kind of product that they are said of."""

    about: tuple[Shown, ...]
    said: str
    kind: Literal["compare", "why", "best", "fact"] = "fact"
    name: str = ""
    which: bool = False
    rest: str = ""
    purpose: str = ""
    asks: Intent = Intent()


@dataclass(frozen=True, slots=True)
class Reading:
    """An intent with what it was read from: `thrifty` says that the sort comes from a plea for a low price, not a superlative;
    `follow_up` that it asks about products already shown, which were picked for the wish `before` it: the next turn goes on from
    that. `earlier` are the shopper's turns that it was read together with, `asides` the words that tell of somebody's weight or
    height, or of a thing that the shop has not: no wish is read from them. `said` are the words of the turn in which wishes may stand
    (None: all of it), `without` the fields and the stems of words that it takes back, for each turn of `earlier` and the turn itself;
    `cleared` that it forgets all that was wanted, `service` that it asks the shop about itself and for no product."""

    intent: Intent
    thrifty: bool = False
    notes: tuple[str, ...] = ()
    follow_up: Question | None = None
    before: Intent = Intent()
    earlier: tuple[str, ...] = ()
    merged: bool = False
    asides: tuple[str, ...] = ()
    said: str | None = None
    without: tuple[frozenset[str], ...] = ()
    cleared: bool = False
    service: bool = False
