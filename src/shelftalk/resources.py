"""Where the files that travel with the package are: prompts/, data/ and serve/, in a checkout or inside the wheel; digests of files and
versions of installed packages."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The folder or file of that name ("prompts", "data/demo", "serve"); FileNotFoundError where it was not packaged."""
    for root in (_HERE / "_files", _HERE.parent.parent):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"{name} is not packaged with shelftalk; reinstall the package")


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def installed_version(name: str) -> str | None:
    """The version of an installed package, None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
