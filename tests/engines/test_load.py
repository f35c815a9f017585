"""Which engine the settings and the machine lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelftalk.engines import load
from shelftalk.engines.load import choose_engine
from shelftalk.errors import EngineError, UsageError
from shelftalk.settings import Settings


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(load, "vllm_installed", lambda: True)
    monkeypatch.setattr(load, "vllm_build", lambda: "cpu")
    monkeypatch.setattr(load, "cuda_available", lambda: False)
    return monkeypatch


def test_on_a_cpu_one_request_takes_transformers_and_many_take_vllm(machine: pytest.MonkeyPatch) -> None:
    assert choose_engine(Settings())[0] == "transformers"
    assert choose_engine(Settings(), batch=True)[0] == "vllm"


def test_on_a_gpu_vllm_is_taken_for_both(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(load, "vllm_build", lambda: "gpu")
    machine.setattr(load, "cuda_available", lambda: True)
    assert {choose_engine(Settings(), batch=batch)[0] for batch in (True, False)} == {"vllm"}


@pytest.mark.parametrize("build", [None, "gpu"])
def test_without_a_vllm_that_works_here_transformers_is_taken(machine: pytest.MonkeyPatch, build: str | None) -> None:
    machine.setattr(load, "vllm_build", lambda: build)
    assert choose_engine(Settings(), batch=True)[0] == "transformers"


@pytest.mark.parametrize("settings", [Settings(server="http://shop:8000"), Settings(model="http://shop:8000")])
def test_a_server_wins_where_one_is_set(machine: pytest.MonkeyPatch, settings: Settings) -> None:
    assert choose_engine(settings)[0] == "server"
    assert "http://shop:8000" in choose_engine(settings)[1]


def test_what_is_set_is_taken(machine: pytest.MonkeyPatch) -> None:
    assert choose_engine(Settings(engine="vllm"))[0] == "vllm"
    assert choose_engine(Settings(engine="transformers"), batch=True)[0] == "transformers"


def test_settings_that_contradict_are_refused(machine: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="needs the server's address"):
        choose_engine(Settings(engine="server"))
    with pytest.raises(UsageError, match="is a server's address, but the engine is 'vllm'"):
        choose_engine(Settings(engine="vllm", model="http://shop:8000"))


def test_asking_for_vllm_where_there_is_none_says_where_to_get_it(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(load, "vllm_installed", lambda: False)
    with pytest.raises(EngineError, match=r"docs/engines\.md"):
        choose_engine(Settings(engine="vllm"))


def test_a_damaged_base_is_told_with_its_file_before_an_adapter_is_merged_into_it(tmp_path: Path) -> None:
    from shelftalk.engines.adapters import fingerprint

    (tmp_path / "model.safetensors").write_text("{}")
    with pytest.raises(EngineError, match=r"model\.safetensors is damaged"):
        fingerprint(tmp_path)


def test_vllm_finds_nothing_in_the_library_object_of_numba() -> None:
    """vLLM reads the `__dict__` of all that modules hold; llvmlite's library answers to that name too, with no dictionary."""
    from shelftalk.engines.vllm_engine import _hide_llvmlite

    ffi = pytest.importorskip("llvmlite.binding.ffi")
    _hide_llvmlite()
    _hide_llvmlite()
    assert not hasattr(ffi.lib, "__dict__")
    assert ffi.lib.LLVMPY_GetVersionInfo() > 0
