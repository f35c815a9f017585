"""What the shop says of itself: a Markdown file (setting shop.about), of which the passage that answers a question is quoted."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shelftalk.catalog import Catalog
from shelftalk.errors import UsageError
from shelftalk.settings import Settings
from shelftalk.text import clean, shorten
from shelftalk.understand.service import ServiceQuestions

if TYPE_CHECKING:
    import numpy as np

__all__ = ["About", "Passage", "passages", "told_of_the_shop"]

LONGEST = 600  # characters of a passage
NEAR = 0.55  # the cosine of a passage that answers though it is mostly about something else
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_UNDERLINE = re.compile(r"(?:=+|-+)\s*$")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"(\*\*|__|`|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w))")
_COMMENT = re.compile(r"<!--.*?-->|^---\n.*?\n---\n", re.S)


@dataclass(frozen=True, slots=True)
class Passage:
    """What stands below a heading ("" for none) in the file: all of it where that is short, else some paragraphs."""

    heading: str
    text: str


def passages(markdown: str) -> list[Passage]:
    """The passages of a Markdown text, in their order, without its marks."""
    found: list[Passage] = []
    heading, held = "", list[str]()

    def end() -> None:
        text = clean(" ".join(held))
        held.clear()
        last = found[-1] if found and found[-1].heading == heading else None
        if text and last is not None and len(last.text) + len(text) < LONGEST:
            found[-1] = Passage(heading, f"{last.text} {text}")
        elif text:
            found.append(Passage(heading, shorten(text, LONGEST)))

    for line in _COMMENT.sub("", markdown.replace("\ufeff", "").replace("\r\n", "\n")).split("\n"):
        if match := _HEADING.match(line):
            end()
            heading = _unmarked(match[2])
        elif held and _UNDERLINE.match(line):
            below = held.pop()
            end()
            heading = below
        elif not line.strip():
            end()
        else:
            held.append(_unmarked(_ITEM.sub("", line)))
    end()
    return found


def _unmarked(line: str) -> str:
    return _MARKS.sub("", _LINK.sub(r"\1", line)).strip()


def told_of_the_shop(catalog: Catalog, settings: Settings) -> tuple[ServiceQuestions, About | None]:
    """What tells questions to the shop by the catalogue's embedder, and the shop's page where the settings name one."""

    def encode(texts: Sequence[str]) -> Sequence[np.ndarray]:
        return catalog.embedder.encode_queries(texts)

    questions = ServiceQuestions(encode, settings.home_folder)
    return questions, About(settings.shop.about, questions, encode) if settings.shop.about else None


class About:
    """The passages of a file, read again when it changes. `encode` makes unit vectors of texts as requests.

    Raises UsageError where the file cannot be read."""

    def __init__(
        self, path: Path, questions: ServiceQuestions, encode: Callable[[Sequence[str]], Sequence[np.ndarray]]
    ) -> None:
        self._path, self._questions, self._encode = path, questions, encode
        self._lock = threading.Lock()
        self._state: tuple[float, int] | None = None
        self._held: tuple[list[Passage], np.ndarray, np.ndarray] | None = None
        self._read()

    def passage(self, question: str) -> Passage | None:
        """The passage that answers a question to the shop: the nearest of those that are about the same, None where there is none."""
        import numpy as np

        with self._lock:
            self._read()
            if self._held is None:
                return None
            found, vectors, topics = self._held
        near = vectors @ self._encode([question])[0]
        topic = int(np.argmax(self._questions.about([question])[0]))
        own = np.argmax(topics, axis=1) == topic
        if own.any():
            return found[int(np.argmax(np.where(own, near + topics[:, topic], -np.inf)))]
        best = int(np.argmax(near))
        return found[best] if near[best] >= NEAR else None

    def _read(self) -> None:
        import numpy as np

        try:
            stat = self._path.stat()
            if self._state == (stat.st_mtime, stat.st_size):
                return
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            if self._state is not None:  # what was read goes on
                return
            raise UsageError(
                f"setting shop.about: {self._path} cannot be read ({error}); give a Markdown file in UTF-8"
            ) from error
        self._state, found = (stat.st_mtime, stat.st_size), passages(text)
        whole = [f"{p.heading}. {p.text}" if p.heading else p.text for p in found]
        self._held = (found, np.stack(list(self._encode(whole))), self._questions.about(whole)) if found else None
