"""The language model says why: one prompt a pick, all picks in one batch; statements that do not hold are asked for once more.

What it wrote is remembered by the prompt, so that a bulk run over a small catalogue does not ask twice.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shelftalk.engines.base import Decoding, Engine, Generation
from shelftalk.explain.check import Check
from shelftalk.explain.statements import Statement, statements
from shelftalk.facts.card import CardFact, wants
from shelftalk.prompts import Template
from shelftalk.settings import ExplainSettings
from shelftalk.values import Prompt, Tokens

__all__ = ["Writer", "WrittenReason"]

logger = logging.getLogger(__name__)

MAX_TOKENS = 60
MOST_STATEMENTS = 2
SECOND_TRY = 0.7  # temperature of the second try: the first, greedy one would only be repeated


@dataclass(slots=True)
class WrittenReason:
    """What the model made of one pick: statements that hold, each with the facts it cites, and why others were refused.

    `tries` counts the times that it was asked; `wrote` is what it wrote each time, before the check.
    """

    held: list[tuple[Statement, tuple[CardFact, ...]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    tries: int = 0
    dropped: int = 0
    tokens: Tokens = Tokens()
    wrote: list[str] = field(default_factory=list)


class Writer:
    """Writes reasons with one engine, opened when something is to be written, and one template."""

    def __init__(
        self, engine: Callable[[], Engine], template: Template, settings: ExplainSettings, remember: int = 4096
    ) -> None:
        self.engine, self.template, self.settings, self.remember = engine, template, settings, remember
        self._known: OrderedDict[tuple[Prompt, int], str] = OrderedDict()
        self._lock = threading.Lock()

    def write(self, checks: Sequence[Check]) -> list[WrittenReason]:
        """One WrittenReason a check, in order. Raises EngineError when the model cannot answer."""
        found = [WrittenReason() for _ in checks]
        todo = [i for i, check in enumerate(checks) if check.cards]
        prompts = [self._prompt(check) for check in checks]
        for attempt in (0, 1):
            told = self._generate([prompts[i] for i in todo], attempt)
            for i, generation in zip(todo, told, strict=True):
                _take(found[i], generation, checks[i])
            todo = [i for i in todo if found[i].dropped or not found[i].held]
        return found

    def forget(self) -> None:
        """Forget what was written."""
        with self._lock:
            self._known.clear()

    def _prompt(self, check: Check) -> Prompt:
        return self.template.render(
            request=check.request,
            wants=wants(check.intent),
            product=check.product.title,
            facts=[c.line for c in check.cards],
        )

    def _generate(self, prompts: Sequence[Prompt], attempt: int) -> list[Generation]:
        temperature = self.settings.temperature if attempt == 0 else max(SECOND_TRY, self.settings.temperature)
        with self._lock:
            known = {p: self._known[p, attempt] for p in prompts if (p, attempt) in self._known}
        fresh = list(dict.fromkeys(p for p in prompts if p not in known))
        decoding = Decoding(MAX_TOKENS, temperature, seed=attempt, stop=("\n",))
        written = dict(zip(fresh, self.engine().generate(fresh, decoding) if fresh else [], strict=True))
        with self._lock:
            self._known.update({(p, attempt): g.text for p, g in written.items()})
            while len(self._known) > self.remember:
                self._known.popitem(last=False)
        out = []
        for prompt in prompts:  # what two picks share was written once, and is counted once
            first = written.pop(prompt, None)
            known.update({prompt: first.text} if first else {})
            out.append(first or Generation(known[prompt]))
        return out


def _take(written: WrittenReason, generation: Generation, check: Check) -> None:
    """Adds the statements of a generation that hold and say something of a fact that none held before does."""
    written.tries += 1
    written.tokens += generation.tokens
    text = generation.text.strip()
    written.wrote.append(text)
    refused, fine = 0, []
    for statement in _whole(text, generation.finish):
        cited = tuple(check.cards[n - 1] for n in statement.cited if 1 <= n <= len(check.cards))
        why = (
            "cites a fact that was not given"
            if len(cited) < len(statement.cited)
            else check.why_not(statement.text, cited)
        )
        if why:
            refused += 1
            written.refused.append(why)
            logger.debug("statement refused: %s", why)
            continue
        fine.append((statement, cited))
    answers = any(c.asked for _, cited in [*written.held, *fine] for c in cited)
    if fine and not answers and any(c.asked for c in check.cards):
        refused += len(fine)
        written.refused += ["speaks of nothing that was asked for"] * len(fine)
        fine = []
    for statement, cited in fine:
        told = {n for one, _ in written.held for n in one.cited}
        if len(written.held) < MOST_STATEMENTS and not set(statement.cited) <= told:
            written.held.append((statement, cited))
            written.dropped = max(0, written.dropped - (written.tries > 1))
    if written.tries == 1:
        written.dropped = refused


def _whole(text: str, finish: str) -> list[Statement]:
    """The statements of what was written, without a last one that was cut off."""
    found = statements(text)
    return (
        found[:-1]
        if finish == "length" and len(found) > 1 and not text.rstrip("]0123456789[ ").endswith((".", "!", "?"))
        else found
    )
