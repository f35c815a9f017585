"""An answer as an assistant's message: plain lines that a later turn can refer to ("the second one")."""

from __future__ import annotations

from shelftalk.render import constraint_text, price_text
from shelftalk.text import clean
from shelftalk.values import Answer, Pick


def chat_pick(pick: Pick) -> str:
    """ "1. TITLE - 19.99 EUR [id]", and the reason on a line of its own."""
    line = f"{pick.rank}. {clean(pick.product.title)} - {price_text(pick)} [{clean(pick.product.id)}]"
    return f"{line}\n   {clean(pick.reason)}" if pick.reason else line


def chat_end(answer: Answer) -> str:
    """What was loosened and the notes, a line each; "" where there are none."""
    lines = [clean(note) for note in answer.notes]
    if answer.relaxed:
        lines.insert(0, f"Loosened to find these: {clean('; '.join(constraint_text(c) for c in answer.relaxed))}.")
    return "\n".join(lines)


def chat_text(answer: Answer) -> str:
    """The whole message: what a stream of the same answer adds up to."""
    picks = "".join(chat_pick(pick) + "\n" for pick in answer.picks)
    return picks + chat_end(answer)
