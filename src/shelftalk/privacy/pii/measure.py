"""How well personal data is found in a labelled set: recall and precision by kind, with intervals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.privacy.pii.analysis import LABELS, Found, find


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence and the personal data that it holds; `half` is "dev" or "test"."""

    id: str
    text: str
    spans: tuple[Found, ...]
    half: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share `hits` of `of` with Wilson's 95% interval; `of` may be 0."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share, 1 where there is nothing to count."""
        return self.hits / self.of if self.of else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval at 95% (Wilson 1927)."""
        if not self.of:
            return 0.0, 1.0
        z, p, n = 1.959964, self.value, self.of
        centre, spread = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return max(0.0, (centre - spread) / (1 + z * z / n)), min(1.0, (centre + spread) / (1 + z * z / n))


@dataclass(frozen=True, slots=True)
class Measured:
    """Recall: labelled spans of which no letter or digit is left. Precision: what was found that holds some of a labelled span.

    By kind and for all ("all"); `clean` is the share of sentences without personal data that were left as they are; `missed` and `wrong` are
    (id, words).
    """

    recall: dict[str, Rate]
    precision: dict[str, Rate]
    clean: Rate
    missed: tuple[tuple[str, str], ...]
    wrong: tuple[tuple[str, str], ...]


def read(path: Path) -> list[Labelled]:
    """The sentences of a JSON Lines file: {"text", "spans": [{"start", "end", "label"}]}, "id", "half" and "language" optional.

    Raises UsageError with the line that is wrong.
    """
    out = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                out.append(_labelled(json.loads(line), number))
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(f"{path}, line {number}: {error}; see docs/privacy.md for the form") from error
    return out


def _labelled(row: dict[str, Any], number: int) -> Labelled:
    text, spans = row["text"], []
    for span in row["spans"]:
        start, end, label = span["start"], span["end"], span["label"]
        if label not in LABELS:
            raise ValueError(f"label {label!r} is none of {', '.join(LABELS)}")
        if not 0 <= start < end <= len(text):
            raise ValueError(f"span {start} to {end} is not within the text")
        spans.append(Found(start, end, label))
    return Labelled(str(row.get("id", number)), text, tuple(spans), row.get("half", ""), row.get("language", ""))


def measure(rows: Iterable[Labelled], found: Callable[[str], Sequence[Found]] = find) -> Measured:
    """What `found` finds of the labelled spans."""
    hits, of = dict.fromkeys(LABELS, 0), dict.fromkeys(LABELS, 0)
    right, claimed = dict.fromkeys(LABELS, 0), dict.fromkeys(LABELS, 0)
    clean = whole = 0
    missed, wrong = [], []
    for row in rows:
        told = found(row.text)
        gone = {place for f in told for place in range(f.start, f.end)}
        for span in row.spans:
            of[span.label] += 1
            left = [p for p in range(span.start, span.end) if p not in gone and row.text[p].isalnum()]
            hits[span.label] += not left
            missed += [(row.id, row.text[span.start : span.end])] if left else []
        held = {place for s in row.spans for place in range(s.start, s.end)}
        for one in told:
            claimed[one.label] += 1
            fits = not held.isdisjoint(range(one.start, one.end))
            right[one.label] += fits
            wrong += [] if fits else [(row.id, row.text[one.start : one.end])]
        if not row.spans:
            whole, clean = whole + 1, clean + (not told)
    return Measured(_rates(hits, of), _rates(right, claimed), Rate(clean, whole), tuple(missed), tuple(wrong))


def _rates(hits: dict[Any, int], of: dict[Any, int]) -> dict[str, Rate]:
    rates = {str(label): Rate(hits[label], of[label]) for label in LABELS}
    return {**rates, "all": Rate(sum(hits.values()), sum(of.values()))}
