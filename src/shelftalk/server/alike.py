"""Whether two processes would give the same answer: one short text of all that answers depend on, to be compared.

The version and the files of the package, the settings that answers depend on, the servers that are asked, the prompts, the
adapter and the model where they are folders, and which catalogue it is. What the catalogue holds is not in it: whoever
answers reads that anew for each request.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import stat
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from shelftalk.resources import resource
from shelftalk.settings import Settings

# Settings that say where things are, who may ask, or how a server is run; `catalog` is told by its folder.
_NO_MATTER = {"home", "catalog", "data", "server", "api_key", "serve"}
_PACKAGE = Path(__file__).resolve().parent.parent


def _build() -> list[Any]:
    """The files of the package, and the adapters that travel with it, as this process found them when it began: what changes
    later makes another build."""
    try:
        number = version("shelftalk")
    except PackageNotFoundError:
        number = ""
    return [
        number,
        sys.prefix,
        list(_state(_PACKAGE, deep=True)),
        *(list(_state(f, deep=True)) for f in _shipped("serve")),
    ]


def _state(folder: Path, *, deep: bool = False) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of each file in a folder, sorted."""
    found = folder.rglob("*") if deep else folder.glob("*")
    for path in sorted(p for p in found if "__pycache__" not in p.parts):
        with contextlib.suppress(OSError):  # gone since it was listed
            now = path.stat()
            if stat.S_ISREG(now.st_mode):
                yield str(path.relative_to(folder)), now.st_size, now.st_mtime_ns


def servers_of(settings: Settings) -> list[str]:
    """The addresses of the language models that a shelf with these settings asks."""
    named = (settings.server, settings.model if settings.model.startswith(("http://", "https://")) else None)
    return [address for address in named if address]


def likeness(settings: Settings, catalog: Path, prompts: Path | None = None, *, servers: Sequence[str] = ()) -> str:
    """Equal for two processes that answer alike. `servers` are the language models' addresses that are asked.

    Raises OSError where the catalogue or a folder cannot be read.
    """
    folders = [prompts or resource("prompts"), *([own.expanduser()] if (own := settings.prompts.folder) else [])]
    prompts_named = (
        settings.understand.prompt,
        settings.rank.prompt,
        settings.rank.suits_prompt,
        settings.explain.prompt,
    )
    files = [Path(name).expanduser() for name in prompts_named if name and name.endswith(".jinja")]
    folder, made = catalog.resolve(strict=True), (catalog / "catalog.json").stat()
    adapter = settings.adapter_in_force
    told = {
        "build": BUILD,
        "settings": settings.model_dump(mode="json", exclude=_NO_MATTER),
        "servers": sorted(set(servers)),
        "catalog": [str(folder), made.st_dev, made.st_ino, made.st_mtime_ns],
        "prompts": [
            *([str(p.relative_to(f)), p.read_text("utf-8")] for f in folders for p in sorted(f.rglob("*.jinja"))),
            *([p.name, p.read_text("utf-8")] for p in files),
        ],
        "adapter": None if adapter is None else _adapter(adapter, settings.home_folder),
        "model": _folder(settings.model),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def _folder(name: str) -> list[Any] | None:
    """The files of a model or an adapter that is a folder; None where the name is another kind of name."""
    folder = Path(name).expanduser()
    return [str(folder.resolve()), list(_state(folder))] if folder.is_dir() else None


def _adapter(name: str, home: Path) -> list[Any]:
    """The folder that an adapter's name stands for, or the published ones that it may mean: their names carry a hash."""
    here = _folder(name)
    if here is not None:
        return here
    roots = [*_shipped("serve/adapters"), home / "adapters"]
    return sorted(str(p) for root in roots for p in root.glob(f"{name.partition('@')[0]}@*"))


def _shipped(name: str) -> list[Path]:
    """The folder of that name that travels with the package, where it does."""
    try:
        return [resource(name)]
    except FileNotFoundError:
        return []


BUILD = _build()
