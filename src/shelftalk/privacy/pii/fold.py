"""Text as recognisers read it: compatibility forms, digits of all scripts and dashes made plain, invisible characters left out."""

from __future__ import annotations

import re
import unicodedata

from shelftalk.text import clean

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"), "-")
_PLAIN = re.compile(r"[\x20-\x7e]*")


def fold(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place in `text` that it comes from.

    One character becomes one or none, so that what is found can be cut out of `text`.
    """
    if _PLAIN.fullmatch(text):
        return text, list(range(len(text)))
    out: list[str] = []
    at: list[int] = []
    for place, character in enumerate(text):
        plain = _folded(character)
        if plain:
            out.append(plain)
            at.append(place)
    return "".join(out), at


def _folded(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else " "
    if character.isspace():
        return " "
    if (value := unicodedata.decimal(character, None)) is not None:
        return str(int(value))
    plain = unicodedata.normalize("NFKC", character).translate(_DASHES)
    if not clean(character) and not unicodedata.combining(
        character
    ):  # zero-width, bidirectional and other ignorable characters
        return ""
    return plain if len(plain) == 1 else character
