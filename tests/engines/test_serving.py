"""The command that serves a model, and that vLLM's own parser takes the configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shelftalk.engines import load, serving
from shelftalk.engines.adapters import Adapter
from shelftalk.errors import EngineError
from shelftalk.resources import resource

FILES = ("cpu.yaml", "gpu.yaml")


@pytest.mark.parametrize("build", ["cpu", "gpu"])
def test_the_command_names_model_configuration_and_port(monkeypatch: pytest.MonkeyPatch, build: str) -> None:
    monkeypatch.setattr(serving, "vllm_build", lambda: build)
    command = serving.serve_command(Path("/models/mine"), port=8123)
    assert "/models/mine" in command
    assert command[command.index("--config") + 1].endswith(f"vllm/{build}.yaml")
    assert command[command.index("--served-model-name") + 1] == "mine"
    assert command[command.index("--port") + 1] == "8123"


def test_adapters_are_served_beside_the_base_under_their_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "vllm_build", lambda: "cpu")
    beside = [
        Adapter(Path("/a/one@1"), "one", "1", "base", None, 8),
        Adapter(Path("/a/two"), "two", "2", "base", None, 12),
    ]
    command = serving.serve_command(Path("/models/mine"), adapters=beside)
    assert command[command.index("--max-lora-rank") + 1] == "16", "the least rank that vLLM knows for 12"
    assert command[command.index("--lora-modules") + 1 :] == ["one@1=/a/one@1", "two@2=/a/two"]
    assert "--enable-lora" not in serving.serve_command(Path("/models/mine"))


def test_without_vllm_there_is_nothing_to_serve_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "vllm_build", lambda: None)
    with pytest.raises(EngineError, match=r"docs/engines\.md"):
        serving.serve_command("org/model")


def test_the_environment_is_the_servers_alone_and_what_is_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "7")
    monkeypatch.delenv("VLLM_ENABLE_V1_MULTIPROCESSING", raising=False)
    monkeypatch.delenv("VLLM_NO_USAGE_STATS", raising=False)
    before = dict(os.environ)
    made = serving.serve_environment()
    assert dict(os.environ) == before
    assert made["VLLM_CPU_KVCACHE_SPACE"] == "7"
    assert made["VLLM_NO_USAGE_STATS"] == "1"
    assert "VLLM_ENABLE_V1_MULTIPROCESSING" not in made


@pytest.mark.vllm
def test_vllms_own_parser_takes_the_configurations() -> None:
    if not load.vllm_installed():
        pytest.skip("vLLM is not installed here")
    paths = [str(resource("serve") / "vllm" / name) for name in FILES]
    code = (
        "import sys\n"
        "from vllm.entrypoints.launchers.cli_args import make_arg_parser\n"
        "from vllm.utils.argparse_utils import FlexibleArgumentParser\n"
        "for path in sys.argv[1:]:\n"
        "    args = make_arg_parser(FlexibleArgumentParser()).parse_args(['--model', 'm', '--config', path])\n"
        "    print(args.max_model_len, args.structured_outputs_config.disable_any_whitespace)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lengths = [yaml.safe_load(Path(path).read_text())["max-model-len"] for path in paths]
    assert done.stdout.split("\n")[-3:-1] == [f"{length} True" for length in lengths]
