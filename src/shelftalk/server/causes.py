"""Why a process ended, told from what it wrote: the first error that it named, for what follows one is its echo."""

from __future__ import annotations

import re

from shelftalk.text import clean, shorten

__all__ = ["Cause"]

_ERROR = re.compile(r"(?:^|\s)((?:[A-Za-z_]\w*\.)*[A-Za-z]*(?:Error|Exception)): (?=\S)(.*)")
_WARNING = re.compile(r"\b(?:WARNING|INFO|DEBUG)\b")
_LONGEST = 500


class Cause:
    """Hears the lines of one run. `words` is a line of text, "" where it wrote nothing."""

    def __init__(self) -> None:
        self._named = self._last = ""
        self._open = False

    def hear(self, line: str) -> None:
        """The next line. An indented one after the error's belongs to it."""
        if not line.strip():
            return
        if self._open:
            self._open = False
            if line[0].isspace():
                self._named += " " + line.strip()
        self._last = line
        if not self._named and not _WARNING.search(line) and (found := _ERROR.search(line)):
            self._named, self._open = f"{found[1].rpartition('.')[2]}: {found[2]}", True

    @property
    def words(self) -> str:
        """The first error with its message, else the last line."""
        return shorten(clean(self._named or self._last), _LONGEST)
