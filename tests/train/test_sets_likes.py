"""A shop's interactions become a few-shot set: histories in words, train before test, balanced, reproducible."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.shoppers.predict_world import shop

from shelftalk.catalog.export import export_products
from shelftalk.errors import UsageError
from shelftalk.prompts import PromptLibrary
from shelftalk.resources import resource
from shelftalk.settings import Settings
from shelftalk.shoppers.predict import examples, like_prompt
from shelftalk.train.config import DataConfig, parse_config
from shelftalk.train.data import build


class Words:
    """A tokenizer of words."""

    def ids(self, prompt: Any) -> list[int]:
        return [0 for m in prompt.messages for _ in m.content.split()]

    def count(self, text: str) -> int:
        return len(text.split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    catalog, events = shop()
    folder = tmp_path_factory.mktemp("likes")
    export_products(catalog.products(), folder / "products.jsonl")
    rows = [{"user": e.user, "kind": e.kind, "at": e.at.isoformat(), "product_id": e.product_id} for e in events]
    (folder / "did.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "nonsense\n")
    return folder


def made(folder: Path, train: int | None = None, seed: int = 0, **source: Any):  # type: ignore[no-untyped-def]
    read = {
        "seed": seed, "root": str(folder), "tasks": {"likes": {"train": train}},
        "sources": [{"kind": "interactions", "path": "did.jsonl", "catalog": "products.jsonl", **source}],
    }  # fmt: skip
    settings = Settings(serve={"database": f"sqlite:///{folder}/none.db"})  # type: ignore[arg-type]  # nobody refused
    return build(parse_config(read, Path("set.yaml")), settings, chat=Words())  # type: ignore[arg-type]


def test_the_rows_are_the_prompts_that_predict_and_train_is_before_dev_before_test(folder: Path) -> None:
    built = made(folder)
    catalog, events = shop()
    known = {(e.user, e.pair.product.id): e for e in examples(events, catalog.held, least=1)}
    times: dict[str, list[Any]] = {"train": [], "dev": [], "test": []}
    template = PromptLibrary.default().get("predict/like")
    for row in built.examples:
        _, user, product = row.id.split("/")
        assert row.prompt == like_prompt(template, known[user, product].pair)
        assert row.completion == ("yes" if known[user, product].liked else "no")
        times[row.split].append(known[user, product].at)
    assert max(times["train"]) <= min(times["dev"])
    assert max(times["dev"]) <= min(times["test"])
    assert len(built.report.rejects) == 1, "a row that is none is told of"


def test_train_is_balanced_and_the_other_splits_are_as_they_are(folder: Path) -> None:
    rows = made(folder).examples
    train = [r.completion for r in rows if r.split == "train"]
    assert abs(train.count("yes") - train.count("no")) <= 1
    catalog, events = shop()
    whole = [e.liked for e in examples(events, catalog.held, least=1)]
    test = [r.completion == "yes" for r in rows if r.split == "test"]
    assert sum(test) / len(test) == pytest.approx(sum(whole[-len(test) :]) / len(test), abs=0.03)
    as_is = [r.completion for r in made(folder, balanced=False).examples if r.split == "train"]
    assert len(as_is) > len(train)


def test_sixteen_examples_are_sixteen_and_drawn_by_the_seed(folder: Path) -> None:
    sets = [[r.id for r in made(folder, 16, seed).examples if r.split == "train"] for seed in (0, 0, 1)]
    assert len(sets[0]) == 16
    assert sets[0] == sets[1]
    assert sorted(sets[0]) != sorted(sets[2])


def test_whole_users_are_held_out_where_that_is_asked(folder: Path) -> None:
    by_split: dict[str, set[str]] = {}
    for row in made(folder, by="user").examples:
        by_split.setdefault(row.split, set()).add(row.id.split("/")[1])
    assert by_split["train"]
    assert by_split["test"]
    assert not by_split["train"] & by_split["test"]


def test_a_split_with_one_answer_alone_is_refused(folder: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (folder / "did.jsonl").read_text().splitlines()[:-1]]
    views = [row for row in rows if row["kind"] == "view"]
    (tmp_path / "did.jsonl").write_text("".join(json.dumps(row) + "\n" for row in views))
    (tmp_path / "products.jsonl").write_text((folder / "products.jsonl").read_text())
    with pytest.raises(UsageError, match="examples with one answer alone"):
        made(tmp_path)


def test_no_other_source_gives_likes(folder: Path) -> None:
    with pytest.raises(UsageError, match="no source gives labels for 'likes'"):
        parse_config({"tasks": {"likes": {}}, "sources": [{"kind": "demo"}]}, Path("set.yaml"))


def test_the_configuration_that_is_shipped_is_valid() -> None:
    from shelftalk.train.recipe import read_recipe

    DataConfig.model_validate(yaml.safe_load((resource("serve/train") / "fewshot.yaml").read_text()))
    recipe = read_recipe(Path(str(resource("serve/train") / "fewshot-curve.yaml")))
    assert recipe.curve.sizes == [16, 64, 256]
    assert recipe.sft.tasks == ["likes"]
