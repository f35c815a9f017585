"""What must not stand in two splits: a group, a request, a near-duplicate of one; and what contradicts itself in one.

It reads examples only. Requests are compared as bags of words: two are near where the words they share are at least
`near` of the words they have together (Jaccard), found by prefix filtering (Chaudhuri et al. 2006), so that it does not
compare every pair.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shelftalk.text import clean
from shelftalk.train.sets.example import SPLITS, TrainingExample

_WORD = re.compile(r"\w+")
_ORDER = {split: place for place, split in enumerate(SPLITS)}


@dataclass(frozen=True, slots=True)
class Leak:
    """Two rows that must not stand in two splits: `kind` is "group", "request", "near" or "prompt" (the very same question,
    which different requests can lead to), `first` stands in train or dev and `second` in the later split."""

    kind: str
    first: TrainingExample
    second: TrainingExample

    def __str__(self) -> str:
        what = {
            "group": f"group {self.first.group!r}",
            "request": f"request {self.first.request!r}",
            "near": f"near-duplicates {self.first.request!r} and {self.second.request!r}",
            "prompt": f"the prompt of task {self.first.task}",
        }[self.kind]
        return f"{what}: {self.first.split} row {self.first.id} and {self.second.split} row {self.second.id}"


def normal(request: str) -> str:
    """A request without case, punctuation and doubled spaces."""
    return " ".join(_WORD.findall(clean(request).casefold()))


def leaks(examples: Sequence[TrainingExample], near: float) -> list[Leak]:
    """Every group, request, near-duplicate request and prompt that stands in two splits, with one row of each.

    A prompt is named only where neither its group nor its request tells of the leak already.
    """
    groups: dict[str, dict[str, TrainingExample]] = defaultdict(dict)
    requests: dict[str, dict[str, TrainingExample]] = defaultdict(dict)
    for example in examples:
        groups[example.group].setdefault(example.split, example)
        requests[normal(example.request)].setdefault(example.split, example)
    found = [Leak("group", *pair) for held in groups.values() for pair in _pairs(held)]
    found += [Leak("request", *pair) for held in requests.values() for pair in _pairs(held)]
    for a, b in _near(list(requests), near):
        for first in requests[a].values():
            for second in requests[b].values():
                if first.split != second.split:
                    found.append(Leak("near", *sorted((first, second), key=lambda e: _ORDER[e.split])))
    told = {(leak.first.request, leak.first.split) for leak in found}
    prompts: dict[tuple[str, object], dict[str, TrainingExample]] = defaultdict(dict)
    for example in examples:
        if (example.request, example.split) not in told:
            prompts[example.task, example.prompt].setdefault(example.split, example)
    return found + [Leak("prompt", *pair) for held in prompts.values() for pair in _all_pairs(held)]


def _all_pairs(held: dict[str, TrainingExample]) -> Iterator[tuple[TrainingExample, TrainingExample]]:
    """Each row but that of the last split, beside that one."""
    rows = sorted(held.values(), key=lambda e: _ORDER[e.split])
    yield from ((row, rows[-1]) for row in rows[:-1])


def _pairs(held: dict[str, TrainingExample]) -> Iterator[tuple[TrainingExample, TrainingExample]]:
    rows = sorted(held.values(), key=lambda e: _ORDER[e.split])
    yield from ((rows[0], other) for other in rows[1:])


def _near(texts: Sequence[str], near: float) -> Iterator[tuple[str, str]]:
    """The pairs of different texts whose words overlap by at least `near`."""
    bags = [frozenset(text.split()) for text in texts]
    seldom = Counter(word for bag in bags for word in bag)
    index: dict[str, list[int]] = defaultdict(list)
    for i in sorted(range(len(bags)), key=lambda i: len(bags[i])):
        words = sorted(bags[i], key=lambda w: (seldom[w], w))
        prefix = words[: len(words) - int(near * len(words) - 1e-9)]
        met: set[int] = set()
        for word in prefix:
            met.update(j for j in index[word] if len(bags[j]) >= near * len(words))
            index[word].append(i)
        for j in met:
            shared = len(bags[i] & bags[j])
            if shared >= near * (len(bags[i]) + len(bags[j]) - shared):
                yield texts[j], texts[i]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Examples without repeats: `duplicates` were the same question with the same answer, `contradictions` the same with
    another (none of them is kept)."""

    examples: list[TrainingExample]
    duplicates: int
    contradictions: int


def without_repeats(examples: Sequence[TrainingExample]) -> Cleaned:
    """The examples with each prompt once; prompts that are answered in two ways are left out whole."""
    answers: dict[tuple[str, object], set[str]] = defaultdict(set)
    for example in examples:
        answers[example.task, example.prompt].add(example.completion)
    kept: list[TrainingExample] = []
    seen: set[tuple[str, object, str]] = set()
    duplicates = contradictions = 0
    for example in examples:
        if len(answers[example.task, example.prompt]) > 1:
            contradictions += 1
        elif (key := (example.task, example.prompt, example.split)) in seen:
            duplicates += 1
        else:
            seen.add(key)
            kept.append(example)
    return Cleaned(kept, duplicates, contradictions)
