"""Low-rank adapters of an encoder, added to its weights once so that the fast way runs them as any other model.

HOME/matchers/KEY/   the base model's files with the sum of both weights
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from shelftalk.catalog.base_models import base_model

__all__ = ["is_adapter", "merged"]


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter instead of a model."""
    return (folder / "adapter_config.json").is_file()


def merged(adapter: Path, home: Path) -> Path:
    """The folder of the adapter's base encoder with its weights added, made under `home` once.

    LoRA (Hu et al. 2021, arXiv 2106.09685): W + (alpha / r) B A. Raises EngineError where the base is not installed, OSError,
    ValueError, KeyError or StopIteration for an adapter that does not fit.
    """
    from safetensors.numpy import load_file, save_file

    weights = adapter / "adapter_model.safetensors"
    key = hashlib.sha256(weights.read_bytes()).hexdigest()[:12]
    target = home / "matchers" / key
    if (target / "modules.json").is_file() or (target / "config.json").is_file():
        return target
    config = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    scale = float(config["lora_alpha"]) / int(config["r"])
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        with base_model(str(config.get("base_model_name_or_path")), home) as base:
            shutil.copytree(base, partial, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
            held = load_file(base / "model.safetensors")
        lora = load_file(weights)
        for name in [n for n in lora if n.endswith("lora_A.weight")]:
            module = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            matched = next(n for n in (f"{module}.weight", f"bert.{module}.weight") if n in held)
            a, b = lora[name].astype("float32"), lora[name.replace("lora_A", "lora_B")].astype("float32")
            held[matched] = held[matched] + scale * (b @ a)
        save_file(held, partial / "model.safetensors", metadata={"format": "pt"})
        partial.replace(target)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError) and target.is_dir():  # another process was quicker
            return target
        raise
    return target
