"""Ways of saying that are known by their words, kept in data files, as parts of regular expressions."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path


def pattern_table(path: Path) -> Callable[[str], str]:
    """What gives a list of that TOML file, by its name, as one pattern of alternatives."""
    lists: dict[str, list[str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return lambda name: "|".join(lists[name])
