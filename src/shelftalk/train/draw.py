"""Which judged requests a task draws and which of its rows stay: none that leaks between splits, at most as many as wanted."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from shelftalk.errors import UsageError
from shelftalk.train.card import Report
from shelftalk.train.config import DataConfig
from shelftalk.train.sets.example import SPLITS, Judged, TrainingExample
from shelftalk.train.sets.leaks import leaks

NAMED_LEAKS = 10


def drawn(task: str, judged: Sequence[Judged], config: DataConfig, report: Report) -> list[Judged]:
    """The judged requests that a task can use, at most as many of a source and split as wanted, drawn by the seed.

    Of a split whose rows are capped a quarter more than that is drawn: some requests give no row, most give several.
    """
    able = [one for one in judged if usable(task, one)]
    chooser = random.Random(f"{config.seed} {task}")
    out: list[Judged] = []
    for split in SPLITS:
        for source in dict.fromkeys(one.source for one in able):
            mine = [one for one in able if one.source == source and one.split == split]
            wanted = config.tasks[task]  # type: ignore[index]
            rows = getattr(wanted, split)
            limits = [wanted.requests.get(source), None if rows is None else rows + rows // 4]
            most = min((limit for limit in limits if limit is not None), default=None)
            if most is not None and most < len(mine):
                report.left_out[f"{task}: requests beyond the number wanted ({split})"] += len(mine) - most
                mine = chooser.sample(mine, most)
            out += mine
    return out


def usable(task: str, one: Judged) -> bool:
    """Whether a judged request has what the task learns from."""
    match task:
        case "wishes" | "needs" | "reasons" | "likes":
            return False
        case "suits":
            return one.verdicts is not None
        case "pointwise" | "listwise" | "graded":
            return one.grades is not None and one.ranked
    return one.intent is not None


def parted(examples: Sequence[TrainingExample], config: DataConfig, report: Report) -> list[TrainingExample]:
    """The examples without leaks between splits: refused with the rows named, or dropped from the earlier split.

    A prompt that different requests lead to (a fact to be worded) is no fault of a source: it is always dropped there.
    """
    every = leaks(examples, config.near)
    if not every:
        return list(examples)
    found = [leak for leak in every if leak.kind != "prompt"]
    groups = [leak for leak in found if leak.kind == "group"]
    if groups or (found and config.leaks == "refuse"):
        named = groups or found
        shown = "; ".join(str(leak) for leak in named[:NAMED_LEAKS])
        more = f"; and {len(named) - NAMED_LEAKS} more" if len(named) > NAMED_LEAKS else ""
        what = (
            "hold out whole groups"
            if groups
            else "mend the sources, or set `leaks: drop` to leave such rows out of train"
        )
        raise UsageError(f"{len(named)} leaks between splits ({what}): {shown}{more}")
    leaking = {(leak.first.request, leak.first.split) for leak in found}
    same = {(leak.first.id, leak.first.split) for leak in every if leak.kind == "prompt"}
    report.leaks = [str(leak) for leak in every]
    kept = [e for e in examples if (e.request, e.split) not in leaking]
    report.left_out["rows whose request another split holds, or nearly"] += len(examples) - len(kept)
    whole = [e for e in kept if (e.id, e.split) not in same]
    report.left_out["rows whose very prompt another split holds"] += len(kept) - len(whole)
    return whole


def capped(examples: Sequence[TrainingExample], config: DataConfig, report: Report) -> Iterator[TrainingExample]:
    """Shuffled by the seed, and at most as many a task and split as wanted; dev and test keep whole requests."""
    chooser = random.Random(config.seed)
    parts: dict[tuple[str, str], dict[str, list[TrainingExample]]] = defaultdict(lambda: defaultdict(list))
    for example in examples:
        key = example.id if example.split == "train" else example.query
        parts[example.task, example.split][key].append(example)
    kept: list[TrainingExample] = []
    for (task, split), queries in parts.items():
        most = getattr(config.tasks[task], split)  # type: ignore[index]
        taken = 0
        keys = chooser.sample(sorted(queries), len(queries))
        if split != "train":  # each source in turn, so that a score says something of the small ones too
            keys = _in_turn(keys, [queries[key][0].source for key in keys])
        for key in keys:
            if most is None or taken + len(queries[key]) <= most:
                kept += queries[key]
                taken += len(queries[key])
            else:
                report.left_out[f"{task}: rows beyond the number wanted ({split})"] += len(queries[key])
    for split in SPLITS:
        rows = [e for e in kept if e.split == split]
        chooser.shuffle(rows)
        yield from rows


def _in_turn(keys: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """The keys, those of each kind in their order, one of each kind after the other."""
    places: Counter[str] = Counter()
    turns = []
    for key, kind in zip(keys, kinds, strict=True):
        turns.append((places[kind], kind, key))
        places[kind] += 1
    return [key for _, _, key in sorted(turns)]
