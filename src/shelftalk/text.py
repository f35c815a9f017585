"""Untrusted text made safe to show and to fence. It knows nothing of prompts or pages."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

# Zero-width, bidirectional-control, variation-selector, tag and other default-ignorable characters: they carry no
# meaning for a reader and are used to smuggle instructions past one (Unicode Technical Report 36).
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SPACE = re.compile(r"\s+")
_SHORT = 200


def clean(text: str) -> str:
    """The text in NFKC without invisible and control characters, white space folded to single spaces."""
    return _cleaned(text) if len(text) > _SHORT else _remembered(text)


def _cleaned(text: str) -> str:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    text = unicodedata.normalize("NFKC", text)  # what was invisible may have kept two characters from composing
    return _SPACE.sub(" ", _CONTROL.sub(" ", text)).strip()


_remembered = lru_cache(maxsize=32_768)(_cleaned)  # the names and values of products come again with every request


def shorten(text: str, length: int) -> str:
    """At most `length` characters, cut at a word where one ends near, with an ellipsis when anything was cut."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > length * 0.6 else cut).rstrip(" ,;:-") + "…"


def shown(value: object) -> str:
    """A record's value as a person reads it, on one line: "yes" for true, a list's members joined by commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(member) for member in value)
    return clean(format(value, "f") if isinstance(value, Decimal) else str(value))
