"""Tuning of the embedder: pairs from each source, what is kept back, a small run, and a strength that loses nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from shelftalk.catalog import load_embedder
from shelftalk.errors import FeedError, UsageError
from shelftalk.train.embedder import best_strength, read_embedder_recipe, train_embedder
from shelftalk.train.pairs import PairSource, figures, rows_of
from shelftalk.written import read_texts, read_written
from shelftalk.written.parse import HELD

KINDS = ("Kites", "Hammocks", "Teapots", "Door Mats", "Bird Feeders", "Wall Clocks")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder of texts about some kinds, a few entries each, with at least one kind of dev."""
    folder = tmp_path / "texts"
    folder.mkdir()
    lines = []
    for kind in (*KINDS, *(f"Kind {n}" for n in range(24))):
        lines.append(f"= {kind}")
        for n in range(3):
            lines += [
                f"? {kind} for the garden {n}",
                f"+ Stands well outside {kind} {n}.",
                f"- Red {kind} {n}.",
                f"- Small {kind} {n}.",
                "",
            ]
    (folder / "a.txt").write_text("# a comment\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_the_bundled_texts_are_whole_and_of_no_kind_held_back() -> None:
    found = read_texts()
    assert len(found) > 2000
    assert not {t.kind for t in found} & set(HELD)
    assert all(t.answer not in t.others for t in found)
    splits = {t.kind: t.split for t in found}
    assert all(t.split == splits[t.kind] for t in found)
    assert 0.05 < sum(s == "dev" for s in splits.values()) / len(splits) < 0.2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("= Kites\n? for the beach\n+ Flies in a breeze.\n\n", "lacks a sentence"),
        ("= Kites\n? for the beach\n- Red.\n\n", "lacks a sentence"),
        ("? for the beach\n+ Flies.\n- Red.\n", "not in the format"),
        ("= Kites\n+ Flies.\n", "not in the format"),
        ("= Kettles\n? loud\n+ Quiet.\n- Red.\n", "held back"),
    ],
)
def test_a_text_that_is_not_in_the_format_is_named_with_its_line(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with pytest.raises(FeedError, match=rf"a\.txt, line \d+: .*{complaint}"):
        read_texts(tmp_path)
    with pytest.raises(FeedError, match="holds no"):
        read_texts(tmp_path / "none")


def test_a_request_competes_with_sentences_of_its_own_kind(texts: Path) -> None:
    rows = rows_of(PairSource(kind="texts", path=texts), None, 0)
    held = {t.request for t in read_texts(texts) if t.split == "dev"}
    assert rows
    assert held
    assert not held & {row["anchor"] for row in rows}
    for row in rows:
        kind = row["anchor"].removesuffix(row["anchor"][-2:]).removesuffix(" for the garden")
        assert all(kind in said for said in row.values())
        assert row["positive"] not in (row["negative_1"], row["negative_2"])
    assert len(rows_of(PairSource(kind="texts", path=texts, limit=5), None, 0)) == 5


def test_needs_and_wishes_are_of_train_and_of_no_kind_held_back() -> None:
    found = read_written()
    kept = {line.text for line in (*found.wishes, *found.needs) if line.split != "train"}
    for kind in ("needs", "wishes"):
        rows = rows_of(PairSource(kind=kind, limit=3000), None, 0)
        assert len(rows) == 3000
        assert not kept & {row["anchor"] for row in rows}
        assert all(row["positive"] != row["negative_1"] for row in rows)
        said = {row["positive"].partition(": ")[0] for row in rows} | {
            p for r in rows for p in r["positive"].split(". ")
        }
        assert not said & set(HELD)


def test_graded_queries_that_are_kept_back_are_measured_and_not_learnt(tmp_path: Path) -> None:
    folder = tmp_path / "esci"
    folder.mkdir()
    queries = [f"query {n}" for n in range(40)]
    rows = [f"{q},{q[6:]}{mark},{mark}" for q in queries for mark in "ESI"]
    (folder / "labels.train.csv").write_text("query,docid,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    products = [{"asin": f"{q[6:]}{mark}", "title": f"{mark} of {q}", "description": "", "bullet_points": "", "brand": "", "color": "", "image": "", "price": None, "category": [], "rating": None, "rating_count": 0} for q in queries for mark in "ESI"]  # fmt: skip
    with gzip.open(folder / "products.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(p) + "\n" for p in products)
    source = PairSource(kind="esci", path=folder)
    learnt = rows_of(source, None, 0)
    assert {row["anchor"] for row in learnt} < set(queries)
    assert all(row["positive"].startswith("E") and row["negative_1"].startswith("I") for row in learnt)
    asked: list[str] = []

    def encode(said: Sequence[str]) -> np.ndarray:
        asked.extend(said)
        draw = np.random.default_rng(0)
        return draw.normal(size=(len(said), 4))

    found = figures([source], None, encode)
    assert set(found) == {"esci_ndcg@10"}
    assert 0 <= found["esci_ndcg@10"] <= 1
    assert not {row["anchor"] for row in learnt} & set(asked)


def test_a_right_encoder_has_whole_figures_and_a_blind_one_has_none(texts: Path) -> None:
    place = {kind: n for n, kind in enumerate(sorted({t.kind for t in read_texts(texts)}))}

    def encode(said: Sequence[str], right: float = 1.0) -> np.ndarray:
        out = np.zeros((len(said), len(place) + 11))
        for n, text in enumerate(said):
            out[n, len(place) + int(text.rstrip(".")[-1])] = right
            kind = max((k for k in place if k in text), key=len)
            out[n, place[kind]] = 1
            out[n, -1] = right if "garden" in text or "outside" in text else -right
        return out

    source = PairSource(kind="texts", path=texts)
    assert set(figures([source], None, encode).values()) == {1.0}
    assert set(figures([source], None, lambda said: encode(said, 0.0)).values()) == {0.0}


def test_the_strength_kept_loses_nowhere() -> None:
    before = {"a": 0.5, "b": 0.5}
    assert best_strength({0.0: before, 0.5: {"a": 0.6, "b": 0.5}, 1.0: {"a": 0.9, "b": 0.49}}) == 0.5
    assert best_strength({0.0: before, 0.5: {"a": 0.6, "b": 0.4}}) == 0.0


@pytest.mark.model
def test_a_run_learns_and_the_adapter_is_merged_at_its_strength(texts: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    config = tmp_path / "recipe.yaml"
    config.write_text(
        f"embedder: {{sources: [{{kind: texts, path: {texts}}}], output: {tmp_path}/out, batch: 8, epochs: 2, learning_rate: 0.002, strengths: [1.0]}}",
        encoding="utf-8",
    )
    recipe = read_embedder_recipe(config)
    folder = train_embedder(recipe, None)
    told = json.loads((folder / "training.json").read_text("utf-8"))
    assert [t["strength"] for t in told["tried"]] == [0.0, 1.0]
    assert told["strength"] == 1.0
    assert not [f.name for f in folder.glob("*.json") if str(tmp_path) in f.read_text("utf-8")]
    assert any(w.any() for n, w in load_file(folder / "adapter_model.safetensors").items() if "lora_B" in n)
    plain, tuned = load_embedder("default", tmp_path / "home"), load_embedder(str(folder), tmp_path / "home")
    assert float(plain.encode_query("a kite") @ tuned.encode_query("a kite")) < 0.99
    with pytest.raises(UsageError, match="holds something already"):
        train_embedder(recipe, None)


def test_a_wrong_recipe_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    config = tmp_path / "recipe.yaml"
    config.write_text("embedder: {sources: [{kind: hearsay}]}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"embedder\.sources\.0\.kind"):
        read_embedder_recipe(config)
    with pytest.raises(UsageError, match="source esci"):
        rows_of(PairSource(kind="esci", path=tmp_path / "none"), None, 0)
