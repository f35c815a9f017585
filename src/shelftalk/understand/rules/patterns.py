"""Ways of saying that are known by their words (patterns.toml), as parts of regular expressions."""

from __future__ import annotations

import tomllib
from pathlib import Path

_TABLE = tomllib.loads((Path(__file__).parent / "patterns.toml").read_text(encoding="utf-8"))


def alternatives(name: str) -> str:
    """The ways of that name as one pattern of alternatives."""
    return "|".join(_TABLE[name])
