"""What was asked once is never asked again, in this process or another, and the model is not even loaded for it."""

from __future__ import annotations

import json
import sqlite3

import pytest
from tests.evaluate.own import Model, own_settings

from shelftalk.engines.base import Decoding, Engine
from shelftalk.engines.fake import prompt
from shelftalk.errors import StorageError
from shelftalk.evaluate.cache import CachedEngine, Store
from shelftalk.evaluate.models import Engines


class Bench:
    """A store and the models that were loaded over it."""

    def __init__(self, folder) -> None:
        self.path, self.loaded = folder / "answers.sqlite", []

    def engine(self, identity: str = "model a", **options) -> CachedEngine:
        def load() -> Model:
            self.loaded.append(Model())
            return self.loaded[-1]

        return CachedEngine(load, identity, Store(self.path), name="fake", model="guess", **options)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_it_is_an_engine(bench) -> None:
    assert isinstance(bench.engine(), Engine)


def test_a_second_process_needs_no_model(bench) -> None:
    first, second = bench.engine(), bench.engine()
    asked = [prompt("a kettle"), prompt("a pot")]
    choices = first.choose(asked, ["A", "B"])
    texts = first.generate(asked, Decoding())
    count = first.count_tokens("three short words")
    first.flush()
    assert second.choose(asked, ["A", "B"]) == choices
    assert second.generate(asked, Decoding()) == texts
    assert list(second.stream(asked[0], Decoding())) == [texts[0].text]
    assert second.count_tokens("three short words") == count == 3
    assert not second.loaded
    assert second.model == "counting"
    assert len(bench.loaded) == 1
    assert (second.hits, second.misses) == (4, 0)


def test_a_batch_asks_the_model_once_for_what_is_not_kept_and_for_each_prompt_once(bench) -> None:
    engine = bench.engine()
    engine.choose([prompt("old")], ["A", "B"])
    engine.choose([prompt("new"), prompt("old"), prompt("new"), prompt("newer")], ["A", "B"])
    assert (engine.inner.asked, engine.inner.batches) == (3, 2)


@pytest.mark.parametrize(
    "ask",
    [
        lambda e: e.choose([prompt("x")], ["A", "B", "C"]),
        lambda e: e.choose([prompt("y")], ["A", "B"]),
        lambda e: e.choose([prompt("x", system="be brief")], ["A", "B"]),
        lambda e: e.generate([prompt("x")], Decoding()),
    ],
)
def test_other_labels_words_or_ways_are_other_questions(bench, ask) -> None:
    bench.engine().choose([prompt("x")], ["A", "B"])
    other = bench.engine()
    ask(other)
    assert other.misses == 1


@pytest.mark.parametrize(
    "decoding",
    [Decoding(64), Decoding(stop=("\n",)), Decoding(schema={"type": "string"}), Decoding(temperature=0.7)],
)
def test_another_decoding_is_another_question(bench, decoding) -> None:
    bench.engine().generate([prompt("x")], Decoding())
    other = bench.engine()
    other.generate([prompt("x")], decoding)
    assert other.misses == 1


def test_another_model_is_another_question(bench) -> None:
    bench.engine("model a").choose([prompt("x")], ["A", "B"])
    other = bench.engine("model b")
    other.choose([prompt("x")], ["A", "B"])
    assert other.misses == 1


def test_a_seed_matters_to_sampled_text_alone(bench) -> None:
    engine = bench.engine()
    engine.generate([prompt("x")], Decoding(seed=1))
    engine.generate([prompt("x")], [Decoding(seed=2)])
    assert engine.misses == 1
    first = engine.generate([prompt("x")], Decoding(temperature=0.8, seed=1))[0].text
    engine.seed = 5
    second = engine.generate([prompt("x")], Decoding(temperature=0.8, seed=1))[0].text
    assert (first[:7], second[:7]) == ("seed 1:", "seed 6:")


def test_fresh_asks_anew_once_and_keeps_what_it_hears(bench) -> None:
    bench.engine().choose([prompt("x")], ["A", "B"])
    fresh = bench.engine(fresh=True)
    fresh.choose([prompt("x")], ["A", "B"])
    fresh.choose([prompt("x")], ["A", "B"])
    assert fresh.misses == 1


def test_what_was_asked_is_told_with_its_answer_and_time(bench) -> None:
    engine = bench.engine()
    engine.choose([prompt("x")], ["A", "B"])
    (record,) = engine.take()
    assert (record.kind, record.kept, record.tokens.prompt) == ("choose", False, 10)
    assert set(json.loads(record.reply)) == {"A", "B"}
    engine.generate([prompt("x")], Decoding())
    assert [r.kind for r in engine.take()] == ["generate"]
    assert engine.take() == []


def test_no_text_of_a_request_stands_in_the_store(bench) -> None:
    engine = bench.engine()
    engine.choose([prompt("my secret wish")], ["A", "B"])
    engine.count_tokens("my secret wish")
    engine.flush()
    rows = sqlite3.connect(bench.path).iterdump()
    assert "secret" not in "\n".join(rows)


def test_a_damaged_store_says_what_to_do(tmp_path) -> None:
    (tmp_path / "answers.sqlite").write_bytes(b"no database" * 200)
    with pytest.raises(StorageError, match=r"answers\.sqlite: the kept answers cannot be used .* delete the file"):
        Store(tmp_path / "answers.sqlite")


def test_another_model_behind_the_same_address_is_another_model(tmp_path) -> None:
    served: list[str | None] = ["small"]
    engines = Engines(
        load=lambda settings: Model(), identify=lambda settings: ("server", "http://shop:8000", "default"),
        served=lambda settings: served[-1],
    )  # fmt: skip
    settings = own_settings(tmp_path)
    small = engines.get(settings)
    served.append("large")
    assert engines.get(settings).identity != small.identity
    served.append("small")
    assert engines.get(settings) is small
    served.append(None)
    assert engines.get(settings) is small, "a server that is gone counts as the one that was there"
    engines.close()


def test_another_way_to_choose_among_labels_is_another_engine_and_is_held_to(tmp_path) -> None:
    ways: list[str | None] = ["off"]
    taken: list[str] = []

    def load(settings):
        taken.append(settings.server_decisions)
        return Model()

    engines = Engines(
        load=load, identify=lambda settings: ("server", "http://shop:8000", "default"), served=lambda settings: "small",
        decides=lambda settings: ways[-1],
    )  # fmt: skip
    settings = own_settings(tmp_path)
    by_logprobs = engines.get(settings)
    ways.append("systemone")
    by_decisions = engines.get(settings)
    assert by_decisions.identity != by_logprobs.identity
    for engine in (by_logprobs, by_decisions):
        engine.choose([prompt("x")], ["A", "B"])
    assert taken == ["off", "systemone"]
    ways.append(None)
    assert engines.get(settings) is by_decisions, "a server that is gone counts as the one that was there"
    engines.close()
