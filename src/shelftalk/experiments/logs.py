"""Logged lists as a file: JSON Lines, a list that was drawn at random and what it earned a line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelftalk.errors import UsageError


@dataclass(frozen=True, slots=True)
class Logged:
    """A list that was drawn: for whom, among which candidates by which scores, which were shown (indices) with which probabilities, and
    the reward of each. `features` are the candidates' scores by source; `request` is "" where its words were not kept."""

    unit: str
    candidates: tuple[str, ...]
    scores: tuple[float, ...]
    shown: tuple[int, ...]
    propensities: tuple[float, ...]
    temperature: float
    rewards: tuple[float, ...]
    features: tuple[Mapping[str, float], ...] = ()
    request: str = ""

    @property
    def reward(self) -> float:
        """What the whole list earned."""
        return sum(self.rewards)


def write_logs(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """The number of lines written; the file is there when all of it is."""
    partial, count = path.with_name(path.name + ".partial"), 0
    with partial.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
            count += 1
    partial.replace(path)
    return count


def read_logs(path: Path) -> tuple[list[Logged], list[str]]:
    """(the lists, what is wrong with each line that is none). UsageError for a file that cannot be read or holds no list."""
    found, wrong = [], []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    found.append(_logged(json.loads(line)))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    told = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
                    wrong.append(f"{path}:{number}: no logged list: {told}")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if not found:
        raise UsageError(
            f"{path} holds no logged list; write it with 'shelftalk experiment logs'"
            + (f" ({wrong[0]})" if wrong else "")
        )
    return found, wrong


def _logged(row: Mapping[str, Any]) -> Logged:
    candidates = tuple(str(c) for c in row["candidates"])
    place = {c: i for i, c in enumerate(candidates)}
    if len(place) < len(candidates) or not candidates:
        raise ValueError("the candidates are not each given once")
    if unknown := [c for c in row["shown"] if c not in place]:
        raise ValueError(f"{unknown[0]!r} was shown and is no candidate")
    shown = tuple(place[c] for c in row["shown"])
    chances, rewards, scores = (tuple(map(float, row[name])) for name in ("propensities", "rewards", "scores"))
    if not len(set(shown)) == len(shown) == len(chances) == len(rewards) > 0 or len(scores) != len(candidates):
        raise ValueError("shown, propensities and rewards, or candidates and scores, are not of one length")
    if not all(0 < p <= 1 for p in chances):
        raise ValueError("a propensity is not above 0 and at most 1")
    if not all(math.isfinite(v) for v in (*rewards, *scores)):
        raise ValueError("a reward or score is no number")
    features = tuple({str(k): float(v) for k, v in f.items()} for f in row.get("features") or ())
    if features and len(features) != len(candidates):
        raise ValueError("candidates and features are not of one length")
    return Logged(
        str(row.get("unit") or ""), candidates, scores, shown, chances, float(row.get("temperature") or 0.0), rewards, features,
        str(row.get("request") or ""),
    )  # fmt: skip
