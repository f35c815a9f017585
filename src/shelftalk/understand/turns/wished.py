"""What a question about products shown asks of them, read as a request is read: the limits of "is the first one good for a 9 year old?"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shelftalk.facts.asking import purpose
from shelftalk.understand.reading import Question
from shelftalk.understand.rules import RuleParser, placed, stems
from shelftalk.values import Constraint, Intent

__all__ = ["with_wish"]


def with_wish(asked: Question, text: str, rules: RuleParser, kinds: Sequence[Constraint]) -> Question:
    """The question with the limits that the rules read in it, said of a product of these kinds; none where no fact is asked for."""
    if asked.kind != "fact":
        return asked
    wanted = purpose(text)
    said = wanted or text.removeprefix(text[: len(asked.said)] if len(asked.said) < len(text) else "")
    kind = str(kinds[0].value) if kinds else ""
    read = rules.read(f"{kind}, for {said}" if wanted else f"{kind}, {said}").intent
    read, _ = placed(replace(read, constraints=(*kinds, *read.constraints)), rules.index, frozenset(stems(said)))
    limits = tuple(c for c in read.constraints if c.field not in ("categories", "title"))
    return replace(asked, purpose=wanted, asks=Intent(constraints=(*kinds, *limits)))
