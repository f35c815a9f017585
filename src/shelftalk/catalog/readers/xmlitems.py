"""Items of an XML feed, one at a time, as plain values, with the line each begins on.

Parsing is defusedxml's: a document that declares entities is refused, and nothing outside the file is fetched.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, cast

from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers.base import FeedRow
from shelftalk.catalog.readers.files import MAX_LINE, Source, opened
from shelftalk.catalog.readers.xmltext import Segment, escaped, segments

_PREFIX = re.compile(r"(?<=[<\s/])([A-Za-z_][\w-]*):[A-Za-z_]")
_ID = re.compile(r"<(?:[\w.-]+:)?id>\s*(?:<!\[CDATA\[)?([^<\]]{1,200})", re.IGNORECASE)
ALONE = "items read by themselves after a fault around them"
CUT = "the end of the document is missing"


def items(source: Source, path: Sequence[str], marked_up: bool = False) -> Iterator[FeedRow]:
    """A FeedRow for each element at `path`: the names of its ancestors and its own, the outermost first; a single name is an
    element at any depth. With `marked_up`, items never hold each other, and HTML within one is text.

    The record maps local names to text, to a mapping for an element with children, to a list for a repeated one;
    XML attributes stand under "@name" and the text beside them under "#text". What is malformed is mended as far as a
    browser would (xmltext.py), or costs its item; FeedError where there is none that could be read.
    """
    from defusedxml import DefusedXmlException

    mended: Counter[str] = Counter()
    found = False
    reader = _Reader(tuple(path), marked_up, mended)
    with opened(source) as stream:
        try:
            for segment in segments(source, stream, path[-1], marked_up, mended):
                for row in reader.read(segment):
                    found = True
                    yield row
            for row in reader.end():
                found = True
                yield row
        except DefusedXmlException as error:
            raise source.error("declares XML entities, which are refused; write them out in the feed") from error
    if not found and reader.fault:
        raise source.error(f"malformed XML: {reader.fault}")
    for what, times in mended.items():
        if found:
            source.mend(what, times)


class _Reader:
    """Feeds segments to a parser, and to a new one after a fault."""

    def __init__(self, path: tuple[str, ...], marked_up: bool, mended: Counter[str]) -> None:
        self.fault = ""
        self._path, self._marked_up, self._mended = path, marked_up, mended
        self._whole = True
        self._last = ""
        self._target: _Items | None = None
        self._parser: Any = None

    def read(self, segment: Segment) -> Iterator[FeedRow]:
        """The items of a segment; a FeedRow with an error for one that cannot be read."""
        if segment.item and self._marked_up and self._target and self._target.depth:
            yield self._refused(self._target.line, f"<{self._path[-1]}> is not closed")
            self._target = None
        if self._target is None:
            self._start(segment, outside=segment.line > 1)
        target = self._target
        first = segment.item and not target.depth  # type: ignore[union-attr]
        self._last = segment.text if first else self._last
        fault, rows = self._feed(segment.text)
        yield from rows
        if not fault:
            return
        self.fault = self.fault or fault
        lost = first and not rows
        if lost and segment.whole:
            self._start(segment, outside=True)
            fault, rows = self._feed(segment.text if self._marked_up else escaped(segment.text))
            yield from rows
            self._mended[ALONE] += bool(rows)
            lost = not rows
        elif not first:
            lost = bool(target and target.depth)
        if lost:
            yield self._refused(target.line if target and target.depth and not first else segment.line, fault)
        if fault:
            self._target = None

    def end(self) -> Iterator[FeedRow]:
        """What is left when the document ends."""
        if self._target is None:
            return
        fault, rows = self._feed(None)
        yield from rows
        if fault and self._target.depth:
            yield self._refused(self._target.line, "the document ends within it")
        elif fault and self._whole:
            self._mended[CUT] += 1
        self.fault = self.fault or fault

    def _start(self, segment: Segment, outside: bool) -> None:
        """A new parser; with `outside`, it stands within the ancestors of an item."""
        from defusedxml.ElementTree import DefusedXMLParser

        self._target = _Items(self._path, segment.line - 1)
        wrapped = DefusedXMLParser(target=self._target)
        self._parser, self._target.parser = wrapped, wrapped.parser
        if outside:
            self._whole = False
            names = " ".join(f'xmlns:{prefix}="urn:{prefix}"' for prefix in sorted(_prefixes(segment.text)))
            outer = self._path[:-1] or ("feed",)
            wrapped.feed(f"<{outer[0]} {names}>" + "".join(f"<{name}>" for name in outer[1:]))

    def _feed(self, text: str | None) -> tuple[str, list[FeedRow]]:
        """(what is wrong with a text, or with the end for None, in the parser's words; the items that are whole)."""
        from defusedxml.ElementTree import ParseError

        target = cast("_Items", self._target)
        try:
            self._parser.close() if text is None else self._parser.feed(text)
        except ParseError as error:
            line, column = error.position
            return f"{str(error).split(':')[0]}, line {line + target.lines_before}, column {column + 1}", target.take()
        return "", target.take()

    def _refused(self, line: int, fault: str) -> FeedRow:
        named = _ID.search(self._last)
        error = FieldError(self._path[-1], self._last, f"malformed XML: {fault}")
        return FeedRow(line, {"id": named[1].strip()} if named else {}, error)


def _prefixes(text: str) -> set[str]:
    return set(_PREFIX.findall(text)) - {"xml", "xmlns"}


class _Items:
    """A parser's target that keeps only the element at hand."""

    def __init__(self, path: tuple[str, ...], lines_before: int) -> None:
        self.parser: Any = None
        self.lines_before = lines_before
        self.line = 0
        self._path = path
        self._open: list[str] = []
        self._within: list[_Element] = []
        self._size = 0
        self._done: list[FeedRow] = []

    @property
    def depth(self) -> int:
        """How many elements are open from the item on; 0 outside of items."""
        return len(self._within)

    def take(self) -> list[FeedRow]:
        """The items read since the last call."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rsplit("}", 1)[-1]
        self._open.append(name)
        if self._within:
            self._within.append(_Element(name, attributes))
        elif (name == self._path[0]) if len(self._path) == 1 else tuple(self._open) == self._path:
            self._within.append(_Element(name, attributes))
            self.line, self._size = self.parser.CurrentLineNumber + self.lines_before, 0

    def data(self, text: str) -> None:
        if self._within:
            self._size += len(text)
            if self._size <= MAX_LINE:
                self._within[-1].text.append(text)

    def end(self, tag: str) -> None:
        self._open.pop()
        if not self._within:
            return
        element = self._within.pop()
        if self._within:
            if self._size <= MAX_LINE:
                self._within[-1].add(element.name, element.value())
            return
        value = element.value()
        record = value if isinstance(value, dict) else {"#text": value}
        problem = FieldError(element.name, "", f"longer than {MAX_LINE} characters") if self._size > MAX_LINE else None
        self._done.append(FeedRow(self.line, record, problem))

    def close(self) -> None:
        """Nothing is kept at the end."""


class _Element:
    """An element being read."""

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.text: list[str] = []
        self.held: dict[str, Any] = {"@" + k.rsplit("}", 1)[-1]: v for k, v in attributes.items()}

    def add(self, name: str, value: Any) -> None:
        """A child's value; a second one of the same name makes a list."""
        if name not in self.held:
            self.held[name] = value
        elif isinstance(self.held[name], list):
            self.held[name].append(value)
        else:
            self.held[name] = [self.held[name], value]

    def value(self) -> Any:
        """The text, or the children by name with the text beside them."""
        text = "".join(self.text).strip()
        if not self.held:
            return text
        return {**self.held, "#text": text} if text else self.held
