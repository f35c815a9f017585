"""`shelftalk model`: prepare, list, serve."""

from __future__ import annotations

import json
import os
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


def test_serve_hands_over_to_vllm_with_model_and_port(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[list[str]] = []
    monkeypatch.setattr(serving, "vllm_build", lambda: "cpu")
    monkeypatch.setattr(os, "execve", lambda path, command, environment: handed.append(command))
    done = CliRunner().invoke(app, ["model", "serve", "--port", "8123"])
    assert done.exit_code == 0, done.output
    assert handed[0][handed[0].index("--port") + 1] == "8123"
    assert str(models.default_model_folder(home)) in handed[0]
