"""The learning curve: a point a size, kept when run again, drawn and tabled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.train.tiny import tiny_model, tiny_set

from shelftalk.errors import UsageError
from shelftalk.train.curve import curve_table, learning_curve
from shelftalk.train.recipe import CurveRecipe, Recipe, SftRecipe


def test_each_size_is_trained_once_and_drawn(tmp_path: Path) -> None:
    sft = SftRecipe(
        model=str(tiny_model(tmp_path / "tiny")), data=tiny_set(tmp_path / "set"), eval_examples=4, learning_rate=2e-2
    )
    recipe = Recipe(sft=sft, curve=CurveRecipe(sizes=[0, 16, 1024], steps=4, output=tmp_path / "curve"))
    said: list[str] = []
    points = learning_curve(recipe, tmp_path, say=said.append)
    assert [p["examples"] for p in points] == [16, 48]
    assert said[1] == "1024 examples: the data has 48", "and is not drawn twice"
    assert [p["steps"] for p in points] == [4, 6], "few examples are gone through more than once"
    assert (tmp_path / "curve" / "curve.png").read_bytes().startswith(b"\x89PNG")
    table = (tmp_path / "curve" / "curve.md").read_text()
    assert table == curve_table(points)
    assert table.splitlines()[0] == "| examples | steps | explain | listwise | suits | understand | mean |"
    said.clear()
    assert learning_curve(recipe, tmp_path, say=said.append) == json.loads(
        (tmp_path / "curve" / "points.json").read_text()
    )
    assert said == ["1024 examples: the data has 48"], "what is there is kept"
    other = recipe.model_copy(deep=True)
    other.sft.learning_rate = 1e-3
    with pytest.raises(UsageError, match="points of another recipe or of other data"):
        learning_curve(other, tmp_path)
    (tmp_path / "curve" / "points.json").write_text("[{")
    with pytest.raises(UsageError, match="is damaged; delete it"):
        learning_curve(recipe, tmp_path)


def test_a_size_below_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="curve.sizes"):
        learning_curve(Recipe(curve=CurveRecipe(sizes=[-1], output=tmp_path)), tmp_path)
