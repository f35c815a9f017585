"""An answer as an assistant's message: plain lines that a later turn can refer to ("the second one").

Clients show such messages as Markdown, some with the HTML in it: what the catalogue and the shopper wrote is kept from being
either, and reads the same.
"""

from __future__ import annotations

import re

from shelftalk.pipeline import NOTHING_FITS
from shelftalk.render import constraint_text, follow_up_text, price_text, variants_text
from shelftalk.text import clean, shorten, shown
from shelftalk.values import Answer, Pick

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\](?=[(\[])")


def harmless(text: str) -> str:
    """The text on one line; "<" that begins a tag is written "&lt;", and no link or picture is left in it."""
    return _LINK.sub(r"]\\", _TAG.sub("&lt;", clean(text)))


def chat_pick(pick: Pick) -> str:
    """ "1. TITLE - 19.99 EUR [id]", and the reason and the variants on lines of their own."""
    line = f"{pick.rank}. {harmless(pick.product.title)} - {price_text(pick)} [{clean(pick.product.id)}]"
    return "\n   ".join([line, *(harmless(text) for text in (pick.reason, variants_text(pick)) if text)])


def chat_end(answer: Answer) -> str:
    """What holds for all picks, what was loosened, what differs where that was asked, the notes, and last the question back, a
    line each; "" where there are none. (That nothing fits stands first in a message: it is known before the first pick.)"""
    lines = [harmless(answer.opening)] if answer.opening else []
    if answer.relaxed:
        lines.append(f"Loosened to find these: {harmless('; '.join(constraint_text(c) for c in answer.relaxed))}.")
    lines += compared(answer)
    lines += [_sentence(harmless(note)) for note in answer.notes if note != NOTHING_FITS]
    if answer.follow_up:
        lines.append(harmless(follow_up_text(answer.follow_up)))
    return "\n".join(lines)


def compared(answer: Answer) -> list[str]:
    """What differs between the picks, a field a line: "price: 49.00 | 98.90"; nothing where that was not asked."""
    if answer.comparison is None:
        return []
    rows = [
        f"{harmless(name.replace('_', ' '))}: {' | '.join(harmless(shorten(_value(v), 60)) for v in answer.comparison['fields'][name])}"
        for name in answer.comparison["differing"]
        if name not in ("id", "title", "url")
    ]
    return (
        [f"What differs, {' | '.join(str(p.rank) for p in answer.picks)}:", *rows] if rows else ["They do not differ."]
    )


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return "-" if value is None else shown(value)


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}" + ("" if note.endswith((".", "!", "?")) else ".")


def chat_text(answer: Answer) -> str:
    """The whole message: what a stream of the same answer adds up to."""
    head = f"{NOTHING_FITS}\n" if NOTHING_FITS in answer.notes else ""
    return head + "".join(chat_pick(pick) + "\n" for pick in answer.picks) + chat_end(answer)
