"""How products and requests become vectors."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.catalog.fakes import product

from shelftalk.catalog import embed, embed_fast, embed_graph
from shelftalk.catalog.adapted import merged
from shelftalk.catalog.base_models import default_folder
from shelftalk.catalog.embed import embedding_text, load_embedder
from shelftalk.errors import EngineError

TEXTS = [
    "Sony WH-1000XM5 wireless noise cancelling headphones. Sony. Up to 30 hours of battery",
    "Garden chair made of teak",
    "Xerox 006R90321 toner cartridge Original Black 6 pc(s)",
    "Naïve café crème – 10 € ☕ 咖啡",
    "a",
    "very long text " * 400,
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


# The text


def test_the_text_says_title_brand_category_and_description() -> None:
    text = embedding_text(
        product(title="Lamp", brand="Lumo", categories=("Home", "Desk lamps"), description="Bright.", colour="red")
    )
    assert text == "Lamp. Lumo. Desk lamps. Bright."


def test_a_part_that_is_there_already_is_not_said_twice() -> None:
    assert embedding_text(product(title="Lumo desk lamp", brand="LUMO", description="desk lamp")) == "Lumo desk lamp"


def test_without_a_description_short_attributes_in_words_stand_for_it() -> None:
    text = embedding_text(product(title="Pen", colour="blue", width=4, tip=("fine", "medium"), legal="x" * 41))
    assert text == "Pen. blue. fine, medium"


def test_the_text_is_bounded_and_clean() -> None:
    text = embedding_text(product(title="Pen\u200b\n two", description="word " * 1000))
    assert text.startswith("Pen two. word word")
    assert len(text) <= embed.TEXT_LENGTH


# The vectors


@pytest.mark.model
def test_vectors_agree_with_sentence_transformers_as_it_comes(home: Path) -> None:
    fast, plain = load_embedder("default", home), load_embedder("default", home, fast=False)
    ours, theirs = fast.encode(TEXTS), plain.encode(TEXTS)
    assert ours.shape == theirs.shape == (len(TEXTS), 384)
    assert ours.dtype == np.float32
    assert np.linalg.norm(ours, axis=1) == pytest.approx(1, abs=1e-5)
    agreement = (ours * theirs).sum(axis=1)
    assert agreement.min() > 0.97
    assert agreement.mean() > 0.985


@pytest.mark.model
def test_a_vector_does_not_depend_on_what_is_embedded_beside_it(home: Path) -> None:
    embedder = load_embedder("default", home)
    together = embedder.encode(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.array_equal(embedder.encode([text])[0], vector)
        assert np.array_equal(embedder.encode_query(text), vector)


@pytest.mark.model
def test_no_texts_and_broken_text_are_embedded(home: Path) -> None:
    embedder = load_embedder("default", home)
    assert embedder.encode([]).shape == (0, 384)
    assert np.linalg.norm(embedder.encode(["", "\ud800 half"]), axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.model
def test_the_fast_way_needs_neither_torch_nor_transformers(home: Path) -> None:
    load_embedder("default", home)
    code = (
        "import sys; from shelftalk.catalog import load_embedder;"
        f"load_embedder('default', {str(home)!r}).encode_query('pen');"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.model
@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json", "meta.json"])
def test_a_damaged_cache_is_made_again(home: Path, file: str, caplog: pytest.LogCaptureFixture) -> None:
    before = load_embedder("default", home).encode_query("pen")
    (folder,) = (home / "embedders").iterdir()
    (folder / file).write_bytes((folder / file).read_bytes()[:-9])
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(load_embedder("default", home).encode_query("pen"), before)
    assert "damaged" in caplog.text


@pytest.mark.model
def test_where_the_cache_cannot_be_written_it_runs_plainly_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        embedder = load_embedder("default", tmp_path / "file")
    assert embedder.encode(["pen"]).shape == (1, 384)
    assert "sentence-transformers as it comes" in caplog.text


@pytest.mark.model
def test_without_onnxruntime_it_runs_plainly_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = embed_fast.importlib.util.find_spec
    monkeypatch.setattr(embed_fast.importlib.util, "find_spec", lambda n: None if n == "onnxruntime" else real(n))
    with caplog.at_level(logging.WARNING):
        load_embedder("default", tmp_path)
    assert "onnxruntime is not installed" in caplog.text
    assert not list(tmp_path.iterdir())


def test_a_network_that_is_not_converted_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "deberta"}))
    (tmp_path / "modules.json").write_text("[]")
    with pytest.raises(embed_fast.NotFast, match="deberta"):
        embed_fast.load("other", tmp_path, tmp_path / "home")


@pytest.mark.parametrize("name", ["./no-such-folder", "/no/such/folder"])
def test_a_model_that_is_nowhere_is_a_clear_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no-such-folder|no/such/folder"):
        load_embedder(name, tmp_path)


def test_a_hub_model_is_not_asked_for_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EngineError, match="nobody/nothing"):
        load_embedder("nobody/nothing", tmp_path)


def test_prompts_that_a_model_wants_stand_before_queries_and_documents() -> None:
    class Echo:
        dimensions = 1

        def encode(self, texts):  # type: ignore[no-untyped-def]
            self.texts = list(texts)
            return np.ones((len(texts), 1), np.float32)

    echo = Echo()
    embedder = embed.Embedder("e5", echo, {"query": "query: ", "passage": "passage: "})
    embedder.encode(["pen"])
    assert echo.texts == ["passage: pen"]
    embedder.encode_query("pen")
    assert echo.texts == ["query: pen"]


def test_weights_are_rounded_column_by_column() -> None:
    matrix = np.array([[1.0, 100.0], [-0.5, 3.0], [0.0, 0.0]], np.float32)
    values, scales = embed_graph.quantise(matrix, 127)
    assert values.dtype == np.int8
    assert values * scales == pytest.approx(matrix, abs=0.5)
    assert np.abs(values * scales - matrix).max(axis=0) == pytest.approx([0, 0], abs=float(scales.max()) / 2 + 1e-6)
    assert list(values[0]) == [127, 127]


def test_mpnet_in_8_bits_gives_the_vectors_of_the_network_itself() -> None:
    import onnxruntime
    import torch
    from transformers import MPNetConfig, MPNetModel

    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=90, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
        max_position_embeddings=66,
    )  # fmt: skip
    network = MPNetModel(config).eval()
    with torch.no_grad():
        network.encoder.relative_attention_bias.weight.mul_(100)  # so that a wrong bucket shows
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    session = onnxruntime.InferenceSession(embed_graph.build(config.to_dict(), weights))
    for length in (1, 7, 40):
        ids = np.arange(3, 3 + length)[None]
        with torch.no_grad():
            right = network(torch.tensor(ids)).last_hidden_state.numpy()
        got = session.run(None, {"input_ids": ids.astype(np.int32)})[0]
        assert got.shape == right.shape
        cosines = (got * right).sum(-1) / np.linalg.norm(got, axis=-1) / np.linalg.norm(right, axis=-1)
        assert cosines.min() > 0.995, length


# Adapters


@pytest.mark.model
def test_an_adapter_is_added_to_the_encoder_once_and_changes_it(tmp_path: Path) -> None:
    shipped, base = Path("serve/matchers/wish-minilm"), default_folder()
    folder = merged(shipped, tmp_path)
    assert merged(shipped, tmp_path) == folder
    before, after = load_file(base / "model.safetensors"), load_file(folder / "model.safetensors")
    assert (changed := [n for n in before if not np.array_equal(before[n], after[n])])
    assert all("query" in n or "key" in n or "value" in n or "dense" in n for n in changed)


@pytest.mark.model
def test_the_folder_of_an_adapter_names_an_embedder(home: Path, tmp_path: Path) -> None:
    plain, adapted = load_embedder("default", home), load_embedder("serve/matchers/wish-minilm", home)
    assert isinstance(adapted._encoder, embed_fast.FastEncoder)
    assert float(plain.encode_query("folds away") @ adapted.encode_query("folds away")) < 0.95
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(EngineError, match="no adapter that can be merged"):
        load_embedder(str(tmp_path), home)


def test_models_of_the_e5_family_get_the_words_they_were_trained_with(tmp_path) -> None:
    from shelftalk.catalog.embed import _of_family

    words = {"query": "query: ", "document": "passage: "}
    assert _of_family("intfloat/multilingual-e5-small", tmp_path) == words
    assert _of_family("intfloat/multilingual-e5-large-instruct", tmp_path) == {}
    assert _of_family("sentence-transformers/all-MiniLM-L6-v2", tmp_path) == {}
    (tmp_path / "config.json").write_text('{"_name_or_path": "intfloat/e5-base-v2"}')
    assert _of_family(str(tmp_path), tmp_path) == words
