"""Training of the matchers: a small run learns, each epoch is kept with what made it, and a wrong recipe is refused."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from shelftalk.catalog.adapted import merged
from shelftalk.errors import UsageError
from shelftalk.train import matcher, pairs
from shelftalk.train.matcher import examples, options, read_matcher_recipe, train_matcher, wanted_of
from shelftalk.train.telling import named_requests
from shelftalk.values import Criterion
from shelftalk.written import WrittenSet, read_texts, read_written


def spread(lines: list[Any], count: int) -> tuple[Any, ...]:
    """That many of the lines, from the first to the last: the set grows, the tests' time does not."""
    return tuple(lines[:: max(1, len(lines) // count)][:count])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> WrittenSet:
    """Some lines of five kinds of the written set."""
    whole = read_written()
    kinds = dict(list(whole.kinds.items())[:5])
    some = WrittenSet(
        kinds,
        spread([w for w in whole.wishes if w.kind in kinds], 64),
        spread([n for n in whole.needs if n.kinds[0] in kinds], 64),
        (),
    )
    texts = [t for t in read_texts() if t.split == "train"][:60] + [t for t in read_texts() if t.split == "dev"][:10]
    monkeypatch.setattr(matcher, "read_written", lambda folder, files: some)
    monkeypatch.setattr(matcher, "read_texts", lambda folder: texts)
    monkeypatch.setattr(pairs, "read_texts", lambda folder: texts)
    return some


@pytest.mark.parametrize("task", ["fields", "kinds", "texts"])
def test_a_run_learns_and_keeps_every_epoch(few: WrittenSet, task: str, tmp_path: Path) -> None:
    config = tmp_path / "recipe.yaml"
    config.write_text(f"matcher: {{task: {task}, output: {tmp_path}/out, epochs: 2, batch: 16}}", encoding="utf-8")
    folder = train_matcher(read_matcher_recipe(config))
    assert folder == tmp_path / "out" / "epoch-2"
    told = json.loads((folder / "training.json").read_text("utf-8"))
    assert told["recipe"]["task"] == task
    assert [h["epoch"] for h in told["history"]] == [1, 2]
    assert told["history"][1]["loss"] < told["history"][0]["loss"]
    assert str(tmp_path) not in (folder / "adapter_config.json").read_text("utf-8")
    assert {p.parent.name for p in (tmp_path / "out").glob("*/adapter_model.safetensors")} == {"epoch-1", "epoch-2"}
    heads = sorted(p.parent.name for p in (tmp_path / "out").glob("*/head.json"))
    assert heads == (["epoch-1", "epoch-2"] if task == "kinds" else [])
    with pytest.raises(UsageError, match="holds something already"):
        train_matcher(read_matcher_recipe(config))
    config.write_text(
        f"matcher: {{task: {task}, output: {tmp_path}/more, adapter: {folder}, epochs: 1, batch: 16}}", encoding="utf-8"
    )
    more = json.loads((train_matcher(read_matcher_recipe(config)) / "training.json").read_text("utf-8"))
    assert more["history"][0]["loss"] < told["history"][0]["loss"]
    assert str(tmp_path) not in json.dumps(more)


def test_the_mean_of_two_adapters_lies_between_them(few: WrittenSet, tmp_path: Path) -> None:
    config = tmp_path / "recipe.yaml"
    config.write_text(
        f"matcher: {{output: {tmp_path}/out, epochs: 2, batch: 16, rank: 8, alpha: 16, learning_rate: 0.004}}",
        encoding="utf-8",
    )
    train_matcher(read_matcher_recipe(config))
    first, second = (tmp_path / "out" / f"epoch-{n}" for n in (1, 2))
    config.write_text(f"matcher: {{output: {tmp_path}/mean, mean: [{first}, {second}], rank: 16}}", encoding="utf-8")
    folder = train_matcher(read_matcher_recipe(config))
    assert folder == tmp_path / "mean" / "mean"
    assert str(tmp_path) not in (folder / "training.json").read_text("utf-8")
    one, two, mean = (load_file(merged(f, tmp_path / "home") / "model.safetensors") for f in (first, second, folder))
    name = "encoder.layer.0.attention.self.query.weight"
    assert np.allclose(mean[name], (one[name] + two[name]) / 2, atol=2e-4)
    assert not np.allclose(one[name], two[name], atol=1e-3)


def test_lines_under_train_are_of_train_and_their_kinds_are_sold_in_no_suite() -> None:
    found = read_written()
    assert {line.split for line in (*found.wishes, *found.needs) if line.file.startswith("train/")} == {"train"}
    assert set(found.kinds) > set(found.sold)
    held = {line.text for line in (*found.wishes, *found.needs) if line.split != "train"}
    first = read_written(files=["kinds/*"])
    assert {n.text for n in (*first.wishes, *first.needs) if n.split != "train"} == held
    assert {line.file.partition("/")[0] for line in first.wishes if line.split == "train"} == {"kinds"}


def test_what_is_trained_on_is_the_train_split_alone() -> None:
    found = read_written()
    said = {query.split(": ", 1)[1] for rows in examples(found, "train").values() for query, _ in rows}
    assert not said & {w.text for w in found.wishes if w.split != "train"}


def test_only_texts_of_train_are_learnt_and_what_answers_another_request_of_the_kind_is_wrong(few: WrittenSet) -> None:
    taught = [t for t in matcher.read_texts(None) if t.split == "train"]
    batches = matcher._text_batches(few, matcher.MatcherRecipe(task="texts", batch=8), random.Random(1))
    queries = [q for batch in batches for q in batch.queries]
    assert sorted(queries) == sorted(f"{t.kind}: {t.request}" for t in taught)
    for batch in batches:
        for query, right in zip(batch.queries, batch.right, strict=True):
            (place,) = right
            assert any(f"{t.kind}: {t.request}" == query and t.answer == batch.texts[place] for t in taught)
    assert any(len(batch.queries) > 1 for batch in batches)


def test_what_is_wanted_is_among_the_options_unless_it_is_a_code() -> None:
    found = read_written()
    missing = []
    for kind, rows in examples(found, "dev").items():
        held = {want for want, _ in options(found, kind)}
        missing += [(kind, want) for _, wants in rows for want in wants if want not in held]
    assert all(want and len(re.sub(r"[^a-z]", "", str(want[1]).lower())) <= 4 for _, want in missing), missing


def test_a_yes_that_is_not_wanted_is_a_no() -> None:
    assert wanted_of(Criterion("foldable", "not", True)) == ("foldable", False)
    assert wanted_of(Criterion("setup", "not", "poles")) == ("setup", "poles")
    assert wanted_of(None) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [("matcher: {epochs: 0}", "matcher.epochs"), ("matcher: {task: words}", "matcher.task"), ("- a", "key 'matcher'")],
)
def test_a_wrong_recipe_is_refused_by_name(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_matcher_recipe(tmp_path / "r.yaml")


def test_requests_that_name_their_product_come_from_train_and_from_the_kinds() -> None:
    found = read_written()
    made = named_requests(found)
    assert made == named_requests(found) != named_requests(found, seed=1)
    assert len(made) > 10 * len(found.kinds)
    assert not set(made) & {w.text for w in found.wishes if w.split != "train"}
