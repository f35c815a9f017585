"""Reads the hand-written tables: one file a category, with its columns, rows, title patterns and sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import HERE
from .rules import parse, scalar


@dataclass(frozen=True)
class Pattern:
    """A title or sentence with the predicates that must hold before it may be used, and the fields it speaks of."""

    when: list[dict[str, Any]]
    text: str

    @property
    def shown(self) -> frozenset[str]:
        """The fields whose value stands in the text."""
        return frozenset(name.lower() for name in re.findall(r"{(\w+)}", self.text))

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the pattern tests or shows."""
        return self.shown | {p["field"] for p in self.when}


@dataclass
class Table:
    """One category as written by hand."""

    path: list[str]
    code: str
    columns: list[tuple[str, str]]
    optional: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    titles: list[Pattern] = field(default_factory=list)
    details: list[Pattern] = field(default_factory=list)


def _pattern(line: str) -> Pattern:
    when, _, text = line.partition("::")
    return Pattern(parse(when), text.strip())


def _cell(text: str, kind: str) -> Any:
    text = text.strip()
    if text == "-":
        return None
    if kind == "b":
        return {"y": True, "n": False}[text]
    if kind == "l":
        return text.split("+")
    if kind == "r":
        first, last = map(int, text.split("-"))
        return [str(size) for size in range(first, last + 1)]
    return scalar(text) if kind == "n" else text


def read_table(path: Path) -> Table:
    """The table in that file. ValueError names file and line of a row with the wrong number of cells."""
    table, section = Table([], "", []), ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        if line.startswith("["):
            section, _, rest = line[1:].partition("]")
            words = rest.split()
            if section == "category":
                table.path = [part.strip() for part in rest.split(">")]
            elif section == "code":
                table.code = rest.strip()
            elif section == "columns":
                table.columns = [(n, k or "t") for n, _, k in (w.partition(":") for w in words)]
            elif section in ("optional", "hidden"):
                setattr(table, section, words)
        elif section == "rows":
            cells = line.split("|")
            if len(cells) != len(table.columns) + 1:
                raise ValueError(f"{path.name}:{number}: {len(cells)} cells, {len(table.columns) + 1} expected")
            row = {name: _cell(cell, kind) for (name, kind), cell in zip(table.columns, cells, strict=False)}
            table.rows.append({**row, "hook": cells[-1].strip()})
        else:
            getattr(table, section).append(_pattern(line))
    return table


def read_tables(folder: Path = HERE / "tables") -> list[Table]:
    """All categories in the order of their file names."""
    return [read_table(path) for path in sorted(folder.glob("*.txt"))]
