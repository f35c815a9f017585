"""What is said to a turn that asks for no product: the passage that answers a question to the shop, or a sentence that fits small talk."""

from __future__ import annotations

from dataclasses import replace

from shelftalk.pipeline.about import About
from shelftalk.pipeline.state import NOT_SHOPPING, PipelineState
from shelftalk.prompts import PromptLibrary
from shelftalk.text import clean
from shelftalk.understand.rules import talk_said
from shelftalk.values import Answer

__all__ = ["spoken"]


def spoken(answer: Answer, state: PipelineState, prompts: PromptLibrary, about: About | None) -> Answer:
    """The answer with what fits the turn in place of the note that none is shown; unchanged where a product is asked for."""
    if answer.intent.shopping or NOT_SHOPPING not in answer.notes:
        return answer
    request = clean(state.request.request)
    if state.understood.service:
        passage = about.passage(request) if about is not None else None
        heading, text = (passage.heading, passage.text) if passage else ("", "")
        said = prompts.get("answer/service").render(heading=heading, passage=text)
    elif kinds := talk_said(request.lower().replace("’", "'")):
        said = prompts.get("answer/talk").render(said=list(kinds))
    else:
        return answer
    sentence = " ".join(said.messages[0].content.split())
    return replace(answer, notes=tuple(sentence if note == NOT_SHOPPING else note for note in answer.notes))
