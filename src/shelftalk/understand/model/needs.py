"""Kinds of product for a need that names none: a typed choice of the language model among the catalogue's kinds.

"the milk goes off before I am home" names no product; the search offers the kinds nearest to it, the model chooses those
that help, under a grammar of their names. This module knows no database.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from shelftalk.engines.base import Decoding, Engine
from shelftalk.prompts.library import Template
from shelftalk.values import Prompt, Tokens

__all__ = ["MOST_KINDS", "Helping", "NeedReader", "needs_prompt"]

MOST_KINDS = 14  # shown to choose from
MOST_CHOSEN = 3


@dataclass(frozen=True, slots=True)
class Helping:
    """The kinds chosen, the most helpful first, and what it cost."""

    kinds: tuple[str, ...] = ()
    tokens: Tokens = Tokens()


def needs_prompt(template: Template, request: str, kinds: Sequence[str]) -> Prompt:
    """The prompt for one need."""
    return template.render(kinds=list(kinds), request=request)


class NeedReader:
    """Chooses kinds with a language model. `template` is the prompt understand/kinds."""

    def __init__(self, engine: Engine, template: Template) -> None:
        self._engine, self.template = engine, template

    def choose(self, needs: Sequence[tuple[str, Sequence[str]]]) -> list[Helping]:
        """One Helping a (request, kinds to choose from) pair, in order, in one batch."""
        asked = [(request, list(dict.fromkeys(kinds))[:MOST_KINDS]) for request, kinds in needs]
        prompts = [needs_prompt(self.template, request, kinds) for request, kinds in asked if kinds]
        decodings = [Decoding(max_tokens=40, grammar=_grammar(kinds)) for _, kinds in asked if kinds]
        written = iter(self._engine.generate(prompts, decodings) if prompts else [])
        out = []
        for _, kinds in asked:
            if not kinds:
                out.append(Helping())
                continue
            generation = next(written)
            out.append(Helping(_named(generation.text, kinds)[:MOST_CHOSEN], generation.tokens))
        return out


def _named(text: str, kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds that were written, in order; the name of one may itself hold a semicolon."""
    parts, found = text.split(";"), []
    while parts:
        fits = (n for n in range(len(parts), 0, -1) if ";".join(parts[:n]).strip() in kinds)
        taken = next(fits, 0)
        found += [";".join(parts[:taken]).strip()] if taken else []
        parts = parts[taken or 1 :]
    return tuple(dict.fromkeys(found))


def _grammar(kinds: Sequence[str]) -> str:
    one = " | ".join(json.dumps(kind, ensure_ascii=False) for kind in kinds)
    return f'root ::= kind ("; " kind){{0,{MOST_CHOSEN - 1}}}\nkind ::= {one}\n'
