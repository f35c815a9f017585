"""What a shopper asks: the text, the turns before it, and what is known of who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shelftalk.values.intent import Intent
from shelftalk.values.shopper import Shopper


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of a conversation; `content` is untrusted whatever the role.

    `intent` is what a user's turn stands for where that was given rather than read (a shopper edited what was understood); `at` is when
    the turn was put down, None where that is not known.
    """

    role: Literal["user", "assistant"]
    content: str
    intent: Intent | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a shopper asks: the text, the turns before it, and optionally the candidates to choose from and the number wanted.

    `exclude` are ids of products that must not be picked (those the shopper waved away). `intent`, where given, is what is
    meant: nothing is read then, and the text only tells which words the reasons answer. `shopper` is what is known of who asks.
    `taken` are the kinds of personal data that were taken out of the text ("email", "phone", "card", "iban").
    """

    request: str
    id: str = ""
    history: tuple[Turn, ...] = ()
    candidates: tuple[str, ...] | None = None
    k: int | None = None
    exclude: tuple[str, ...] = ()
    intent: Intent | None = None
    shopper: Shopper | None = None
    taken: tuple[str, ...] = ()
