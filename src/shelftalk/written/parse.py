"""Reads the written set's files and parts it: docs in data/wishes/README.md.

A kind named in `HELD` stands in no training example. Of the other kinds each line goes to one split by the hash of its
words, so that it stays there when lines come and go. The files under `train/` are of train whole; the kinds that they add are
sold in no suite. A line of train whose words for a wish, or nearly those, stand in another split is left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from math import ceil
from pathlib import Path
from typing import Literal, TypeVar

from shelftalk.errors import FeedError
from shelftalk.resources import resource
from shelftalk.values import Criterion, Scalar

__all__ = ["FieldSpec", "Kind", "Need", "Reason", "Split", "Wish", "WrittenSet", "read_written"]

Split = Literal["train", "dev", "test"]
# Whole kinds that training never sees; a third of the test split's wishes are of them.
HELD: Mapping[str, Split] = {
    "Coolers": "dev", "Fans": "dev", "Suitcases": "dev", "Hair Dryers": "dev",
    "Sleeping Bags": "test", "Kettles": "test", "Humidifiers": "test", "Portable Speakers": "test", "Gloves": "test",
    "Ladders": "test", "Strollers": "test", "Electric Toothbrushes": "test",
}  # fmt: skip
# Shares of the lines of other kinds that dev and test hold.
_SHARES = {"wishes": (0.05, 0.14), "needs": (0.10, 0.25), "reasons": (0.05, 0.10)}
_RANGE = re.compile(r"(-?[\d.]+)\.\.(-?[\d.]+)")
_SPAN = re.compile(r"\[([^\]]+)\]")
_NEAR = 0.6
_Line = TypeVar("_Line", "Wish", "Need")


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of a kind: a number with its usual range, yes or no, or named values."""

    name: str
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()

    @property
    def kind(self) -> Literal["number", "boolean", "text"]:
        """What it holds."""
        return "number" if self.low is not None else "text" if self.values else "boolean"


@dataclass(frozen=True, slots=True)
class Wish:
    """A request with its criteria; `words` are the brackets in order, `wants` what answers each (None: no field does)."""

    text: str
    kind: str
    words: tuple[str, ...]
    wants: tuple[Criterion | None, ...]
    split: Split
    file: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A need that names no product, and the kinds that help, best first."""

    text: str
    kinds: tuple[str, ...]
    split: Split
    file: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a product: the request, the numbered facts, and what a good assistant says of them."""

    request: str
    kind: str
    facts: tuple[str, ...]
    text: str
    split: Split
    file: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product by the name of its category, with its fields (price and rating beside them); `taught` where training
    alone knows it."""

    name: str
    fields: tuple[FieldSpec, ...]
    taught: bool = False


@dataclass(frozen=True)
class WrittenSet:
    """All of it; `named` are requests of train that name their product."""

    kinds: Mapping[str, Kind]
    wishes: tuple[Wish, ...] = ()
    needs: tuple[Need, ...] = ()
    reasons: tuple[Reason, ...] = ()
    named: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def sold(self) -> Mapping[str, Kind]:
        """The kinds that a suite's shop sells: all but those that training alone knows."""
        return {name: kind for name, kind in self.kinds.items() if not kind.taught}


def read_written(folder: Path | None = None, files: Sequence[str] = ("*",)) -> WrittenSet:
    """The set in a folder (by default the bundled one), of train the wishes and needs of files with such names ("train/*-2"; `file` of a line,
    its folder and its name without .txt). FeedError names the file and line that is not in the format."""
    folder = folder or resource("data/wishes")
    found = sorted((folder / "kinds").glob("*.txt"))
    if not found:
        raise FeedError(f"{folder}: holds no kinds/*.txt; see data/wishes/README.md for the format")
    parser = _Parser()
    for path in (*found, *sorted((folder / "train").glob("*.txt"))):
        parser.read(path)
    kept, wanted = _apart(parser.wishes), _apart(parser.needs)
    left_out = {"wishes": len(parser.wishes) - len(kept), "needs": len(parser.needs) - len(wanted)}

    def of(lines: list[_Line]) -> tuple[_Line, ...]:
        return tuple(n for n in lines if n.split != "train" or any(fnmatchcase(n.file, name) for name in files))

    named = folder / "named.txt"
    lines = named.read_text("utf-8-sig").splitlines() if named.is_file() else []
    return WrittenSet(
        parser.kinds, of(kept), of(wanted), tuple(parser.reasons), tuple(filter(None, map(str.strip, lines))), left_out
    )


class _Parser:
    """Collects the lines of all files; a file begins outside any kind and section."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.wishes: list[Wish] = []
        self.needs: list[Need] = []
        self.reasons: list[Reason] = []
        self._kind, self._section, self._taught, self._file = "", "", False, ""

    def read(self, path: Path) -> None:
        """Adds a file's lines. FeedError names the line that is not in the format."""
        self._kind, self._section, self._taught = "", "", path.parent.name == "train"
        self._file = f"{path.parent.name}/{path.stem}"
        for number, raw in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            try:
                self._line(line)
            except (ValueError, KeyError, IndexError) as error:
                raise FeedError(f"{path}, line {number}: {error or 'not in the format'}: {line[:100]}") from error

    def _line(self, line: str) -> None:
        kind = self._kind
        if line.startswith("= "):
            self._begin(line[2:])
        elif line in ("fields", "wishes", "needs", "reasons"):
            self._section = line
        elif self._section == "fields":
            self.kinds[kind] = replace(self.kinds[kind], fields=(*self.kinds[kind].fields, _field(line)))
        elif self._section == "wishes":
            self.wishes.append(_wish(line, self.kinds[kind], "train" if self._taught else None, self._file))
        elif self._section == "needs":
            text, _, helping = line.rpartition(" | ")
            split = "train" if self._taught else _split(text, "needs")
            self.needs.append(Need(text, tuple(k.strip() for k in helping.split(";")), split, self._file))
        elif self._section == "reasons":
            request, facts, text = line.split(" || ")
            split = "train" if self._taught else HELD.get(kind) or _split(line, "reasons")
            cited = tuple(f.strip() for f in facts.split(";"))
            self.reasons.append(Reason(request, kind, cited, text, split, self._file))
        else:
            raise ValueError("a line outside a section")

    def _begin(self, kind: str) -> None:
        self._kind, self._section = kind, ""
        if self._taught and kind in HELD:
            raise ValueError(f"{kind} is held back from training")
        if not self._taught or kind not in self.kinds:
            self.kinds[kind] = Kind(kind, (), self._taught)


def _field(line: str) -> FieldSpec:
    name, _, what = line.partition(": ")
    if match := _RANGE.fullmatch(what):
        return FieldSpec(name, float(match[1]), float(match[2]))
    return FieldSpec(name) if what == "yes/no" else FieldSpec(name, values=tuple(v.strip() for v in what.split(",")))


def _wish(line: str, kind: Kind, split: Split | None = None, file: str = "") -> Wish:
    text, _, parts = line.rpartition(" | ")
    words = tuple(_SPAN.findall(text))
    wanted = (
        ()
        if parts.strip() == "-"
        else tuple(_want(p.strip(), kind, w) for p, w in zip(parts.split(";"), words, strict=True))
    )
    plain = _SPAN.sub(r"\1", text)
    return Wish(plain, kind.name, words, wanted, split or HELD.get(kind.name) or _split(plain, "wishes"), file)


def _want(part: str, kind: Kind, words: str) -> Criterion | None:
    importance = 3 if part.endswith("!") else 1 if part.endswith("?") else 2
    bare = part.rstrip("!?")
    if bare == "none":
        return None
    name, _, how = bare.partition(" ")
    spec = next((f for f in kind.fields if f.name == name), None)
    if name in ("price", "rating") or (spec and spec.kind == "number"):
        if how not in ("low", "high"):
            raise ValueError(f"{name} is low or high, not {how!r}")
        return Criterion(name, how, None, importance, words)  # type: ignore[arg-type]
    if spec is None:
        raise ValueError(f"{kind.name} has no field {name!r}")
    if spec.kind == "boolean":
        return Criterion(name, "is", how == "yes", importance, words)
    value: Scalar = how.removeprefix("not ")
    if value not in spec.values:
        raise ValueError(f"{name} has no value {value!r}")
    return Criterion(name, "not" if how.startswith("not ") else "is", value, importance, words)


def _split(text: str, section: str) -> Split:
    dev, test = _SHARES[section]
    place = int.from_bytes(hashlib.sha256(text.casefold().encode()).digest()[:4], "big") / 2**32
    return "dev" if place < dev else "test" if place < dev + test else "train"


def _apart(lines: list[_Line]) -> list[_Line]:
    """The lines without those of train whose words, or nearly those, stand in dev or test."""
    held = [_bag(said) for line in lines if line.split != "train" for said in _said(line)]
    by_word: dict[str, list[frozenset[str]]] = {}
    for bag in held:
        for word in bag:
            by_word.setdefault(word, []).append(bag)

    def near(text: str) -> bool:
        bag = _bag(text)
        # what is near shares that many of its words, so one of the rarest others is among them
        rarest = sorted(bag, key=lambda word: len(by_word.get(word, ())))[: len(bag) - ceil(_NEAR * len(bag)) + 1]
        return any(len(bag & other) >= _NEAR * len(bag | other) for word in rarest for other in by_word.get(word, ()))

    return [line for line in lines if line.split != "train" or not any(map(near, _said(line)))]


def _said(line: Wish | Need) -> tuple[str, ...]:
    return (*line.words, line.text) if isinstance(line, Wish) else (line.text,)


def _bag(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9']+", text.lower()))
