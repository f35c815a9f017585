"""Items of an XML feed, one at a time, as plain values, with the line each begins on.

Parsing is defusedxml's: a document that declares entities is refused, and nothing outside the file is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers.base import FeedRow
from shelftalk.catalog.readers.files import MAX_LINE, Source, opened

_BLOCK = 1 << 16


def items(source: Source, path: Sequence[str]) -> Iterator[FeedRow]:
    """A FeedRow for each element at `path`: the names of its ancestors and its own, the outermost first; a single name is an
    element at any depth.

    The record maps local names to text, to a mapping for an element with children, to a list for a repeated one;
    XML attributes stand under "@name" and the text beside them under "#text". FeedError names the line where the
    document is malformed.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    target = _Items(tuple(path))
    parser = DefusedXMLParser(target=target)
    target.parser = parser.parser
    with opened(source) as stream:
        try:
            while block := stream.read(_BLOCK):
                parser.feed(block)
                yield from target.take()
            parser.close()
            yield from target.take()
        except ParseError as error:
            yield from target.take()
            raise source.error(f"malformed XML: {error}; what follows cannot be read") from error
        except DefusedXmlException as error:
            raise source.error("declares XML entities, which are refused; write them out in the feed") from error


class _Items:
    """A parser's target that keeps only the element at hand."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self.parser: Any = None
        self._path = path
        self._open: list[str] = []
        self._within: list[_Element] = []
        self._line = 0
        self._size = 0
        self._done: list[FeedRow] = []

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
            self._line, self._size = self.parser.CurrentLineNumber, 0

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
        self._done.append(FeedRow(self._line, record, problem))

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
