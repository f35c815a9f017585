"""What the embedder learns from: a request, a text that answers it, and texts that do not, by source.

Each source keeps a part back (kinds of the texts, needs of the dev split, a fifth of the graded queries), over which `figures` are
computed, so that an adapter that is better at one job and worse at another is seen.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shelftalk.errors import UsageError
from shelftalk.written import Wish, WrittenSet, WrittenText, made_products, read_texts, read_written
from shelftalk.written.parse import HELD, FieldSpec

__all__ = ["Encode", "PairSource", "Row", "figures", "rows_of", "text_figures"]

OTHERS = 2  # texts that do not answer, beside each request
AMONG = 20  # sentences from elsewhere that a right one competes with in the figures
GAINS = {"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0}  # of nDCG, by the convention of the Shopping Queries
A_QUERY = 12  # right products learnt from a graded query

Row = dict[str, str]  # anchor, positive, negative_1, ...
Encode = Callable[[Sequence[str]], Any]


class PairSource(BaseModel):
    """Where pairs come from: `texts` (a folder in the format of data/wishes/texts), `needs` and `wishes` (a written set), `esci`
    (graded queries and their products) or `answers` (ProductQA's answers to questions about a product); `path` of other ones than
    the bundled; at most `limit` rows."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["texts", "needs", "wishes", "esci", "answers"]
    path: Path | None = None
    limit: int | None = Field(None, ge=1)


def rows_of(source: PairSource, data: Path | None, seed: int) -> list[Row]:
    """The rows of a source's train part, shuffled by the seed. FeedError or UsageError where it cannot be read."""
    draw = random.Random(f"{seed} {source.kind}")
    rows = list(_ROWS[source.kind](_path(source, data), draw))
    draw.shuffle(rows)
    return rows[: source.limit]


def figures(sources: Sequence[PairSource], data: Path | None, encode: Encode) -> dict[str, float]:
    """What an encoder is worth on the parts that were kept back, each figure 0 to 1, the greater the better."""
    out: dict[str, float] = {}
    for source in sources:
        if source.kind in _FIGURES:
            out |= _FIGURES[source.kind](_path(source, data), encode)
    return {name: round(value, 4) for name, value in out.items()}


def _path(source: PairSource, data: Path | None) -> Path | None:
    if source.kind in ("texts", "needs", "wishes"):
        return source.path
    path = source.path or Path("productqa" if source.kind == "answers" else source.kind)
    found = path if data is None or path.is_absolute() or path.exists() else data / path
    if not found.is_dir():
        raise UsageError(f"{found}: no such folder; it is the path of the source {source.kind} (docs/tune.md)")
    return found


def _row(anchor: str, positive: str, negatives: Sequence[str]) -> Row:
    return {"anchor": anchor, "positive": positive, **{f"negative_{n}": t for n, t in enumerate(negatives, 1)}}


# Texts ---------------------------------------------------------------------------------------------------------------


def _text_rows(path: Path | None, draw: random.Random) -> Iterator[Row]:
    """A request, its sentence, one of those that do not answer it, and what answers other requests for the kind: what does not answer
    was written to share the request's words, what answers others was not, so that sharing words tells nothing by itself."""
    kinds: dict[str, list[WrittenText]] = defaultdict(list)
    for text in read_texts(path):
        if text.split == "train":
            kinds[text.kind].append(text)
    for texts in kinds.values():
        for text in texts:
            elsewhere = [t.answer for t in texts if t is not text]
            wrong = [draw.choice(text.others), *draw.sample(elsewhere, len(elsewhere)), *text.others]
            wrong = [w for w in dict.fromkeys(wrong) if w != text.answer][:OTHERS]
            if len(wrong) == OTHERS:
                yield _row(text.request, text.answer, wrong)


def text_figures(
    path: Path | None, encode: Encode, asked: Callable[[WrittenText], str] = lambda text: text.request
) -> dict[str, float]:
    """How often the right sentence stands above the wrong ones of its entry, above these and `AMONG` of other kinds, and above the
    right ones of the kind's other entries; `asked` is what stands for a request."""
    held = [t for t in read_texts(path) if t.split == "dev"]
    if not held:
        return {}
    own = among = kind = 0
    every = sorted({s for t in held for s in (t.answer, *t.others)})
    vectors = dict(zip(every, encode(every), strict=True))
    draw = random.Random(0)
    for text, query in zip(held, encode([asked(t) for t in held]), strict=True):
        right = float(vectors[text.answer] @ query)
        foreign = [s for t in held if t.kind != text.kind for s in (t.answer, *t.others)]
        wrong = max(float(vectors[o] @ query) for o in text.others)
        own += right > wrong
        kind += right > max(
            (float(vectors[t.answer] @ query) for t in held if t.kind == text.kind and t is not text), default=-1.0
        )
        among += right > max(
            float(vectors[s] @ query) for s in (*text.others, *draw.sample(foreign, min(AMONG, len(foreign))))
        )
    return {
        "texts_first": own / len(held),
        "texts_first_among_20": among / len(held),
        "texts_first_of_kind": kind / len(held),
    }


# The written set -----------------------------------------------------------------------------------------------------


@cache
def _written(path: Path | None) -> WrittenSet:
    return read_written(path)


def _need_rows(path: Path | None, draw: random.Random) -> Iterator[Row]:
    """A need, a product of the kind that helps most, and one of another kind that does not help."""
    from shelftalk.catalog.embed import embedding_text

    found = _written(path)
    taught = [kind for name, kind in found.kinds.items() if name not in HELD]
    product = {p.categories[0]: embedding_text(p) for p in made_products(taught, 1)}
    names = list(product)
    for need in found.needs:
        if need.split == "train" and (helps := next((k for k in need.kinds if k in product), None)):
            yield _row(
                need.text,
                product[helps],
                [product[draw.choice([n for n in draw.sample(names, 8) if n not in need.kinds])]],
            )


def _need_figures(path: Path | None, encode: Encode) -> dict[str, float]:
    from shelftalk.catalog.embed import embedding_text

    found = _written(path)
    needs = [n for n in found.needs if n.split == "dev" and any(k in found.sold for k in n.kinds)]
    if not needs:
        return {}
    products = made_products(found.sold.values(), 1)
    similar = encode([n.text for n in needs]) @ encode([embedding_text(p) for p in products]).T
    first = sum(
        any(products[i].categories[0] in need.kinds for i in (-row).argsort()[:3])
        for need, row in zip(needs, similar, strict=True)
    )
    return {"needs_helped_among_3": first / len(needs)}


def _wish_rows(path: Path | None, draw: random.Random) -> Iterator[Row]:
    """A wish, the card of a product that has what is wished for, and the card of the same product without it."""
    found = _written(path)
    for wish in found.wishes:
        if wish.split == "train" and wish.kind not in HELD and (card := _cards(found, wish, draw)):
            yield _row(wish.text, card[0], [card[1]])


def _cards(found: WrittenSet, wish: Wish, draw: random.Random) -> tuple[str, str] | None:
    specs = {spec.name: spec for spec in found.kinds[wish.kind].fields}
    wants = [w for w in wish.wants if w is not None]
    named = {w.field.removeprefix("attributes."): w for w in wants if w.want in ("is", "not")}
    if not wants or len(named) < len(wants) or not named.keys() <= specs.keys():
        return None
    right, wrong = {}, {}
    for name, want in named.items():
        held = _values(specs[name])
        fits = [v for v in held if (v == want.value) == (want.want == "is")]
        fails = [v for v in held if v not in fits]
        if not fits or not fails:
            return None
        right[name], wrong[name] = draw.choice(fits), draw.choice(fails)
    beside = [s for s in specs.values() if s.name not in named and s.kind != "number"]
    rest = {s.name: draw.choice(_values(s)) for s in draw.sample(beside, min(2, len(beside)))}
    order = draw.sample([*right, *rest], len(right) + len(rest))
    return tuple(  # type: ignore[return-value]
        f"{wish.kind}: " + ", ".join(_said(name, (held | rest)[name]) for name in order) for held in (right, wrong)
    )


def _values(spec: FieldSpec) -> list[Any]:
    return list(spec.values) if spec.kind == "text" else [True, False]


def _said(name: str, value: Any) -> str:
    plain = name.replace("_", " ")
    return f"{plain} {value}" if isinstance(value, str) else plain if value else f"no {plain}"


# Public sets ---------------------------------------------------------------------------------------------------------


@cache
def _graded(path: Path) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The labels of each train query by product, and the texts of the products."""
    from shelftalk.catalog.embed import embedding_text
    from shelftalk.catalog.readers import read_feed
    from shelftalk.evaluate.sources.esci import labels
    from shelftalk.values import Product

    graded: dict[str, dict[str, str]] = defaultdict(dict)
    for _, query, product, label in labels(path / "labels.train.csv"):
        graded[query][product] = label
    judged = {p for held in graded.values() for p in held}
    feed = path / "products.jsonl.gz"
    texts = {
        r.id: embedding_text(r) for r in read_feed(feed, format="esci") if isinstance(r, Product) and r.id in judged
    }
    return graded, texts


def _kept_back(query: str) -> bool:
    return hashlib.sha256(query.encode()).digest()[0] < 256 // 5


def _esci_rows(path: Path | None, draw: random.Random) -> Iterator[Row]:
    """A query, a product that is exact, and one that is not."""
    assert path is not None
    graded, texts = _graded(path)
    for query, held in graded.items():
        right = [texts[p] for p, label in held.items() if label == "E" and p in texts]
        wrong = [texts[p] for p, label in held.items() if label in "CI" and p in texts]
        wrong = wrong or [texts[p] for p, label in held.items() if label == "S" and p in texts]
        if right and wrong and not _kept_back(query):
            for text in draw.sample(right, min(A_QUERY, len(right))):
                yield _row(query, text, [draw.choice(wrong)])


def _esci_figures(path: Path | None, encode: Encode) -> dict[str, float]:
    """nDCG@10 of the queries that were kept back, over all products judged for one of them."""
    import numpy as np

    assert path is not None
    graded, texts = _graded(path)
    queries = [q for q, held in graded.items() if _kept_back(q) and "E" in held.values()]
    if not queries:
        return {}
    ids = [p for p in dict.fromkeys(p for q in queries for p in graded[q]) if p in texts]
    similar = encode(queries) @ encode([texts[i] for i in ids]).T
    discount = 1 / np.log2(np.arange(2, 12))
    total = 0.0
    for query, row in zip(queries, similar, strict=True):
        gains = np.array([GAINS[graded[query].get(i, "I")] for i in ids])
        best = np.sort(gains)[::-1][:10]
        total += float((gains[(-row).argsort()[:10]] * discount).sum() / (best * discount).sum())
    return {"esci_ndcg@10": total / len(queries)}


def _answer_rows(path: Path | None, draw: random.Random) -> Iterator[Row]:
    """A question about a product, its answer, and answers to other questions about the same product."""
    from shelftalk.evaluate.sources.productqa import folders, questions

    assert path is not None
    for folder in folders(path, "train"):
        products: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for _, asked in questions(folder, "reasoning"):
            if asked.get("long_answer"):
                products[asked["asin"]].append(asked)
        for rows in products.values():
            for row in rows:
                about = _feature(row)
                elsewhere = [r["long_answer"] for r in rows if _feature(r) != about]
                if len(elsewhere) >= OTHERS:
                    yield _row(row["question"], row["long_answer"], draw.sample(elsewhere, OTHERS))


def _feature(row: Mapping[str, Any]) -> str:
    return json.dumps((row.get("extra_data") or {}).get("feature_name"))


_ROWS: dict[str, Callable[[Path | None, random.Random], Iterator[Row]]] = {
    "texts": _text_rows, "needs": _need_rows, "wishes": _wish_rows, "esci": _esci_rows, "answers": _answer_rows,
}  # fmt: skip
_FIGURES: dict[str, Callable[[Path | None, Encode], dict[str, float]]] = {
    "texts": text_figures, "needs": _need_figures, "esci": _esci_figures,
}  # fmt: skip
