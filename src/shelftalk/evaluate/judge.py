"""A language model as a judge of answers: pointwise under a rubric, or pairwise with the places swapped.

The judge is any engine, by default none: nothing in an evaluation asks one unless a person does. Its verdicts are worth
what they agree with people's, so `agreement` comes with them: Cohen's kappa against given labels. A pair is asked both
ways round; a verdict that changes with the places is a tie, and the share of such is told (Zheng et al. 2023, "Judging
LLM-as-a-judge": models favour a place).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shelftalk.engines.base import Decoding, Engine
from shelftalk.errors import UsageError
from shelftalk.evaluate.paired import Paired, paired
from shelftalk.prompts import PromptLibrary, Template
from shelftalk.values import Prompt

__all__ = [
    "GRADES",
    "Agreement",
    "Grade",
    "Item",
    "Judge",
    "Pair",
    "Preference",
    "agreement",
    "answer_lines",
    "preferred",
    "read_labels",
]

GRADES = ("0", "1", "2", "3")
_LETTERS = ("A", "B", "C")
_BRIEF, _LONG = 24, 2048  # tokens of a verdict, and of one with thoughts before it
Winner = Literal["first", "second", "tie"]
How = Literal["logprobs", "text"]


@dataclass(frozen=True, slots=True)
class Item:
    """A request and what was answered, a line a pick (see `answer_lines`)."""

    id: str
    request: str
    answer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A request and two answers to it."""

    id: str
    request: str
    first: tuple[str, ...]
    second: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grade:
    """The grade of an answer, 0 to 3, and its expectation over the grades' probabilities (equal to it without them)."""

    id: str
    grade: int
    expected: float


@dataclass(frozen=True, slots=True)
class Preference:
    """Which answer is better; `consistent` is False where the verdict changed with the places (then it is a tie)."""

    id: str
    winner: Winner
    consistent: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement with people's labels over the n ids that both have: the share of equal labels, Cohen's kappa, and for
    grades kappa with quadratic weights. A kappa is None where all labels are one and the same. `low` and `high` are the ends
    of a 95% bootstrap interval over the ids, of the weighted kappa where there is one; None where there are too few."""

    n: int
    equal: float
    kappa: float | None
    weighted: float | None = None
    low: float | None = None
    high: float | None = None


class Judge:
    """Asks one engine. `how` "logprobs" reads the verdict from the probabilities of the labels; "text" has it written as
    JSON under a schema, for servers that report no probabilities. `batch` prompts are asked together. `unread` holds what
    was said, by id, where it was no verdict."""

    def __init__(
        self,
        engine: Engine,
        prompts: PromptLibrary | None = None,
        *,
        pointwise: str | Template = "judge/pointwise",
        pairwise: str | Template = "judge/pairwise",
        how: How = "logprobs",
        batch: int = 16,
    ) -> None:
        library = prompts or PromptLibrary.default()
        self._engine, self._how, self._batch = engine, how, batch
        self.unread: dict[str, str] = {}
        self._pointwise = _rubric(library, pointwise, ("request", "answer"))
        self._pairwise = _rubric(library, pairwise, ("request", "first", "second"))

    @property
    def prompts(self) -> dict[str, str]:
        """The rubrics in use by their kind."""
        return {"pointwise": self._pointwise.ref, "pairwise": self._pairwise.ref}

    def grade(self, items: Sequence[Item], progress: Callable[[int], None] = lambda done: None) -> list[Grade]:
        """A Grade for each item, in order, without those in `unread`. Raises EngineError, and UsageError where no verdict
        at all can be read."""
        prompts = [self._pointwise.render(request=i.request, answer=list(i.answer) or ["(nothing)"]) for i in items]
        verdicts = self._ask([i.id for i in items], prompts, GRADES, progress)
        return [
            Grade(item.id, int(_best(v)), sum(int(label) * share for label, share in v.items()))
            for item, v in zip(items, verdicts, strict=True)
            if v is not None
        ]

    def compare(self, pairs: Sequence[Pair], progress: Callable[[int], None] = lambda done: None) -> list[Preference]:
        """A Preference for each pair, in order, without those in `unread`; each is asked with both places, but equal answers
        are a tie and are not asked. Raises EngineError, and UsageError where no verdict at all can be read."""
        prompts = []
        told = {pair.id: Preference(pair.id, "tie", True) for pair in pairs if pair.first == pair.second}
        asked = [pair for pair in pairs if pair.id not in told]
        for pair in asked:
            for first, second in ((pair.first, pair.second), (pair.second, pair.first)):
                prompts.append(
                    self._pairwise.render(
                        request=pair.request, first=list(first) or ["(nothing)"], second=list(second) or ["(nothing)"]
                    )
                )
        verdicts = self._ask([pair.id for pair in asked for _ in range(2)], prompts, _LETTERS, progress)
        for pair, straight, swapped in zip(asked, verdicts[::2], verdicts[1::2], strict=True):
            if straight is not None and swapped is not None:
                told[pair.id] = _preference(pair.id, _best(straight), _best(swapped))
        return [told[pair.id] for pair in pairs if pair.id in told]

    def _ask(
        self, ids: Sequence[str], prompts: Sequence[Prompt], labels: Sequence[str], progress: Callable[[int], None]
    ) -> list[dict[str, float] | None]:
        """For each prompt the probability of each label; 1 for the one that was written where it was. None: no verdict."""
        verdicts: list[dict[str, float] | None] = []
        self.unread = {}
        for at in range(0, len(prompts), self._batch):
            some = prompts[at : at + self._batch]
            said = self._shares(some, labels) if self._how == "logprobs" else self._texts(some, labels)
            for identity, (text, verdict) in zip(ids[at:], said, strict=False):
                verdicts.append(verdict)
                if verdict is None:
                    self.unread.setdefault(identity, text)
            progress(len(verdicts))
        if prompts and not any(verdicts):
            text = next(iter(self.unread.values()))
            raise UsageError(
                f"no verdict of the judge can be read (the first: {text[:60]!r}; wanted: one of {', '.join(labels)}); use "
                + ("--by text, or a larger model" if self._how == "logprobs" else "a larger model")
            )
        return verdicts

    def _shares(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[tuple[str, dict[str, float] | None]]:
        from math import exp

        found: list[tuple[str, dict[str, float] | None]] = []
        for choice in self._engine.choose(prompts, labels):
            even = len(set(choice.logprobs.values())) == 1  # none of the labels was reported
            verdict = None if even else {label: exp(p) for label, p in choice.logprobs.items()}
            found.append(("none of the labels is likely", verdict))
        return found

    def _texts(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[tuple[str, dict[str, float] | None]]:
        """What was written, and the verdict in it. A model that thinks first is given more room."""
        written = self._engine.generate(prompts, _decoding(labels, _BRIEF))
        found = [(g.text, _written(g.text, labels)) for g in written]
        cut = [i for i, g in enumerate(written) if g.finish == "length" and found[i][1] is None]
        if cut:
            for i, g in zip(
                cut, self._engine.generate([prompts[i] for i in cut], _decoding(labels, _LONG)), strict=True
            ):
                found[i] = (g.text, _written(g.text, labels))
        return found


def _rubric(library: PromptLibrary, rubric: str | Template, takes: tuple[str, ...]) -> Template:
    """The template of a rubric; UsageError where it takes other variables than a judge gives it."""
    template = library.get(rubric) if isinstance(rubric, str) else rubric
    if set(template.variables) != set(takes):
        raise UsageError(
            f"{template.path}: takes {', '.join(template.variables) or 'nothing'}; this rubric is given {', '.join(takes)}"
        )
    return template


def _decoding(labels: Sequence[str], max_tokens: int) -> Decoding:
    schema = {
        "type": "object",
        "properties": {"verdict": {"type": "string", "enum": list(labels)}},
        "required": ["verdict"],
        "additionalProperties": False,
    }
    return Decoding(max_tokens=max_tokens, schema=schema)


def _written(text: str, labels: Sequence[str]) -> dict[str, float] | None:
    """The label that the judge wrote, as JSON or by itself, marked up or not; None where it wrote none, which a server
    without schemas may do."""
    text = text.rpartition("</think>")[2]
    found = re.search(r'"verdict"\s*:\s*"?([^"\s},]+)', text)
    said = found.group(1) if found else text.strip().strip("`*_.:()[]\"' \n")
    return {label: float(label == said) for label in labels} if said in labels else None


def _best(verdict: Mapping[str, float]) -> str:
    return max(verdict, key=lambda label: verdict[label])


def _preference(identity: str, straight: str, swapped: str) -> Preference:
    first: dict[str, Winner] = {"A": "first", "B": "second", "C": "tie"}
    second: dict[str, Winner] = {"A": "second", "B": "first", "C": "tie"}
    one, other = first[straight], second[swapped]
    return Preference(identity, one if one == other else "tie", one == other)


def answer_lines(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """An answer (Answer.to_dict()) as a judge reads it: a line a pick with title, price and reason; what it could not do."""
    lines = []
    if answer.get("no_match"):
        lines.append(
            "Nothing in the catalogue fits as asked; these are near misses." if answer.get("picks") else "Nothing fits."
        )
    for pick in answer.get("picks") or ():
        price = f", {pick['price']} {pick.get('currency') or ''}".rstrip() if pick.get("price") is not None else ""
        lines.append(f"{pick['rank']}. {pick['title']}{price}. {pick.get('reason') or ''}".strip())
    return tuple(lines)


# People's labels ---------------------------------------------------------------------------------------------------------


def read_labels(path: Path, kind: Literal["grade", "winner"]) -> dict[str, str]:
    """People's labels by id from JSON Lines: {"id", "grade": 0 to 3} or {"id", "winner": "first"|"second"|"tie"}.

    UsageError names the line that is wrong.
    """
    allowed = GRADES if kind == "grade" else ("first", "second", "tie")
    found: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            identity, label = str(row["id"]), str(row[kind])
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f'{path}, line {number}: needs {{"id": ..., "{kind}": ...}}') from error
        if label not in allowed:
            raise UsageError(f"{path}, line {number}: {kind} is {label!r}; it must be one of {', '.join(allowed)}")
        if identity in found:
            raise UsageError(f"{path}, line {number}: id {identity!r} is labelled twice; keep one line")
        found[identity] = label
    if not found:
        raise UsageError(f"{path}: no label in it")
    return found


def preferred(winners: Sequence[Winner], seed: int = 0) -> Paired:
    """How far the second answers are preferred: the mean over the pairs of 1 (second), -1 (first) and 0 (tie), with its
    interval and the p-value of a sign-flip test."""
    import numpy as np

    worth = {"second": 1.0, "first": -1.0, "tie": 0.0}
    return paired(np.array([worth[w] for w in winners]), seed=seed)[0]


def agreement(judged: Mapping[str, str], people: Mapping[str, str], *, ordinal: bool = False) -> Agreement:
    """How well the judge's labels agree with people's. UsageError where they have no id in common.

    Cohen's kappa (1960), and with `ordinal` weighted kappa with quadratic weights (Cohen 1968), as scikit-learn has them.
    """
    from sklearn.metrics import cohen_kappa_score  # type: ignore[import-untyped]

    ids = sorted(set(judged) & set(people))
    if not ids:
        raise UsageError("the labels and the judged answers have no id in common; use the ids of the suite's requests")
    mine, theirs = [judged[i] for i in ids], [people[i] for i in ids]
    equal = sum(a == b for a, b in zip(mine, theirs, strict=True)) / len(ids)
    if len({*mine, *theirs}) == 1:
        return Agreement(len(ids), equal, None)
    names = list(GRADES) if ordinal else ["first", "second", "tie"]
    kappa = float(cohen_kappa_score(mine, theirs, labels=names))
    weighted = float(cohen_kappa_score(mine, theirs, labels=names, weights="quadratic")) if ordinal else None
    return Agreement(len(ids), equal, kappa, weighted, *_kappa_ends(mine, theirs, names, ordinal))


def _kappa_ends(
    mine: Sequence[str], theirs: Sequence[str], names: Sequence[str], ordinal: bool
) -> tuple[float | None, float | None]:
    """The ends of kappa's 95% percentile bootstrap interval over the ids; draws of one label only have no kappa."""
    import numpy as np

    if len(mine) < 10:
        return None, None
    place = np.arange(len(names))
    weights = (place[:, None] - place) ** 2 if ordinal else 1 - np.eye(len(names))
    pairs = [names.index(a) * len(names) + names.index(b) for a, b in zip(mine, theirs, strict=True)]
    drawn = np.random.default_rng(0).choice(pairs, (2_000, len(pairs))) + np.arange(2_000)[:, None] * len(names) ** 2
    counts = np.bincount(drawn.ravel(), minlength=2_000 * len(names) ** 2)
    tables = counts.reshape(2_000, len(names), len(names)) / len(pairs)
    chance = tables.sum(axis=2)[:, :, None] * tables.sum(axis=1)[:, None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        kappas = 1 - (weights * tables).sum(axis=(1, 2)) / (weights * chance).sum(axis=(1, 2))
    low, high = np.percentile(kappas[np.isfinite(kappas)], [2.5, 97.5])
    return float(low), float(high)
