"""A shared beginning read once gives the logits of reading it every time, with the real default model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftalk.engines import Decoding
from shelftalk.engines.fake import prompt
from shelftalk.engines.prefix import PrefixStore, common_prefix
from shelftalk.engines.transformers_engine import TransformersEngine
from shelftalk.values import Prompt

SHOTS = "Write why to buy, from the facts. " + "Facts: a lamp, 12 hours, 90 grams. Reason: it burns all night. " * 4
FACTS = ["a red tent for 2", "a kettle of 1.5 litres in steel, made to last, with a lid", "boots, waterproof", "a hat"]


def shots(facts: str) -> Prompt:
    return prompt(f"{SHOTS}Facts: {facts}. Reason:")


def other(facts: str) -> Prompt:
    return prompt(f"Say briefly what {facts} is for.")


@given(st.lists(st.lists(st.integers(0, 2), max_size=6), min_size=1, max_size=5))
def test_the_common_prefix_is_shared_by_all_and_no_longer_one_is(rows: list[list[int]]) -> None:
    n = common_prefix(rows)
    assert all(row[:n] == rows[0][:n] for row in rows)
    assert any(len(row) == n for row in rows) or len({row[n] for row in rows}) > 1


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[TransformersEngine, TransformersEngine]]:
    """The same model with and without the cache."""
    from shelftalk.engines.models import resolve_model
    from shelftalk.settings import load_settings

    folder = resolve_model("default", load_settings().home_folder)
    pair = TransformersEngine(folder), TransformersEngine(folder, prefix_cache=False)
    yield pair
    for engine in pair:
        engine.close()


def logits(engine: TransformersEngine, prompts: list[Prompt]) -> Any:
    return engine._open().logits([engine._chat.ids(p) for p in prompts])


@pytest.mark.model
def test_logits_are_the_same_alone_and_in_batches_cold_and_warm(
    engines: tuple[TransformersEngine, TransformersEngine],
) -> None:
    import torch

    cached, plain = engines
    cached._store = cached._open().store = PrefixStore()
    alone = torch.cat([logits(plain, [shots(f)]) for f in FACTS])
    for batch in ([FACTS[0]], FACTS, FACTS[1:], [FACTS[2]], FACTS[::-1]):
        expected = alone[[FACTS.index(f) for f in batch]]
        torch.testing.assert_close(logits(cached, [shots(f) for f in batch]), expected, atol=2e-3, rtol=0)
    assert cached._store.hits >= 4
    assert cached._store.saved_tokens > 4 * 70


@pytest.mark.model
def test_texts_are_the_same_with_and_without_the_cache(
    engines: tuple[TransformersEngine, TransformersEngine],
) -> None:
    cached, plain = engines
    prompts = [shots(f) for f in FACTS] + [other(FACTS[0])]
    limits = [Decoding(max_tokens=n) for n in (6, 14, 3, 10, 8)]
    expected = [plain.generate([p], d)[0] for p, d in zip(prompts, limits, strict=True)]
    assert cached.generate(prompts, limits) == expected
    assert cached.generate(prompts, limits) == expected


@pytest.mark.model
def test_the_store_stays_within_its_limit(engines: tuple[TransformersEngine, TransformersEngine]) -> None:
    cached, _ = engines
    one = 46_080 * 60  # bytes of 60 tokens of this model in float32
    store = cached._open().store = PrefixStore(limit=3 * one)
    for i in range(6):
        cached.generate([other(f"number {i}")], Decoding(max_tokens=1))
    kept = sum(part.nbytes for pairs in store._entries.values() for pair in pairs for part in pair)
    assert 0 < kept <= store.limit
    assert 1 < len(store._entries) < 6
    newest = cached._chat.ids(other("number 5"))
    assert tuple(newest) in store._entries
