"""Publishing an adapter, finding it again by name, merging it, and serving it through the setting."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.train.tiny import tiny_model, tiny_set

from shelftalk.engines import adapters
from shelftalk.engines.adapters import find_adapter, fingerprint, merged_model
from shelftalk.engines.load import load_engine
from shelftalk.errors import EngineError, StorageError, UsageError
from shelftalk.settings import Settings
from shelftalk.train.merge import agreement, merge_checked
from shelftalk.train.publish import interval, publish
from shelftalk.train.recipe import SftRecipe
from shelftalk.train.registry import REGISTRY, entries, rows
from shelftalk.train.sft import train_sft
from shelftalk.values import Message, Prompt

ASK = Prompt((Message("user", "red scarf. red? yes or no"),), "test")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    recipe = SftRecipe(
        model=str(base), data=tiny_set(folder / "set"), output=folder / "run", eval_examples=4, learning_rate=3e-2
    )
    return train_sft(recipe, folder).folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(adapters, "resource", lambda name: tmp_path / "shipped")
    return tmp_path / "home"


def test_a_published_adapter_is_small_named_by_its_content_and_described(trained: Path, home: Path) -> None:
    made = publish(str(trained), "scarves", home / "adapters", home, licence="CC-BY-4.0", limits="Scarves only.")
    assert made.folder.name == f"scarves@{made.hash}"
    was, now = (f / "adapter_model.safetensors" for f in (trained, made.folder))
    assert now.stat().st_size < 0.62 * was.stat().st_size
    card = (made.folder / "README.md").read_text()
    assert "license: CC-BY-4.0" in card
    assert "Scarves only." in card
    assert "| suits |" in card
    assert "- toy: not recorded" in card, "each source with its licence, as far as it is known"
    assert " to " in card
    (entry,) = entries(home / "adapters")
    assert (entry["ref"], entry["base"], entry["max_lora_rank"]) == (made.folder.name, "tiny", 16)
    again = publish(str(trained), "scarves", home / "adapters", home, licence="CC-BY-4.0")
    assert again.hash == made.hash, "the same content has the same name"
    assert len(entries(home / "adapters")) == 1


def test_it_is_found_by_name_and_by_hash_and_listed(trained: Path, home: Path) -> None:
    made = publish(str(trained), "scarves", home / "adapters", home, licence="CC0")
    assert find_adapter("scarves", home) == find_adapter(made.ref, home) == find_adapter(str(made.folder), home)
    (row,) = rows(home)
    assert (row["ref"], row["state"]) == (made.ref, "ready")
    assert set(row["tasks"]) == {"suits", "listwise", "understand", "explain"}
    with pytest.raises(EngineError, match=rf"no adapter 'hats'; .*there is: {made.ref}"):
        find_adapter("hats", home)


def test_a_damaged_and_a_missing_adapter_are_seen_in_the_list(trained: Path, home: Path) -> None:
    made = publish(str(trained), "scarves", home / "adapters", home, licence="CC0")
    weights = made.folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + b"\1" * 8)
    assert [r["state"] for r in rows(home)] == ["damaged"]
    weights.write_bytes(b"x")
    with pytest.raises(EngineError, match="cannot be read"):
        find_adapter("scarves", home)
    shutil.rmtree(made.folder)
    assert [r["state"] for r in rows(home)] == ["missing"]


def test_a_damaged_registry_is_no_empty_one(home: Path) -> None:
    (home / "adapters").mkdir(parents=True)
    (home / "adapters" / REGISTRY).write_text("[{")
    with pytest.raises(StorageError, match="is damaged"):
        rows(home)


@pytest.mark.parametrize("name", ["Scarves", "a/b", "", "..", "x" * 65])
def test_a_name_that_could_be_a_path_is_refused(trained: Path, home: Path, name: str) -> None:
    with pytest.raises(UsageError, match="adapter name"):
        publish(str(trained), name, home / "adapters", home, licence="CC0")


def test_figures_that_are_none_and_a_place_that_is_a_file_are_refused(
    trained: Path, home: Path, tmp_path: Path
) -> None:
    told = tmp_path / "figures.json"
    told.write_text('{"accuracy": {"value": 0.5, "low": "a"}}')
    with pytest.raises(UsageError, match="figures must be JSON"):
        publish(str(trained), "x", home, home, licence="CC0", measured=told)
    with pytest.raises(UsageError, match="is a file; name a folder to publish to"):
        publish(str(trained), "x", told, home, licence="CC0")


def test_whole_modules_and_missing_cards_and_licences_are_refused(trained: Path, home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="licence"):
        publish(str(trained), "x", home, home, licence=" ")
    copy = tmp_path / "copy"
    shutil.copytree(trained, copy)
    config = json.loads((copy / "adapter_config.json").read_text())
    (copy / "adapter_config.json").write_text(json.dumps({**config, "modules_to_save": ["lm_head"]}))
    with pytest.raises(UsageError, match="holds whole modules"):
        publish(str(copy), "x", home, home, licence="CC0")
    (copy / "training.json").unlink()
    with pytest.raises(UsageError, match=r"no training\.json"):
        publish(str(copy), "x", home, home, licence="CC0")


def test_merged_weights_answer_as_base_and_adapter_do_apart(base: Path, trained: Path, tmp_path: Path) -> None:
    adapter = find_adapter(str(trained), tmp_path)
    worst = merge_checked(base, adapter, tmp_path / "merged", [ASK])
    assert worst < 0.05
    assert agreement(base, adapter, base, [ASK]) > 5 * worst, "the adapter changes the answer, and merging keeps that"
    with pytest.raises(UsageError, match="not empty"):
        merge_checked(base, adapter, tmp_path / "merged", [ASK])


def test_a_merge_that_cannot_end_leaves_nothing_and_is_refused_where_the_disk_is_small(
    base: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collections import namedtuple

    from shelftalk.train import merge

    adapter = find_adapter(str(trained), tmp_path)

    def cut(*_: object) -> None:
        (tmp_path / "merged").mkdir()
        (tmp_path / "merged" / "model.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(merge, "merge", cut)
        with pytest.raises(KeyboardInterrupt):
            merge_checked(base, adapter, tmp_path / "merged", [ASK])
    assert not (tmp_path / "merged").exists()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(merge.shutil, "disk_usage", lambda _: usage(1, 1, 1024**2))
    with pytest.raises(StorageError, match=r"1 MB free, and the merged model needs \d+ MB"):
        merge_checked(base, adapter, tmp_path / "merged", [ASK])


def test_what_vllm_takes_merged_only_is_not_served_beside_its_base(trained: Path, tmp_path: Path) -> None:
    from shelftalk.cli.model import refuse_merged_only

    refuse_merged_only(find_adapter(str(trained), tmp_path))
    for n, change in enumerate(({"use_dora": True}, {"peft_type": "ADALORA"})):
        copy = shutil.copytree(trained, tmp_path / f"copy{n}")
        config = json.loads((copy / "adapter_config.json").read_text())
        (copy / "adapter_config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(UsageError, match="which vLLM loads merged only; set SHELFTALK_ADAPTER"):
            refuse_merged_only(find_adapter(str(copy), tmp_path))


def test_the_setting_serves_the_adapter_merged_once(base: Path, trained: Path, home: Path) -> None:
    settings = Settings(home=home, model=str(base), adapter=str(trained), engine="transformers")
    plain = load_engine(Settings(home=home, model=str(base), engine="transformers"))
    said: list[str] = []
    tuned = load_engine(settings, progress=said.append)
    assert any("merging adapter" in line for line in said)
    before, after = (e.choose([ASK], ["yes", "no"])[0].logprobs["yes"] for e in (plain, tuned))
    assert abs(before - after) > 0.01
    said.clear()
    load_engine(settings, progress=said.append)
    assert not any("merging" in line for line in said)
    (folder,) = (home / "models").glob("tiny+*")
    (folder / "model.safetensors").write_bytes(b"cut")
    assert merged_model(base, str(trained), home) == folder
    assert (folder / "model.safetensors").stat().st_size > 1000, "a damaged one is made anew"


def test_an_adapter_of_another_base_is_refused(trained: Path, home: Path, tmp_path: Path) -> None:
    other = tiny_model(tmp_path / "other", seed=1)
    with pytest.raises(EngineError, match="was trained on tiny .*not on other"):
        merged_model(other, str(trained), home)
    bare = tmp_path / "bare"
    shutil.copytree(trained, bare)
    (bare / "training.json").unlink()
    wider = tiny_model(tmp_path / "wider", hidden=64)
    with pytest.raises(EngineError, match="names tiny as its base, but the model is wider"):
        merged_model(wider, str(bare), home)
    config = json.loads((bare / "adapter_config.json").read_text())
    (bare / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": None}))
    with pytest.raises(EngineError, match="does not fit wider: .* layer of another shape"):
        merged_model(wider, str(bare), home)


def test_a_fingerprint_tells_weights_apart_and_not_files(base: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(base, copy)
    (copy / "README.md").write_text("x")
    assert fingerprint(copy) == fingerprint(base) != fingerprint(tiny_model(tmp_path / "other", seed=1))


def test_an_interval_narrows_with_examples() -> None:
    few, many = interval([0.0, 1.0] * 5), interval([0.0, 1.0] * 500)
    assert few["value"] == many["value"] == 0.5
    assert few["high"] - few["low"] > 4 * (many["high"] - many["low"])
