"""JSON-LD out of a page: its scripts, what authors put around them, and the documents in one of them. It knows no vocabulary."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from shelftalk.catalog.readers.files import MAX_LINE

# Scripts in pages often hold raw line breaks inside strings.
_LENIENT = json.JSONDecoder(parse_float=Decimal, parse_constant=Decimal, strict=False)
# What authors put around a script for old browsers and XHTML: comments and CDATA marks, before and behind.
_COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"
_TAIL = 500  # characters within which the marks behind a script stand
_BEFORE = re.compile(rf"(?:[\s;]|//[^\n{{\[<]*\n|{_COMMENT}|//|<!--|-->|<!\[CDATA\[|>)*")
_BEHIND = re.compile(rf"(?:[\s;]|{_COMMENT}|//|/\*|\*/|<!--|<!|-->|\]\]>)+$")


def json_documents(text: str) -> list[Any]:
    """The JSON documents of a text, which stand behind one another; ValueError where one is malformed."""
    found = [_LENIENT.decode(text)] if not text.strip() else []
    place = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    while place < len(text):
        held, end = _LENIENT.raw_decode(text, place)
        found.append(held)
        place = end + len(text[end:]) - len(text[end:].lstrip("; \t\r\n"))
    return found


def unwrapped(script: str) -> str:
    """The JSON of a script without the comments, CDATA marks and semicolons around it."""
    start = _BEFORE.match(script)
    script = script[start.end() if start else 0 :].rstrip()
    return script[:-_TAIL] + _BEHIND.sub("", script[-_TAIL:])


class Scripts(HTMLParser):
    """Collects the JSON-LD scripts of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._inside = False
        self._text: list[str] = []
        self._line = 0
        self._done: list[tuple[int, str]] = []

    def take(self) -> list[tuple[int, str]]:
        """The scripts closed since the last call, each with its line."""
        done, self._done = self._done, []
        return done

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = (dict(attrs).get("type") or "").split(";")[0].strip().lower()
        if tag == "script" and kind == "application/ld+json":
            self._inside, self._text, self._line = True, [], self.getpos()[0]

    def handle_data(self, data: str) -> None:
        if self._inside and sum(map(len, self._text)) <= MAX_LINE:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._inside:
            self._inside = False
            self._done.append((self._line, "".join(self._text)))
