"""An adapter that does not fit its base is refused with what is wrong, whichever way it would be served or gone on from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.train.tiny import tiny_model

from shelftalk import lora
from shelftalk.engines.adapters import find_adapter, merged_model
from shelftalk.engines.load import load_engine
from shelftalk.errors import EngineError
from shelftalk.settings import Settings

Weights = dict[str, Any]
FIRST = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
EMBEDDING = "base_model.model.model.embed_tokens.weight"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def sound(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of all linear layers whose products are not 0, as another tool would save it: without a card."""
    import peft
    import transformers

    folder = tmp_path_factory.mktemp("sound") / "scarves"
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    config = peft.LoraConfig(
        r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM"
    )
    peft.get_peft_model(model, config).save_pretrained(str(folder))
    return folder


def changed(
    sound: Path,
    folder: Path,
    weights: Callable[[Weights], Weights] | None = None,
    config: dict[str, Any] | None = None,
    raw: Callable[[bytes], bytes] | None = None,
) -> Path:
    """A copy of the sound adapter with other weights, keys of its configuration or bytes."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(sound, folder)
    file = folder / lora.WEIGHTS
    if weights is not None:
        save_file({n: t.contiguous() for n, t in weights(load_file(file)).items()}, file, metadata={"format": "pt"})
    if config is not None:
        told = json.loads((folder / lora.CONFIG).read_text())
        (folder / lora.CONFIG).write_text(json.dumps({**told, **config}))
    if raw is not None:
        file.write_bytes(raw(file.read_bytes()))
    return folder


def renamed(old: str, new: str) -> Callable[[Weights], Weights]:
    return lambda w: {n.replace(old, new): t for n, t in w.items()}


def with_value(name: str, value: float) -> Callable[[Weights], Weights]:
    def put(weights: Weights) -> Weights:
        weights[name].view(-1)[-1] = value
        return weights

    return put


def other_vocabulary(weights: Weights) -> Weights:
    import torch

    return {**weights, EMBEDDING: torch.zeros(999, 32)}


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "renamed": (
        {"weights": renamed("self_attn", "attention")},
        r"16 of its 28 weights match nothing in tiny: .*attention.*, which has names such as .*self_attn",
    ),
    "renamed all": ({"weights": renamed("base_model.model.", "")}, "28 of its 28 weights match nothing in tiny"),
    "one renamed": ({"weights": renamed("layers.1.mlp.up_proj.lora_B", "layers.9.mlp.up_proj.lora_B")}, "1 of its 28"),
    "doubled prefix": (
        {"weights": renamed("base_model.model.", "base_model.model.base_model.model.")},
        "prefix 'base_model.model.' stands there twice",
    ),
    "named by its part": ({"weights": renamed(".lora_A.weight", ".lora_A.default.weight")}, "14 of its 28 weights match nothing"),
    "half missing": ({"weights": lambda w: {n: t for n, t in w.items() if "layers.0." in n}}, "lacks 14 of the 28 weights"),
    "no B": ({"weights": lambda w: {n: t for n, t in w.items() if "lora_A" in n}}, "lacks 14 of the 28 weights.*lora_B"),
    "foreign target": ({"config": {"target_modules": ["c_attn", "c_proj"]}}, r"does not fit tiny: .*c_attn.*not found"),
    "one target more": ({"config": {"target_modules": ["q_proj"]}}, "24 of its 28 weights match nothing"),
    "NaN": ({"weights": with_value(FIRST, float("nan"))}, f"NaN in 1 of its weights, the first being {FIRST}"),
    "infinite": ({"weights": with_value(FIRST, float("-inf"))}, "infinite in 1 of its weights"),
    "rank": ({"config": {"r": 8}}, "has rank 4 and adapter_config.json says 8"),
    "rank is no number": ({"config": {"r": "4"}}, "gives rank '4'"),
    "no rank": ({"config": {"r": 0}}, "gives rank 0"),
    "alpha is no number": ({"config": {"lora_alpha": float("nan")}}, "gives lora_alpha nan"),
    "another kind": ({"config": {"peft_type": "PREFIX_TUNING"}}, "of PEFT type PREFIX_TUNING"),
    "vocabulary": ({"weights": other_vocabulary}, "another vocabulary of 999 tokens"),
    "vocabulary saved whole": (
        {"weights": other_vocabulary, "config": {"modules_to_save": ["embed_tokens"]}}, "another vocabulary of 999 tokens",
    ),
    "base": ({"config": {"base_model_name_or_path": "Qwen/Qwen3-0.6B"}}, "names Qwen/Qwen3-0.6B as its base, but the model is tiny"),
    "truncated": ({"raw": lambda b: b[: len(b) // 2]}, "cannot be read"),
    "cut in its header": ({"raw": lambda b: b[:50]}, "cannot be read"),
    "empty": ({"raw": lambda b: b""}, "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_an_unsound_adapter_is_refused_with_what_is_wrong(base: Path, sound: Path, tmp_path: Path, fault: str) -> None:
    how, said = FAULTS[fault]
    folder = changed(sound, tmp_path / "bad", **how)
    with pytest.raises(EngineError, match=said):
        merged_model(base, str(folder), tmp_path / "home")
    assert not list((tmp_path / "home").glob("models/tiny*")), "nothing is left that could be served"


def test_a_sound_adapter_is_served_and_its_scale_is_the_configurations(base: Path, sound: Path, tmp_path: Path) -> None:
    assert set(lora.check(sound, base).values()) == {2.0}
    assert (merged_model(base, str(sound), tmp_path) / "model.safetensors").is_file()
    rslora = changed(sound, tmp_path / "rslora", config={"use_rslora": True})
    assert set(lora.check(rslora, base).values()) == {4.0}, "alpha / sqrt(r)"


def test_every_way_of_serving_refuses_the_same_adapter(
    base: Path, sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from shelftalk.cli.main import app
    from shelftalk.server import vllm_process

    bad = changed(sound, tmp_path / "bad", weights=renamed("self_attn", "attention"))
    said = "16 of its 28 weights match nothing"
    for engine in ("transformers", "vllm"):
        monkeypatch.setattr("shelftalk.engines.load.vllm_installed", lambda: True)
        with pytest.raises(EngineError, match=said):
            load_engine(Settings(home=tmp_path, model=str(base), adapter=str(bad), engine=engine))
    with pytest.raises(EngineError, match=said):
        vllm_process.vllm_beside(Settings(home=tmp_path, model=str(base), adapter=str(bad)))
    monkeypatch.setenv("SHELFTALK_MODEL", str(base))
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path))
    for arguments in (
        ["model", "serve", "--adapter", str(bad)],
        ["model", "load", str(bad), "--server", "http://127.0.0.1:9"],
        ["train", "merge", str(bad), "--out", str(tmp_path / "merged")],
    ):
        told = CliRunner().invoke(app, arguments)
        assert told.exit_code != 0
        assert said in str(told.exception) + told.output, arguments


def test_a_merged_model_is_not_used_for_an_adapter_whose_configuration_changed(
    base: Path, sound: Path, tmp_path: Path
) -> None:
    """The weights and so the adapter's hash are the same: only the check tells the two apart."""
    merged_model(base, str(sound), tmp_path)
    other = changed(sound, tmp_path / "other", config={"base_model_name_or_path": "Qwen/Qwen3-0.6B"})
    assert find_adapter(str(other), tmp_path).hash == find_adapter(str(sound), tmp_path).hash
    with pytest.raises(EngineError, match="names Qwen/Qwen3-0.6B"):
        merged_model(base, str(other), tmp_path)


@pytest.mark.parametrize("named", ["", "org/tiny", "Tiny", "/data/checkpoint-40", "../runs/final"])
def test_a_base_known_by_the_same_name_or_by_a_path_alone_is_taken(
    base: Path, sound: Path, tmp_path: Path, named: str
) -> None:
    lora.check(changed(sound, tmp_path / "as", config={"base_model_name_or_path": named}), base)


def test_the_hubs_cache_tells_a_bases_name(tmp_path: Path) -> None:
    snapshot = "/home/x/.cache/huggingface/hub/models--HuggingFaceTB--SmolLM2-135M/snapshots/0a1b2c"
    assert lora.base_names(snapshot) == lora.base_names("HuggingFaceTB/SmolLM2-135M") == {"smollm2-135m"}
    assert lora.base_names("SmolLM2-135M-Instruct") != lora.base_names("SmolLM2-135M")


def test_a_tokenizer_beside_the_adapter_with_more_words_than_the_base_is_refused(
    base: Path, sound: Path, tmp_path: Path
) -> None:
    with_words = changed(sound, tmp_path / "words")
    shutil.copyfile(base / "tokenizer.json", with_words / "tokenizer.json")
    lora.check(with_words, base)
    told = json.loads((with_words / "tokenizer.json").read_text())
    told["added_tokens"].append({**told["added_tokens"][-1], "id": 999, "content": "<|new|>"})
    (with_words / "tokenizer.json").write_text(json.dumps(told))
    with pytest.raises(EngineError, match="tokenizer beside it has 1000 tokens, tiny has"):
        lora.check(with_words, base)


def test_an_adapter_that_adds_nothing_is_said(
    base: Path, sound: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lora.check(changed(sound, tmp_path / "zero", weights=lambda w: {n: t * 0 for n, t in w.items()}), base, name="zero")
    assert "adapter zero changes nothing" in caplog.text


@pytest.mark.parametrize("variant", [{"use_dora": True}, {"bias": "all"}, {"modules_to_save": ["lm_head"]}])
def test_other_kinds_of_lora_are_taken_whole_and_refused_in_part(
    base: Path, tmp_path: Path, variant: dict[str, Any]
) -> None:
    import peft
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    config = peft.LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights=False, task_type="CAUSAL_LM", **variant)
    peft.get_peft_model(model, config).save_pretrained(str(tmp_path / "kind"))
    lora.check(tmp_path / "kind", base)
    cut = changed(tmp_path / "kind", tmp_path / "cut", weights=lambda w: dict(list(w.items())[1:]))
    with pytest.raises(EngineError, match="lacks 1 of the"):
        lora.check(cut, base)


# Encoders

MATCHER = Path("serve/matchers/wish-minilm")
QUERY = "base_model.model.encoder.layer.0.attention.self.query.lora_A.weight"
ENCODER_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "renamed": ({"weights": renamed("attention.self", "attn")}, "match nothing in"),
    "doubled prefix": ({"weights": renamed("base_model.model.", "base_model.model.base_model.model.")}, "stands there twice"),
    "half missing": ({"weights": lambda w: {n: t for n, t in w.items() if "layer.0." in n}}, r"lacks \d+ of the"),
    "foreign target": ({"config": {"target_modules": ["c_attn"]}}, "c_attn"),
    "NaN": ({"weights": with_value(QUERY, float("nan"))}, "NaN in 1 of its weights"),
    "rank": ({"config": {"r": 8}}, "has rank 32 and adapter_config.json says 8"),
    "base": ({"config": {"base_model_name_or_path": "bert-base-uncased"}}, "an adapter of 'bert-base-uncased' cannot be added"),
    "truncated": ({"raw": lambda b: b[: len(b) // 2]}, "cannot be read"),
    "DoRA": ({"config": {"use_dora": True}}, r"lacks \d+ of the"),
}  # fmt: skip


@pytest.mark.parametrize("fault", ENCODER_FAULTS)
def test_an_encoders_unsound_adapter_is_refused_alike(tmp_path: Path, fault: str) -> None:
    from shelftalk.catalog import load_embedder
    from shelftalk.errors import UsageError
    from shelftalk.train.matcher import MatcherRecipe, train_matcher

    how, said = ENCODER_FAULTS[fault]
    bad = changed(MATCHER, tmp_path / "bad", **how)
    with pytest.raises(EngineError, match=said):
        load_embedder(str(bad), tmp_path / "home")
    assert not [p for p in (tmp_path / "home").glob("matchers/*") if p.is_dir()]
    if fault != "base":
        with pytest.raises((EngineError, UsageError), match=said):
            train_matcher(MatcherRecipe(task="fields", output=tmp_path / "out", adapter=bad))
