"""Which fields a wish may be about: a small encoder orders them before the language model reads.

A sentence encoder (MiniLM with a low-rank adapter trained on the written set by `shelftalk train matcher`) embeds the request and
each thing that may be wanted ("low noise db", "no battery", "setup pop-up"); the nearest come first. A larger one (MPNet, trained
alike) then weighs the nearest few again. The prompt shows the few fields worth a look, best first and each with the likelier
way first, and is shorter for it; the language model decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shelftalk.understand.model.kept import KeptVectors
from shelftalk.values import Facet, Scalar

if TYPE_CHECKING:
    import numpy as np


__all__ = [
    "FieldMatcher",
    "KindMatcher",
    "NeedHead",
    "Offered",
    "TextMatcher",
    "Vectors",
    "clauses_of",
    "option_text",
    "options_of",
    "spans_of",
]

WEIGHED = 8  # fields that the larger encoder weighs again
LARGER_SHARE = 0.7  # what its cosine counts beside that of the first (dev split)
WEIGHED_KINDS = 14  # kinds that it weighs again
MOST_OFFERED = 7  # fields shown to the language model
MOST_VALUES = 5  # values of a field that are shown
LONGEST_VALUE = 32
LONGEST_SPAN, MOST_SPANS, MOST_CLAUSES = 6, 80, 8  # words of a span, spans and clauses of a request
HEAD, HEAD_WORDS = "head.json", 12  # the head's file, and at how many words a request counts as long
MOST_KEPT = 20_000  # vectors of options and kinds that are kept
MOST_ASKED = 64  # requests whose vectors are kept
AS_NEAR = 0.05  # cosines that differ by less are alike
_WORD = re.compile(r"[^\W\d_]{3}")
_MODEL = re.compile(r"\d{3}")  # "Phaser 6121MFP": a model's number is no wish
_SAID = re.compile(r"\w[\w'\u2019-]*")
_CLAUSES = re.compile(r"[,;:.!?()\n]+(?:\s|$)|\s(?:and|but)\s", re.IGNORECASE)

Option = tuple[str, Scalar]  # ("low" | "high", field's number) or (value, ...)


class TextEncoder(Protocol):
    """What the matcher needs of an embedder."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts."""
        ...


class Offered:
    """A field as it is offered: the facet, its ways or values with the likelier first, and how near the wish is."""

    __slots__ = ("facet", "score", "ways")

    def __init__(self, facet: Facet, ways: tuple[Scalar, ...], score: float = 0.0) -> None:
        self.facet, self.ways, self.score = facet, ways, score

    @property
    def named(self) -> bool:
        """Whether a value is wanted of it rather than low or high."""
        return self.facet.kind not in ("money", "number")


def plain(field: str) -> str:
    """The field's name in words."""
    return field.removeprefix("attributes.").replace("_", " ")


def values_of(facet: Facet) -> list[Scalar]:
    """The named values that may be offered, commonest first: codes and sizes ("L", "42") name no wish, rules read them."""
    held = [(v, str(v)) for v, _ in facet.values]
    return [
        v
        for v, text in held
        if len(text) <= LONGEST_VALUE
        and not set("\n;,:|") & set(text)
        and _WORD.search(text)
        and not _MODEL.search(text)
    ]


def coded(facet: Facet) -> bool:
    """Whether most of a field's values are codes or sizes, so that the few words among them mean no wish ("one size")."""
    return 2 * sum(_WORD.search(str(v)) is None for v, _ in facet.values) > len(facet.values)


def options_of(facet: Facet) -> list[Scalar]:
    """What may be wanted of a field: "low" and "high" of a number, yes and no, or a named value."""
    if facet.kind in ("money", "number"):
        return ["low", "high"]
    if facet.kind == "boolean":
        return [True, False]
    return list(values_of(facet))


def option_text(facet: Facet, option: Scalar) -> str:
    """The text that stands for an option: "low noise db", "no battery", "setup pop-up"."""
    name = plain(facet.field)
    if facet.kind in ("money", "number"):
        return f"{option} {name}"
    if isinstance(option, bool):
        return name if option else f"no {name}"
    return f"{name} {option}"


class Vectors:
    """An encoder with the vectors of fixed texts, which are kept: in memory, and in a file where one is given."""

    def __init__(self, encoder: TextEncoder, file: KeptVectors | None = None) -> None:
        self.encoder, self._file = encoder, file
        self._kept: dict[str, np.ndarray] = {}

    def of(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The vectors of texts that are asked for again and again."""
        held = {text: vector for text in texts if (vector := self._kept.get(text)) is not None}
        new = [text for text in dict.fromkeys(texts) if text not in held]
        if new and self._file is not None:
            held |= self._file.of(new, self.encoder.encode)
        elif new:
            held |= zip(new, self.encoder.encode(new), strict=True)
        if len(self._kept) + len(new) > MOST_KEPT:
            self._kept = {}  # anew: another thread may still read the old one
        self._kept.update(held)
        return [held[text] for text in texts]


def _kept(encoder: TextEncoder | Vectors) -> Vectors:
    return encoder if isinstance(encoder, Vectors) else Vectors(encoder)


class FieldMatcher:
    """Orders fields by how near a wish is to what they offer. Vectors of options are kept; those of requests are not."""

    def __init__(self, encoder: TextEncoder | Vectors, larger: TextEncoder | Vectors | None = None) -> None:
        self._first = _kept(encoder)
        self._larger = None if larger is None else _kept(larger)

    def offer(
        self, kinds: Sequence[str], request: str, fields: Sequence[Facet], most: int = MOST_OFFERED
    ) -> list[Offered]:
        """The fields nearest to the request, the nearest first, at most `most`, each with its ways in order."""
        wanted = [(facet, option) for facet in fields for option in options_of(facet)]
        query = query_text(kinds, request)
        ordered = _ordered(wanted, self._nearness(self._first, query, wanted))
        if self._larger is not None:
            near = {(o.facet.field, way): score for o in ordered for way, score in o.scores[: 2 * MOST_VALUES]}
            kept = {o.facet.field for o in ordered[:WEIGHED]}
            again = [(f, o) for f, o in wanted if f.field in kept and (f.field, o) in near]
            scores = self._nearness(self._larger, query, again)
            mixed = [
                (1 - LARGER_SHARE) * near[f.field, o] + LARGER_SHARE * s
                for (f, o), s in zip(again, scores, strict=True)
            ]
            ordered = [*_ordered(again, mixed), *(o for o in ordered if o.facet.field not in kept)]
        return [
            Offered(o.facet, tuple(way for way, _ in o.scores[:MOST_VALUES]), o.scores[0][1]) for o in ordered[:most]
        ]

    @staticmethod
    def _nearness(vectors: Vectors, query: str, wanted: Sequence[tuple[Facet, Scalar]]) -> list[float]:
        held = vectors.of([option_text(facet, option) for facet, option in wanted])
        asked = vectors.encoder.encode([query])[0] if held else None
        return [float(vector @ asked) for vector in held]

    def said(
        self, kinds: Sequence[str], spans: Sequence[str], wanted: Sequence[tuple[Facet, Scalar]]
    ) -> list[tuple[str, float]]:
        """For each option that is wanted, the words of the request that it answers, and how near (cosine) they stand: of the spans
        that stand nearest to it the longest; "" and 0 where there are none."""
        if not spans or not wanted:
            return [("", 0.0)] * len(wanted)
        vectors = self._first.encoder.encode([query_text(kinds, span) for span in spans])
        found = []
        for option in self._first.of([option_text(facet, option) for facet, option in wanted]):
            near = vectors @ option
            nearest = (span for span, score in zip(spans, near, strict=True) if score >= near.max() - AS_NEAR)
            found.append((max(nearest, key=len), float(near.max())))
        return found


class _Ways(NamedTuple):
    """A field with its options and how near each is, the nearest first."""

    facet: Facet
    scores: list[tuple[Scalar, float]]


def _ordered(wanted: Sequence[tuple[Facet, Scalar]], scores: Sequence[float]) -> list[_Ways]:
    """The fields in the order of their nearest options."""
    by: dict[str, _Ways] = {}
    for (facet, option), score in zip(wanted, scores, strict=True):
        by.setdefault(facet.field, _Ways(facet, [])).scores.append((option, score))
    for ways in by.values():
        ways.scores.sort(key=lambda way: -way[1])
    return sorted(by.values(), key=lambda ways: -ways.scores[0][1])


def query_text(kinds: Sequence[str], request: str) -> str:
    """The text that stands for a request."""
    return f"{', '.join(kinds[:2]) or 'Products'}: {request[:300]}"


def spans_of(request: str, dull: Collection[str], no_end: Collection[str] = ()) -> list[str]:
    """The runs of one to six words of a request within its clauses, whole as they stand, that begin and end with no dull word,
    and do not end with one of `no_end`."""
    out: dict[str, None] = {}
    for clause in _CLAUSES.split(request[:300]):
        found = list(_SAID.finditer(clause))
        for first, start in enumerate(found):
            if start.group().lower() in dull:
                continue
            for end in found[first : first + LONGEST_SPAN]:
                if end.group().lower() not in dull and end.group().lower() not in no_end:
                    out.setdefault(clause[start.start() : end.end()])
    return list(out)[:MOST_SPANS]


def clauses_of(request: str) -> list[str]:
    """The clauses of a request, each of two words at least."""
    return [c.strip() for c in _CLAUSES.split(request[:300]) if len(c.split()) > 1][:MOST_CLAUSES]


def plain_order(fields: Sequence[Facet], most: int) -> list[Offered]:
    """The fields as they come, without a matcher."""
    return [Offered(facet, tuple(options_of(facet)[:MOST_VALUES])) for facet in fields[:most] if options_of(facet)]


@dataclass(frozen=True)
class NeedHead:
    """A logistic regression over the vector of a request: does it tell of a need ("the milk goes off before I am home"), or does it
    name its product? Fitted beside the matcher of kinds (`train.telling`) and shipped in its folder as `head.json`."""

    weights: tuple[float, ...]
    length: float
    bias: float

    def probability(self, vector: np.ndarray, text: str) -> float:
        """That the request of this unit vector tells of a need, 0 to 1."""
        words = min(len(text.split()), HEAD_WORDS) / HEAD_WORDS
        score = sum(w * float(v) for w, v in zip(self.weights, vector, strict=True)) + self.length * words + self.bias
        return 1 / (1 + exp(-max(-30.0, min(30.0, score))))

    @classmethod
    def read(cls, folder: Path, dimensions: int) -> NeedHead | None:
        """The head in a matcher's folder, for vectors of so many dimensions; None where it has none. Raises ValueError, KeyError or
        TypeError for one that cannot be read or was fitted over vectors of another length."""
        file = folder / HEAD
        if not file.is_file():
            return None
        held = json.loads(file.read_text("utf-8"))
        head = cls(tuple(map(float, held["weights"])), float(held["length"]), float(held["bias"]))
        if len(head.weights) != dimensions:
            raise ValueError(
                f"it was fitted over vectors of {len(head.weights)} dimensions, the encoder makes {dimensions}"
            )
        return head


class KindMatcher:
    """Orders kinds of product by how near a need is to their names. Vectors of kinds are kept, of needs the last few."""

    def __init__(
        self,
        encoder: TextEncoder | Vectors,
        head: NeedHead | None = None,
        larger: TextEncoder | Vectors | None = None,
    ) -> None:
        self._first, self._head = _kept(encoder), head
        self._larger = None if larger is None else _kept(larger)
        self._asked: dict[tuple[str, str], np.ndarray] = {}

    def tells(self, text: str) -> float | None:
        """How likely a request tells of a need rather than names its product, 0 to 1; None without a head."""
        return None if self._head is None else self._head.probability(self._vector("first", self._first, text), text)

    def order(self, need: str, kinds: Sequence[str]) -> list[tuple[str, float]]:
        """The kinds with their cosines, the nearest first. With a larger encoder the nearest few come in the order of both and as far behind
        each other; how near the first stands is as the small one says, by whose scale it is judged whether anything helps."""
        named, query = list(dict.fromkeys(kinds)), self._vector("first", self._first, need)
        found = sorted(zip(named, (float(v @ query) for v in self._first.of(named)), strict=True), key=lambda k: -k[1])
        if self._larger is None:
            return found
        few, query = found[:WEIGHED_KINDS], self._vector("larger", self._larger, need)
        again = [float(v @ query) for v in self._larger.of([kind for kind, _ in few])]
        mixed = [(1 - LARGER_SHARE) * s + LARGER_SHARE * own for (_, s), own in zip(few, again, strict=True)]
        order = sorted(range(len(few)), key=lambda n: -mixed[n])
        behind = found[0][1] - mixed[order[0]] if few else 0.0
        front = [(few[n][0], mixed[n] + behind) for n in order]
        last = front[-1][1] if front else 0.0
        return [*front, *((kind, min(score, last)) for kind, score in found[WEIGHED_KINDS:])]

    def _vector(self, which: str, vectors: Vectors, need: str) -> np.ndarray:
        key = which, need[:300]
        vector = self._asked.get(key)
        if vector is None:
            vector = vectors.encoder.encode([key[1]])[0]
            if len(self._asked) >= MOST_ASKED:
                self._asked = {}  # anew: another thread may still read the old one
            self._asked[key] = vector
        return vector


class TextMatcher:
    """Tells how near the sentences of descriptions stand to what a shopper says. Vectors of sentences are kept, of what is said the last
    few: an answer asks about the sentences of one product after the other."""

    def __init__(self, encoder: TextEncoder | Vectors) -> None:
        self._vectors = _kept(encoder)
        self._asked: dict[str, np.ndarray] = {}

    def nearness(self, kinds: Sequence[str], said: Sequence[str], sentences: Sequence[str]) -> np.ndarray:
        """The cosines, one row for each thing that is said, one column a sentence."""
        import numpy as np

        if not said or not sentences:
            return np.zeros((len(said), len(sentences)), np.float32)
        found = np.stack([self._vector(query_text(kinds, one)) for one in said])
        return found @ np.stack(self._vectors.of(sentences)).T  # type: ignore[no-any-return]

    def _vector(self, query: str) -> np.ndarray:
        vector = self._asked.get(query)
        if vector is None:
            vector = self._vectors.encoder.encode([query])[0]
            if len(self._asked) >= MOST_ASKED:
                self._asked = {}  # anew: another thread may still read the old one
            self._asked[query] = vector
        return vector


def narrowed(facet: Facet, ways: Sequence[Scalar]) -> Facet:
    """The facet with only those values, in that order."""
    if facet.kind in ("money", "number", "boolean"):
        return facet
    counts = dict(facet.values)
    return replace(facet, values=tuple((v, counts.get(v, 1)) for v in ways))
