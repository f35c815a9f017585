"""How prompts are put into batches; what the engine answers is in tests/contract."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftalk.engines.transformers_engine import TransformersEngine, batches
from shelftalk.errors import EngineError


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 500), st.integers(0, 2)), max_size=60))
def test_every_prompt_is_in_one_batch_and_no_batch_is_too_big(rows: list[tuple[int, int, int]]) -> None:
    ids = [[start] * length for length, _, start in rows]
    found = batches(ids, [room for _, room, _ in rows])
    assert sorted(i for batch in found for i in batch) == list(range(len(rows)))
    for batch in found:
        widest = max(rows[i][0] + rows[i][1] for i in batch)
        assert len(batch) <= 16
        assert len(batch) == 1 or widest * len(batch) <= 16_384


def test_prompts_with_the_same_beginning_stand_together() -> None:
    a, b = [1] * 40, [2] * 40
    found = batches([a, b, [*a, 5], [*b, 6], [*a, 7], [*b, 8, 9]], [1] * 6)
    assert sorted(sorted(batch) for batch in found) == [[0, 2, 4], [1, 3, 5]]


@pytest.mark.model
def test_a_model_folder_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no-such-model"}')
    with pytest.raises(EngineError, match=r"cannot be loaded: .*shelftalk doctor"):
        TransformersEngine(tmp_path)
