"""Whether a turn asks the shop about itself (delivery, returns, guarantee, an order, payment, hours), and which of these it is about; and
whether it is a remark that asks for nothing ("you are funny").

Told by written examples of both sides (examples.yaml) and the catalogue's own embedder: kernel ridge regression over the
cosines (Saunders, Gammerman and Vovk 1998). A request that is not in the form of a question must be surer. How it does on turns
that the examples do not hold: tests/understand/test_service.py.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from shelftalk.understand.model.kept import KeptVectors

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ServiceQuestions"]

_EXAMPLES = Path(__file__).parent / "examples.yaml"
_QUESTION = re.compile(
    r"(?:(?:hi|hello|hey|so|and|but|ok|okay|also|well|please|sorry|by the way)\b[\s,.!]*)*(?:do|does|did|can|could|will|would|is|are|am|how|what|what's|whats"
    r"|when|where|where's|which|who|whom|why|may|should|shall|got|have|has)\b|.*\?\s*$",
    re.I | re.S,
)
# What begins so is a thing that is wanted: "a suitcase that ships with a lock".
_A_THING = re.compile(r"\W*(?:an?|some|something|anything|someone who)\b", re.I)
_MOST_WORDS = 40
_SHARPNESS, _RIDGE = 4.0, 0.3  # fitted by leaving examples out
ASKED, STATED = 0.08, 0.3  # the least score of a question, and of any other turn; examples stand at -1 and 1
REMARKED = 0.1  # the least score of a remark
_NEAREST = 3
# The share of examples, each left out in turn, that must fall on their side for an embedder to be trusted: all-MiniLM-L6-v2 .91, a bag of
# hashed words .77, which took "how big is the second?" for a question to the shop.
TRUSTED = 0.85

logger = logging.getLogger(__name__)


class ServiceQuestions:
    """Tells questions to the shop about itself. `encode` makes unit vectors of texts as requests, a row each; what is made of the examples
    is kept in the folder `home` for an embedder's next start. With an embedder that does not tell the examples themselves apart no turn is
    taken for such a question. Safe to share between threads."""

    def __init__(self, encode: Callable[[Sequence[str]], Sequence[np.ndarray]], home: Path | None = None) -> None:
        self._encode, self._home = encode, home
        self._lock = threading.Lock()
        self._fitted: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._trusted = True
        examples = yaml.safe_load(_EXAMPLES.read_text(encoding="utf-8"))
        self.topics: tuple[str, ...] = tuple(examples["shop"])
        self._texts = [(plain(text), topic) for topic, texts in examples["shop"].items() for text in texts]
        self._others = [plain(text) for text in examples["products"]]
        self._remarks = [plain(text) for text in examples["remarks"]]
        self._turns = [plain(text) for text in examples["turns"]]

    def ready(self) -> None:
        """Reads or makes what is made of the examples now, so that no first question waits for it."""
        self._known()

    def asks(self, text: str) -> bool:
        """Whether the turn asks the shop about itself. Kinds of product in it are best given as "item"."""
        words = text.split()
        if not words or len(words) > _MOST_WORDS or _A_THING.match(text):
            return False
        least = ASKED if _QUESTION.match(text) else STATED
        vectors, weights, _ = self._known()
        ours = len(weights)
        return self._trusted and float(self._near(self._one(text), vectors[:ours]) @ weights) > least

    def remark(self, text: str) -> bool:
        """Whether a later turn, in which nothing of the catalogue is named, is a remark that asks for nothing."""
        if len(text.split()) > _MOST_WORDS or _A_THING.match(text):
            return False
        vectors, _, weights = self._known()
        return self._trusted and float(self._near(self._one(text), vectors) @ weights) > REMARKED

    def about(self, texts: Sequence[str]) -> np.ndarray:
        """How much each text is about each of the topics: the mean cosine to the nearest examples of each, shape (texts, topics)."""
        import numpy as np

        vectors, _, _ = self._known()
        cosines = np.stack(list(self._encode([plain(t) for t in texts]))) @ vectors[: len(self._texts)].T
        of = np.array([topic for _, topic in self._texts])
        columns = [np.sort(cosines[:, of == topic], axis=1)[:, -_NEAREST:].mean(axis=1) for topic in self.topics]
        return np.stack(columns, axis=1)

    def _one(self, text: str) -> np.ndarray:
        return self._encode([plain(text)])[0]

    @staticmethod
    def _near(vector: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        import numpy as np

        return np.asarray(np.exp(_SHARPNESS * (vectors @ vector - 1)))

    def _known(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The examples' vectors, and the weights of questions to the shop (those of the first examples alone) and of remarks, made once."""
        import numpy as np

        with self._lock:
            if self._fitted is None:
                vectors = self._vectors()
                asked, first = len(self._texts), len(self._texts) + len(self._others)
                at = np.arange(len(vectors))
                remarks = (at >= first) & (at < first + len(self._remarks))
                self._fitted = vectors, self._trust(vectors[:first], at[:first] < asked), _weights(vectors, remarks)[0]
            return self._fitted

    def _trust(self, vectors: np.ndarray, ours: np.ndarray) -> np.ndarray:
        weights, right = _weights(vectors, ours)
        self._trusted = right >= TRUSTED
        if not self._trusted:
            logger.warning(
                "questions to the shop are not told apart: the embedder puts %.0f%% of the examples on their side",
                100 * right,
            )
        return weights

    def _vectors(self) -> np.ndarray:
        import numpy as np

        texts = [*(text for text, _ in self._texts), *self._others, *self._remarks, *self._turns]
        if self._home is None:
            return np.stack(list(self._encode(texts)))
        first = self._encode(texts[:1])[0]
        embedder = hashlib.sha256(first.round(2).tobytes()).hexdigest()[:12]  # known by what it makes of the first
        file = self._home / "vectors" / f"examples-{embedder}.sqlite"
        held = KeptVectors(file, len(first)).of(texts, self._encode)
        return np.stack([held[text] for text in texts])


def _weights(vectors: np.ndarray, ours: np.ndarray) -> tuple[np.ndarray, float]:
    """The weights of the examples, `ours` against the others, and the share of those that the others tell right."""
    import numpy as np

    wanted = np.where(ours, 1.0, -1.0)
    share = np.where(ours, len(ours) / (2 * ours.sum()), len(ours) / (2 * (~ours).sum()))  # both sides count the same
    kernel = np.exp(_SHARPNESS * (vectors @ vectors.T - 1)) + _RIDGE * np.diag(1 / share)
    inverse = np.linalg.inv(kernel)
    weights = inverse @ wanted
    left_out = wanted - weights / np.diag(inverse)  # what each example would be told as by the others
    return np.asarray(weights, dtype=np.float32), float((left_out * wanted > 0).mean())


def plain(text: str) -> str:
    """The text as the examples are written: in lower case, without marks around it."""
    return text.lower().replace("’", "'").strip(" \t\r\n?.!,;:")
