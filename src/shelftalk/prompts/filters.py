"""The filters that templates use on untrusted text."""

from __future__ import annotations

import re
from typing import Any

from shelftalk.text import clean
from shelftalk.text import shorten as _shorten

# Markers of chat templates in common use; inside untrusted text they could end the user's turn.
_CHAT_MARKUP = re.compile(
    r"<\|[^<>|]{0,40}\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|</?(?:system|assistant|user)>",
    re.IGNORECASE,
)


class Fenced(str):
    """Text that has been through the fence and is printed as it is."""

    __slots__ = ()


def neutral(text: str) -> str:
    """The text cleaned, with every chat-template marker taken out (again and again, so that none is left by nesting)."""
    text = clean(text)
    while (stripped := _CHAT_MARKUP.sub(" ", text)) != text:
        text = clean(stripped)
    return text


def fence(value: Any, length: int = 400) -> Fenced:
    """Untrusted text as one quoted line of at most `length` characters that cannot close its own quotes."""
    return Fenced('"' + _shorten(neutral(str(value)), length).replace('"', "'") + '"')


def plain_line(value: Any, length: int = 400) -> Fenced:
    """Untrusted text as one neutral line without quotes, for places where the template itself delimits it."""
    return Fenced(_shorten(neutral(str(value)), length))


def finalize(value: Any) -> Any:
    """What every `{{ }}` passes through: strings that no filter fenced are neutralised all the same."""
    if isinstance(value, Fenced) or not isinstance(value, str):
        return value
    return neutral(value)


FILTERS = {"fence": fence, "line": plain_line}
