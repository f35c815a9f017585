"""A run that has begun: parts are read, listed and put in place one by one; what is in place is never made twice.

A part appears whole or not at all, and its bytes depend on nothing but the input, the settings, the catalogue and the moment that the
manifest names. So a run that was killed goes on with the parts that are not there, on this machine or on another.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shelftalk.errors import EngineError, ShelftalkError, StorageError
from shelftalk.lists.parts import USERS, Part, PartReader
from shelftalk.lists.storage import Place
from shelftalk.lists.users import Asked, asked_of
from shelftalk.lists.wire import Format, decode, encode, error_line, list_line
from shelftalk.values import Answer, Shopper

log = logging.getLogger(__name__)


class ForYou(Protocol):
    """What makes lists: a Shelf, or what stands for one."""

    def for_you_many(self, shoppers: Sequence[Shopper], k: int) -> list[Answer]:
        """One Answer a shopper, in order, each with at most `k` picks."""

    def close(self) -> None:
        """Frees what was loaded."""


class Known(Protocol):
    """What the shop knows of shoppers whose rows hold no history. It is sent to every worker, so it must pickle."""

    def __call__(self, shoppers: Sequence[Shopper], shelf: ForYou) -> list[Shopper]:
        """The same shoppers, in order, with what is known of them up to the moment of their context."""


@dataclass(frozen=True, slots=True)
class Options:
    """How lists are made. `k` picks each (None: as the settings say), `batch` users at once, `size` users a part. `at` is the moment that
    the lists are for (None: when the run first began). `name` gives the pseudonym of a user; with `plain` the lines name users by the ids
    as given instead. `known` tells of users whose rows hold no history."""

    k: int | None = None
    format: Format = "jsonl"
    batch: int = 64
    size: int = USERS
    at: datetime | None = None
    name: Callable[[str], str] = str
    plain: bool = False
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A part that is in place, with what it counts: lines, those of them that are errors or lists without a pick, and picks."""

    index: int
    file: str
    rows: int
    errors: int
    empty: int
    picks: int
    sha256: str


@dataclass(frozen=True)
class Run:
    """A run that has begun, from the catalogue's copy in `catalog`. It can be sent to another process, which makes parts of it by `make`.
    `about` is the manifest as it was when the run began, `erased` the rows that were erased since, `done` the parts in place by then."""

    output: Place
    catalog: Place
    options: Options
    k: int
    at: datetime
    parts: tuple[Part, ...]
    users: int
    about: dict[str, Any]
    erased: frozenset[int] = frozenset()
    done: tuple[Made, ...] = ()

    @property
    def left(self) -> list[Part]:
        """The parts that are not in place yet."""
        there = {made.index for made in self.done}
        return [part for part in self.parts if part.index not in there]

    def place(self, part: Part) -> Place:
        """Where the part's lists go."""
        return self.output / f"part-{part.index:05d}.{self.options.format}"

    def make(self, part: Part, shelf: ForYou, reader: PartReader) -> Made:
        """Makes the lists of a part and puts them in place; a part that is in place already, whole, is left as it is.

        A row that cannot be answered becomes a line with an error. Raises EngineError where the language model is gone, StorageError
        where the input cannot be read or the output not written.
        """
        there = self.found(part)
        if there is not None:
            return there
        rows = [asked_of(row, self.options.name, self.at) for row in reader.rows(part) if row.number not in self.erased]
        lines = []
        for start in range(0, len(rows), self.options.batch):
            lines += _lines(rows[start : start + self.options.batch], shelf, self.k, self.options)
        content = encode(lines, self.options.format)
        self.place(part).write(content)
        return counted(part.index, self.place(part).name, lines, content)

    def found(self, part: Part) -> Made | None:
        """The part as it is in place, None where it is not there, torn, or not of these rows."""
        where = self.place(part)
        if where.kind() != "file":
            return None
        content = where.read()
        try:
            lines = decode(content, self.options.format)
            numbers = [line["row"] for line in lines]
        except (ValueError, KeyError, TypeError):
            log.warning("%s is torn and is made again", where.shown)
            return None
        gone = sum(number in self.erased for number in part.numbers)
        whole = len(numbers) == part.count - gone and numbers == sorted(set(numbers))
        if not whole or not all(number in part.numbers for number in numbers):
            log.warning("%s lacks lines and is made again", where.shown)
            return None
        return counted(part.index, where.name, lines, content)


def counted(index: int, name: str, lines: Sequence[dict[str, Any]], content: bytes) -> Made:
    """What a part counts."""
    errors = sum("error" in line for line in lines)
    empty = sum("error" not in line and not line["picks"] for line in lines)
    picks = sum(len(line["picks"]) for line in lines)
    return Made(index, name, len(lines), errors, empty, picks, hashlib.sha256(content).hexdigest())


def _lines(rows: Sequence[Asked], shelf: ForYou, k: int, options: Options) -> list[dict[str, Any]]:
    """A line a row, in order."""
    good = [(row, row.shopper) for row in rows if row.shopper is not None]
    found = _answers([(shopper, row.known) for row, shopper in good], shelf, k, options.known)
    answers = {row.number: answer for (row, _), answer in zip(good, found, strict=True)}

    def line(row: Asked) -> dict[str, Any]:
        user = row.user if options.plain else options.name(row.user)
        answer = answers.get(row.number, row.error)
        return error_line(row.number, user, answer) if isinstance(answer, str) else list_line(row.number, user, answer)

    return [line(row) for row in rows]


def _answers(asked: Sequence[tuple[Shopper, bool]], shelf: ForYou, k: int, known: Known | None) -> list[Answer | str]:
    """The answers of one batch of (shopper, whether the row told the history); where it fails as a whole each shopper alone, and what
    failed in place of the answer."""
    if not asked:
        return []
    try:
        return list(shelf.for_you_many(_told(asked, shelf, known), k))
    except (EngineError, StorageError):
        raise
    except Exception as error:  # one shopper must not stop a million
        if len(asked) > 1:
            return [answer for one in asked for answer in _answers([one], shelf, k, known)]
        if isinstance(error, ShelftalkError):
            return [str(error)]
        log.exception("no list for %s", asked[0][0].user)
        return [f"internal error: {type(error).__name__}"]


def _told(asked: Sequence[tuple[Shopper, bool]], shelf: ForYou, known: Known | None) -> list[Shopper]:
    wanted = [shopper for shopper, told in asked if not told]
    if known is None or not wanted:
        return [shopper for shopper, _ in asked]
    found = iter(known(wanted, shelf))
    return [shopper if told else next(found) for shopper, told in asked]
