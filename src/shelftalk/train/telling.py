"""Fits the head that tells a need ("the milk goes off before I am home") from a request that names its product.

A logistic regression over the vectors of the matcher of kinds and the length of a request. Needs of train are one side; on the other
are the requests of `named.txt`, the wishes of train that name their kind, and requests as they are typed into a search box, made
of the kinds' names, their fields and values ("pop-up tent under 200", "i am looking for a kettle without whistle").
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from shelftalk.understand.model import HEAD_WORDS
from shelftalk.words.stems import stem
from shelftalk.written import Kind, WrittenSet

__all__ = ["fit_head", "named_requests"]

A_KIND = 12  # requests made for a kind
ASKED = (
    "",
    "",
    "",
    "i am looking for a ",
    "i need a ",
    "i want a ",
    "do you have a ",
    "looking for a ",
    "can you show me a ",
)
FOR = ("women", "men", "kids", "travel", "the office", "my mum", "beginners")
STRENGTH = 3.0  # inverse of the L2 penalty
_WORD = re.compile(r"[a-z]+")


def named_requests(found: WrittenSet, seed: int = 0) -> list[str]:
    """Requests that name their product: the written ones, wishes of train with a word of their kind's name, made ones for each kind."""
    out = [*found.named]
    out += [w.text for w in found.wishes if w.split == "train" and _names(w.text, w.kind)]
    draw = random.Random(seed)
    for kind in found.kinds.values():
        out += [_made(kind, draw) for _ in range(A_KIND)]
    return list(dict.fromkeys(out))


def fit_head(
    found: WrittenSet, encode: Callable[[Sequence[str]], Any], seed: int = 0
) -> tuple[dict[str, Any], dict[str, float]]:
    """The head as it is kept in `head.json` (weights of the vector, of the length, bias), and on dev the share of needs that it
    takes for needs and of named requests that it takes for named ones."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    def rows(texts: Sequence[str]) -> Any:
        vectors = np.concatenate([encode(texts[i : i + 64]) for i in range(0, len(texts), 64)])
        words = [[min(len(t.split()), HEAD_WORDS) / HEAD_WORDS] for t in texts]
        return np.hstack([vectors, words])

    needs, named = [n.text for n in found.needs if n.split == "train"], named_requests(found, seed)
    model = LogisticRegression(C=STRENGTH, max_iter=1000, class_weight="balanced")
    model.fit(rows([*needs, *named]), [1] * len(needs) + [0] * len(named))
    *weights, length = (round(float(w), 4) for w in model.coef_[0])
    head = {"weights": weights, "length": length, "bias": round(float(model.intercept_[0]), 4)}
    dev = {}
    for name, right, texts in (
        ("needs_told", 1, [n.text for n in found.needs if n.split == "dev"]),
        ("named_told", 0, [w.text for w in found.wishes if w.split == "dev" and _names(w.text, w.kind)]),
    ):
        if texts:
            dev[name] = round(float((model.predict(rows(texts)) == right).mean()), 4)
    return head, dev


def _names(text: str, kind: str) -> bool:
    return stem(kind.rsplit(maxsplit=1)[-1].lower()) in {stem(w) for w in _WORD.findall(text.lower())}


def _made(kind: Kind, draw: random.Random) -> str:
    many = kind.name.lower()
    one = many[:-1] if many.endswith("s") and not many.endswith("ss") else many
    values = [v for f in kind.fields for v in f.values] or ["new"]
    name = draw.choice([f.name.rsplit("_", 1)[0].replace("_", " ") for f in kind.fields] or ["warranty"])
    a, b = draw.choice(values), draw.choice(values)
    said = draw.choice(
        (
            one, many, f"{a} {one}", f"{one} {a}", f"{one} with {name}", f"{one} without {name}", f"{a} {b} {many}",
            f"{many} {a} under {draw.randint(10, 400)}", f"{one} for {draw.choice(FOR)}", f"{a} {name} {one}",
        )
    )  # fmt: skip
    return draw.choice(ASKED) + said
