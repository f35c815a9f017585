"""`shelftalk model`: prepare, list, serve."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shelftalk.cli.main import app
from shelftalk.engines import models, serving


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def unpack(source: Path, target: Path) -> None:
        target.mkdir()
        for name in ("config.json", "tokenizer.json", "model.safetensors"):
            (target / name).write_text("{}")

    monkeypatch.setattr(models, "_unpack", unpack)
    monkeypatch.setattr(models, "packaged_gguf", lambda: Path("weights.gguf"))
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path))
    monkeypatch.setenv("SHELFTALK_ADAPTER", "none")  # these weights are no weights that an adapter could be merged into
    return tmp_path


def states() -> dict[str, str]:
    done = CliRunner().invoke(app, ["model", "list", "--json"])
    assert done.exit_code == 0, done.output
    return {row["model"]: row["state"] for row in json.loads(done.stdout)}


def test_prepare_unpacks_the_model_and_prints_its_folder_and_list_says_so(home: Path) -> None:
    assert states()["SmolLM2-135M-Instruct"] == "packaged"
    done = CliRunner().invoke(app, ["model", "prepare", "--language-only"])
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(models.default_model_folder(home))
    assert states()["SmolLM2-135M-Instruct"] == "ready"


def test_list_shows_the_model_in_use_and_those_beside_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = home / "models" / "tuned"
    beside.mkdir(parents=True)
    (beside / "config.json").write_text("{}")
    monkeypatch.setenv("SHELFTALK_MODEL", "org/other")
    assert states() | {"tuned": "ready", "org/other": "named"} == states()
    assert "tuned" in CliRunner().invoke(app, ["model", "list"]).stdout


def test_list_names_the_adapter_in_use_and_says_where_one_is_missing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHELFTALK_ADAPTER")
    assert [name.partition("@")[0] for name in states() if "@" in name] == ["shop-smollm2-135m"]
    monkeypatch.setenv("SHELFTALK_ADAPTER", "nosuch")
    assert states()["nosuch"] == "missing"
    monkeypatch.setenv("SHELFTALK_ADAPTER", "none")
    assert not [name for name in states() if "@" in name or name == "none"]


def test_serve_hands_over_to_vllm_with_model_and_port(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[list[str]] = []
    monkeypatch.setattr(serving, "vllm_build", lambda: "cpu")
    monkeypatch.setattr(os, "execve", lambda path, command, environment: handed.append(command))
    done = CliRunner().invoke(app, ["model", "serve", "--port", "8123"])
    assert done.exit_code == 0, done.output
    assert handed[0][handed[0].index("--port") + 1] == "8123"
    assert str(models.default_model_folder(home)) in handed[0]


def test_a_server_that_takes_adapters_while_it_runs_listens_on_the_loopback_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(serving, "vllm_build", lambda: "cpu")
    monkeypatch.setattr(os, "execve", lambda path, command, environment: handed.append((command, environment)))
    refused = CliRunner().invoke(app, ["model", "serve", "--loads", "16", "--host", "0.0.0.0"])
    assert "--host must be of the loopback" in str(refused.exception)
    assert "the rank one of 1, 8, 16" in str(CliRunner().invoke(app, ["model", "serve", "--loads", "17"]).exception)
    assert not handed
    CliRunner().invoke(app, ["model", "serve", "--loads", "16"])
    command, environment = handed[0]
    assert command[command.index("--max-lora-rank") + 1] == "16"
    assert environment["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "True"
    CliRunner().invoke(app, ["model", "serve"])
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" not in handed[1][1]


@pytest.mark.parametrize(
    "status, text, said",
    [
        (404, '{"detail":"Not Found"}', "takes no adapters while it runs; start it with"),
        (400, "LoRA rank 32 is greater than max_lora_rank 16", "refuses adapter .* LoRA rank 32 .* no larger rank"),
        (200, "Success", None),
        (400, "The lora adapter 'x' has already been loaded.", None),
    ],
)
def test_an_adapter_is_added_to_a_running_server_or_it_says_why_not(
    home: Path, monkeypatch: pytest.MonkeyPatch, status: int, text: str, said: str | None
) -> None:
    import httpx

    from shelftalk.engines import adapters

    asked: list[tuple[str, dict[str, str]]] = []

    def post(address: str, json: dict[str, str], timeout: float) -> httpx.Response:
        asked.append((address, json))
        return httpx.Response(status, text=text)

    published = next(p for p in adapters.adapter_folders(home)[0].glob("*@*"))
    monkeypatch.setattr(httpx, "post", post)
    monkeypatch.setattr(adapters, "check_base", lambda adapter, base: None)
    done = CliRunner().invoke(app, ["model", "load", str(published), "--server", "http://localhost:8001/"])
    assert asked == [
        (
            "http://localhost:8001/v1/load_lora_adapter",
            {"lora_name": published.name, "lora_path": str(published.resolve())},
        )
    ]
    if said is None:
        assert done.stdout.strip() == published.name
    else:
        assert re.search(said, str(done.exception))
