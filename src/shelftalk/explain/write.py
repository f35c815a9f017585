"""The language model words claims: one prompt a point, all points in one batch, each wording checked before it is used.

A wording that the checker refuses is asked for once more with other decoding; then the point has none. Wordings are
remembered by what was asked, so that a bulk run over a small catalogue does not ask twice.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shelftalk.engines.base import Decoding, Engine
from shelftalk.explain.check import check
from shelftalk.explain.guide import group, relation, schema, speaks
from shelftalk.explain.job import Point
from shelftalk.explain.named import foreign, origin
from shelftalk.explain.phrase import endings
from shelftalk.facts.facts import Fact
from shelftalk.prompts import Template
from shelftalk.settings import ExplainSettings
from shelftalk.values import Prompt, Tokens

logger = logging.getLogger(__name__)

MAX_TOKENS = 80
SECOND_TRY = 0.8  # temperature of the second try: the first, greedy one would only be repeated
_CITED = re.compile(r"\s*\[\s*(\d+(?:\s*,\s*\d+)*)\s*\]")


@dataclass(frozen=True, slots=True)
class Wording:
    """What the model made of one point: a checked sentence and the facts it cites, or None and why.

    `tries` counts the times the model was asked (0 where it was not, or where the wording was remembered); `wrote` is what
    it wrote each time, before the check.
    """

    text: str | None
    cited: tuple[Fact, ...] = ()
    tries: int = 0
    refused: tuple[str, ...] = ()
    tokens: Tokens = Tokens()
    wrote: tuple[str, ...] = ()


class Writer:
    """Words points with one engine, opened when something is to be worded, and one template."""

    def __init__(
        self, engine: Callable[[], Engine], template: Template, settings: ExplainSettings, remember: int = 8192
    ) -> None:
        self.engine, self.template, self.settings, self.remember = engine, template, settings, remember
        self._known: OrderedDict[tuple[object, ...], Wording] = OrderedDict()
        self._lock = threading.Lock()

    def word(self, points: Sequence[Point]) -> list[Wording]:
        """One Wording a point, in order. Raises EngineError when the model cannot answer."""
        prompts = [self._prompt(point) for point in points]
        asked = [_identity(prompt, point) for prompt, point in zip(prompts, points, strict=True)]
        found: dict[tuple[object, ...], Wording] = {}
        first: dict[tuple[object, ...], int] = {}
        for i, (key, point) in enumerate(zip(asked, points, strict=True)):
            known = self._recall(key)
            if known is not None:
                found[key] = replace(known, tries=0, refused=(), tokens=Tokens(), wrote=())
            elif self.settings.guided and not speaks(point):
                found[key] = Wording(None)
            else:
                first.setdefault(key, i)
        todo = list(first.values())
        for attempt in (0, 1):
            todo = [i for i in todo if asked[i] not in found or found[asked[i]].text is None]
            if todo:
                self._try(todo, points, prompts, asked, found, attempt)
        for i in first.values():
            self._keep(asked[i], found[asked[i]])
        once: set[tuple[object, ...]] = set()
        out = []
        for key in asked:  # what two points share was written once, and is counted once
            out.append(
                replace(found[key], tries=0, refused=(), tokens=Tokens(), wrote=()) if key in once else found[key]
            )
            once.add(key)
        return out

    def forget(self) -> None:
        """Forget every wording."""
        with self._lock:
            self._known.clear()

    def _try(
        self,
        todo: Sequence[int],
        points: Sequence[Point],
        prompts: Sequence[Prompt],
        asked: Sequence[tuple[object, ...]],
        found: dict[tuple[object, ...], Wording],
        attempt: int,
    ) -> None:
        decodings = [self._decoding(points[i], attempt) for i in todo]
        written = self.engine().generate([prompts[i] for i in todo], decodings)
        for i, generation in zip(todo, written, strict=True):
            before = found.get(asked[i], Wording(None))
            text, cited, why = read(generation.text, points[i], _ending(points[i]) if self.settings.guided else None)
            if why:
                logger.debug("wording refused: %s", why)
            found[asked[i]] = Wording(
                None if why else text,
                () if why else cited,
                attempt + 1,
                (*before.refused, *([why] if why else [])),
                before.tokens + generation.tokens,
                (*before.wrote, text),
            )

    def _prompt(self, point: Point) -> Prompt:
        variables = {
            "group": group(point),
            "relation": relation(point),
            "facts": "; ".join(fact.reads for fact in point.facts),
            "turn": point.variant % 3,
            "ending": _ending(point).removeprefix(", "),
        }
        return self.template.render(**variables)

    def _decoding(self, point: Point, attempt: int) -> Decoding:
        temperature = self.settings.temperature if attempt == 0 else max(SECOND_TRY, self.settings.temperature)
        if self.settings.guided:
            return Decoding(MAX_TOKENS, temperature, seed=attempt, schema=schema(point))
        return Decoding(MAX_TOKENS, temperature, seed=attempt, stop=("\n",))

    def _recall(self, key: tuple[object, ...]) -> Wording | None:
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
            return known

    def _keep(self, key: tuple[object, ...], wording: Wording) -> None:
        with self._lock:
            self._known[key] = wording
            while len(self._known) > self.remember:
                self._known.popitem(last=False)


def _identity(prompt: Prompt, point: Point) -> tuple[object, ...]:
    """What a wording depends on: everything that was read, and everything that it is checked against."""
    facts = tuple((f.field, repr(f.value), f.reads) for f in point.facts)
    c = point.constraint
    limit = (c.field, c.operator, repr(c.value), origin(c), foreign(c, point.fact.currency)) if c else None
    return (
        prompt,
        facts,
        limit,
        point.kind,
        point.brief,
        point.superlative,
        point.answers if point.kind == "wish" else None,
    )


def _ending(point: Point) -> str:
    found = endings(point)
    return found[point.variant % len(found)]


def read(written: str, point: Point, ending: str | None = None) -> tuple[str, tuple[Fact, ...], str]:
    """The sentence in what a model wrote, the facts it cites, and why it is refused ("" where it holds).

    `ending` is joined to a statement that was written without its relation to the wish; None where all was written.
    Understands a JSON string, an object {"text", "facts"} or a list of one under "claims", and plain text; citations
    stand in brackets or in "facts".
    """
    text, numbers = _unwrap(written.strip())
    for match in _CITED.finditer(text):
        numbers += [int(n) for n in match.group(1).split(",")]
    text = " ".join(_CITED.sub("", text).split())
    if ending is not None:
        text = f"{text.removesuffix('.')}{ending}."
    if not numbers:
        return text, (), "cites no fact"
    if not set(numbers) <= set(range(1, len(point.facts) + 1)):
        return text, (), "cites a fact that was not given"
    verdict = check(text, point)
    if not verdict.ok:
        return text, (), verdict.why
    cited = tuple(point.facts[n - 1] for n in sorted(set(numbers)))
    if any(fact not in cited for fact in verdict.cited):
        return text, (), "states a fact that it does not cite"
    return text, tuple(fact for fact in cited if fact in verdict.cited), ""


def _unwrap(written: str) -> tuple[str, list[int]]:
    try:
        value = json.loads(written)
    except ValueError:
        inner = re.match(r'"(.*?)"?\s*\Z', written, re.DOTALL)
        return (inner.group(1) if inner else written), []
    if isinstance(value, dict) and isinstance(value.get("claims"), list) and value["claims"]:
        value = value["claims"][0]
    if isinstance(value, dict):
        facts = value.get("facts")
        listed = [n for n in facts if isinstance(n, int)] if isinstance(facts, list) else []
        return str(value.get("text", "")), listed
    return str(value), []
