"""Which folders lists and mails were written to: HOME/lists.json, so that what they hold of a person can be found again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, cast

from shelftalk.lists.storage import Place
from shelftalk.remembered import Remembered

Kind = Literal["lists", "mails"]
FILE = "lists.json"
_KEY = re.compile(r"(?<=://)[^/@]*@")  # of an address; it is asked of the environment when the folder is opened again


def remember(folder: Place, kind: Kind, home: Path) -> None:
    """Adds a folder."""
    _folders(home).add(_KEY.sub("", folder.address), kind)


def remembered(home: Path) -> dict[Place, Kind]:
    """The folders that are known, in the order in which they were first written to."""
    return {Place(address): cast("Kind", kind) for address, kind in _folders(home).all().items()}


def drop(folder: Place, home: Path) -> None:
    """Takes a folder out, which is there no more."""
    _folders(home).drop(folder.address)


def _folders(home: Path) -> Remembered:
    return Remembered(home, FILE, "folders", "folders of lists and mails")
