"""Whether a turn asks the shop about itself, and not for a product or about those that were shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from shelftalk.understand.reading import Shown
from shelftalk.understand.rules import Index, mentions, small_talk, tokenise
from shelftalk.understand.turns.shown import question
from shelftalk.words.stems import stem

__all__ = ["asks_the_shop"]


def asks_the_shop(
    content: str,
    picks: Sequence[Shown],
    index: Index,
    service: Callable[[str], bool] | None,
    held: Callable[[str, Iterable[Shown]], bool],
) -> bool:
    """By `service`, which is given the turn with "item" for the kinds of product in it. What a field of a product shown answers (`held`), and
    why it stands where it does, is no question to the shop; nor is small talk ("who are you?"). Amounts of money are no such field: what
    sending costs has the same words as what the thing costs, and `service` tells the two apart."""
    text = tokenise(content)
    if service is None or small_talk(text.low):
        return False
    words = [t.text for t in text.tokens]
    for m in reversed([m for m in mentions(text, index) if m.field == "categories"]):
        words[m.first : m.last + 1] = ["item"]
    if not service(" ".join(words) + ("?" if content.rstrip().endswith("?") else "")):
        return False
    asked = question(text, list(picks))
    if asked is not None and (asked.kind != "fact" or asked.name):
        return False
    named = {f.field for t in text.tokens for f in index.by_word.get(stem(t.low), ()) if f.kind != "money"}
    return not any(held(field, picks) for field in named)
