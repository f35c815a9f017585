"""What a template's wording cannot change: what a model may write is held by guidance, and what it wrote by a check.

The program decides both by the prompt's task; a template that asks for something else is overridden, so it is said.
"""

from __future__ import annotations

__all__ = ["BOUNDS", "bound_of"]

_LABEL = "read from the probabilities of its first token; nothing else that the wording asks for is written or read"

# By task, or by task/name where one of a task is held otherwise.
BOUNDS = {
    "understand": "JSON of the catalogue's fields, operators and values, under a grammar, at most 220 tokens; what contradicts the "
    "request's own numbers or the rules is dropped, and the answer's notes say so",
    "understand/wishes": "up to 4 lines FIELD: low, high or a value of the fields that are shown, under a grammar, at most 96 tokens",
    "understand/kinds": "names of the kinds that are shown, under a grammar, at most 40 tokens",
    "rank": f"a label (yes or no, a grade, a letter), {_LABEL}",
    "rank/generated": "a list of the letters shown, at most 4 tokens each; letters that are missing follow in retrieval's order",
    "suit": f"yes or no, {_LABEL}",
    "explain": "one line of at most 60 tokens; each sentence must cite its facts as [1] and hold against them, and with explain.closed "
    "uses no other words than theirs; a sentence that does not is asked for once more at temperature 0.7 or more, then dropped, "
    "and the record speaks (another language, more sentences, a greeting or praise that a template asks for do not get through)",
    "explain/record": "no model reads it: its words are shown as they are, with the record's own names and values put in",
    "explain/opening": "no model reads it: its words are shown as they are, with the record's own names and values put in",
    "answer": "no model reads it: its words are shown as they are",
    "profile": "no model is asked with it: its words are shown as they are, and stand in prompts as the shopper's own lines",
    "churn": "no model reads it: its words are shown as they are, with the customer's own numbers put in",
    "predict": f"yes or no, {_LABEL}",
    "predict/reason": "no model reads it: its words are shown as they are, with the values of history and record put in",
    "judge": "a label, or with --by text JSON of one, under a schema; nothing else that the wording asks for is read",
}


def bound_of(ref: str) -> str:
    """What holds for the prompt "task/name[@version]" whatever its wording says; "" for a task that nothing asks with."""
    name = ref.partition("@")[0]
    return BOUNDS.get(name) or BOUNDS.get(name.partition("/")[0], "")
