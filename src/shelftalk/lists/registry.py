"""Which folders lists and mails were written to: HOME/lists.json, so that what they hold of a person can be found again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from filelock import FileLock

from shelftalk.catalog.files import write_atomic
from shelftalk.errors import StorageError
from shelftalk.lists.storage import Place

Kind = Literal["lists", "mails"]
FILE = "lists.json"
_KEY = re.compile(r"(?<=://)[^/@]*@")  # of an address; it is asked of the environment when the folder is opened again


def remember(folder: Place, kind: Kind, home: Path) -> None:
    """Adds a folder."""
    _change(home, lambda held: {**held, _KEY.sub("", folder.address): kind})


def remembered(home: Path) -> dict[Place, Kind]:
    """The folders that are known, in the order in which they were first written to."""
    return {Place(address): kind for address, kind in _held(home / FILE).items()}


def drop(folder: Place, home: Path) -> None:
    """Takes a folder out, which is there no more."""
    _change(home, lambda held: {a: kind for a, kind in held.items() if a != folder.address})


def _change(home: Path, change: Callable[[dict[str, Kind]], dict[str, Kind]]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f".{FILE}.lock"):
        before = _held(home / FILE)
        after = change(before)
        if after != before:
            write_atomic(home / FILE, json.dumps({"folders": after}, indent=1) + "\n")


def _held(file: Path) -> dict[str, Kind]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8"))["folders"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{file}: the folders that lists were written to cannot be read ({error}); mend it, or move it away and name the folders "
            "yourself when a person is to be erased"
        ) from error
