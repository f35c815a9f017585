"""What an answer says to a shopper who writes in another language than English, in that language: what was read, and what was not."""

from __future__ import annotations

from dataclasses import replace

from shelftalk.pipeline.state import NOT_SHOPPING, NOTHING_FITS
from shelftalk.prompts import PromptLibrary
from shelftalk.text import clean, shorten
from shelftalk.understand import Understood
from shelftalk.values import Answer

__all__ = ["in_language"]

_MOST, _LONGEST = 6, 60


def in_language(answer: Answer, understood: Understood, prompts: PromptLibrary) -> Answer:
    """The answer with its language, and before all other notes one in it; unchanged for a request in English."""
    heard = understood.heard
    if heard is None:
        return answer
    state = heard.state or (
        "model" if not understood.unread else "meaning" if heard.searched else "words" if answer.picks else "nothing"
    )
    read = [shorten(clean(own), _LONGEST) for own in heard.read[:_MOST]]
    unread = [shorten(clean(own), _LONGEST) for own in heard.not_read[:_MOST]]
    if heard.state == "talk":
        read, unread = [], []
    said = prompts.get("answer/language").render(
        language=heard.language, state=state, read=read, kind=heard.guessed, unread=unread
    )
    notes = [n for n in answer.notes if n not in (NOT_SHOPPING, NOTHING_FITS) or not heard.foreign or not heard.state]
    return replace(answer, language=heard.language, notes=(said.messages[0].content.strip(), *notes))
