"""What stands around the picks of an answer: a sentence over all of them, their labels, notes on what the shop lacks, the question back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shelftalk.conversation import follow_up
from shelftalk.explain import ExplainJob
from shelftalk.facts.availability import to_come
from shelftalk.facts.card import plain_name, wanted_value
from shelftalk.pipeline.state import PipelineState
from shelftalk.prompts import PromptLibrary
from shelftalk.retrieve.relax import KIND_FIELDS
from shelftalk.text import clean, shorten
from shelftalk.values import Answer

__all__ = ["framed"]


def framed(
    state: PipelineState, answer: Answer, job_of: Callable[[PipelineState], ExplainJob], prompts: PromptLibrary
) -> Answer:
    """The answer with the sentence over all picks, their labels, and the question back; a question about shown products has
    none of them."""
    if not answer.picks or state.understood.follow_up is not None:
        return answer
    job = job_of(state)
    explain = state.snapshot.explain
    labels = explain.labels(job)
    picks = tuple(replace(pick, label=label) for pick, label in zip(answer.picks, labels, strict=True))
    back = follow_up(state.request.request, state.understood, state.retrieval, prompts)
    relaxed = state.retrieval.relaxed if state.retrieval is not None else ()
    retriever = state.snapshot.retrieve
    lacking, fieldless = retriever.lacking(state.intent, relaxed), retriever.fieldless(state.intent, relaxed)
    kinds = ", ".join(map(clean, state.intent.named_kinds))
    limits = [c for c in state.intent.constraints if c.field not in KIND_FIELDS]
    strange = retriever.fieldless(state.intent, limits) if fieldless and kinds else ()  # none of the kinds has it
    later = [shorten(clean(p.product.title), 60) for p in picks if to_come(p.product)]
    notes = (
        *answer.notes,
        *(f'Nothing that fits is listed as "{wanted_value(c)}".' for c in lacking),
        *(
            f'No product {f"of these kinds ({kinds})" if c in strange else "that fits"} has the field "{plain_name(c.field)}".'
            for c in fieldless
        ),
        *(f"Not in the shop yet, to be ordered ahead: {title}." for title in later),
    )
    return replace(answer, picks=picks, opening=explain.opening(job), follow_up=back, notes=notes)
