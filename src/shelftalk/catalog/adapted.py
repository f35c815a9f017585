"""Low-rank adapters of an encoder, added to its weights once so that the fast way runs them as any other model.

HOME/matchers/KEY/   the base model's files with the sum of both weights
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from shelftalk.catalog.base_models import base_model
from shelftalk.errors import EngineError
from shelftalk.lora import CONFIG, WEIGHTS, check, read_config
from shelftalk.resources import file_digest

__all__ = ["is_adapter", "merged"]

_A, _B = "lora_A.weight", "lora_B.weight"


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter instead of a model."""
    return (folder / CONFIG).is_file()


def merged(adapter: Path, home: Path) -> Path:
    """The folder of the adapter's base encoder with its weights added, made under `home` once.

    LoRA (Hu et al. 2021, arXiv 2106.09685): W + (alpha / r) B A. Raises EngineError where the base is not installed or the adapter
    cannot be added to it (`lora.check`), OSError where the sum cannot be written.
    """
    from safetensors.numpy import load_file, save_file

    config = read_config(adapter)
    if not (adapter / WEIGHTS).is_file():
        raise EngineError(f"adapter {adapter} has no {WEIGHTS}; copy it anew or train it again")
    key = file_digest(adapter / WEIGHTS)[:12]
    target = home / "matchers" / f"{key}-{file_digest(adapter / CONFIG)[:6]}"
    if (target / "modules.json").is_file() or (target / "config.json").is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        with base_model(str(config.get("base_model_name_or_path")), home) as base:
            scales = check(adapter, base, causal=False)
            shutil.copytree(base, partial, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
            held = load_file(base / "model.safetensors")
        lora = load_file(adapter / WEIGHTS)
        if other := [n for n in lora if not n.endswith((_A, _B))]:
            raise EngineError(f"adapter {adapter} holds {other[0]}; an encoder takes plain LoRA alone: train it again")
        for name in [n for n in lora if n.endswith(_A)]:
            module = name.removeprefix("base_model.model.").removesuffix(f".{_A}")
            matched = next(n for n in (f"{module}.weight", f"bert.{module}.weight") if n in held)
            a, b = lora[name].astype("float32"), lora[name.removesuffix(_A) + _B].astype("float32")
            held[matched] = held[matched] + scales[module] * (b @ a)
        save_file(held, partial / "model.safetensors", metadata={"format": "pt"})
        partial.replace(target)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError) and target.is_dir():  # another process was quicker
            return target
        raise
    return target
