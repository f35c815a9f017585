"""Ways of saying that are known by their words (patterns.toml), as parts of regular expressions."""

from __future__ import annotations

from pathlib import Path

from shelftalk.words.patterns import pattern_table

# The ways of that name as one pattern of alternatives.
alternatives = pattern_table(Path(__file__).parent / "patterns.toml")
