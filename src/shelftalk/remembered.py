"""Which files or folders were made on this machine: a JSON file in the home folder, so that a person's lines can be found there again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from shelftalk.catalog.files import write_atomic
from shelftalk.errors import StorageError


@dataclass(frozen=True, slots=True)
class Remembered:
    """The places (paths, or addresses of folders) in HOME/`file`, each with a word on it, under `key`; `what` they are is for messages."""

    home: Path
    file: str
    key: str
    what: str

    def add(self, place: str, word: str) -> None:
        """Puts a place down, once."""
        self._change(lambda held: {**held, place: word})

    def drop(self, place: str) -> None:
        """Takes a place out, which is there no more."""
        self._change(lambda held: {p: word for p, word in held.items() if p != place})

    def all(self) -> dict[str, str]:
        """What was put down, in that order. StorageError where it cannot be read."""
        return self._held()

    def _change(self, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        with FileLock(self.home / f".{self.file}.lock"):
            before = self._held()
            after = change(before)
            if after != before:
                write_atomic(self.home / self.file, json.dumps({self.key: after}, indent=1) + "\n")

    def _held(self) -> dict[str, str]:
        path = self.home / self.file
        try:
            return dict(json.loads(path.read_text(encoding="utf-8"))[self.key])
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{path}: the {self.what} that were made cannot be read ({error}); mend it, or move it away and take a person's lines "
                "out of them yourself"
            ) from error
