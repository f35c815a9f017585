"""A configuration becomes a data set: rows as they are served, refused where they could not teach or would leak."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shelftalk.errors import UsageError
from shelftalk.settings import Settings
from shelftalk.train import data as building
from shelftalk.train.config import DataConfig, load_config, parse_config
from shelftalk.train.data import build, make
from shelftalk.train.folder import Built, check_out, write

from tests.train.tiny_productqa import Words, write as tiny  # isort: skip


def config(folder: Path, **changes: Any) -> DataConfig:
    held = {"kind": "productqa", "path": str(folder), "dev": ["chairs"], "test": ["kettles"]}
    tasks = {"suits": {}, "pointwise": {}, "listwise": {"train": None}, "understand": {}}
    read = {"tasks": tasks, "sources": [held], "rank": {"window": [2, 4]}, **changes}
    return parse_config(read, Path("set.yaml"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("productqa") / "train")


@pytest.fixture(scope="module")
def built(folder: Path) -> Built:
    return build(config(folder, hostile=0.3), Settings(), chat=Words())  # type: ignore[arg-type]


def test_each_task_has_rows_and_each_category_stands_in_one_split(built: Built) -> None:
    tasks = {(e.task, e.split) for e in built.examples}
    assert {task for task, split in tasks if split == "train"} == {
        "suits",
        "pointwise",
        "listwise",
        "understand",
    }
    assert {e.group: e.split for e in built.examples} == {
        "productqa/lamps": "train", "productqa/chairs": "dev", "productqa/kettles": "test",
    }  # fmt: skip


def test_the_answers_of_choices_are_labels_and_those_of_pointwise_follow_the_gold_set(built: Built) -> None:
    for example in built.examples:
        if example.task in ("suits", "pointwise", "listwise"):
            assert example.completion in example.labels
    for example in (e for e in built.examples if e.task == "pointwise"):
        assert example.completion == ("yes" if example.gains[0] >= 2 else "no")


def test_the_letter_of_a_listwise_row_is_that_of_its_one_best_product(built: Built) -> None:
    rows = [e for e in built.examples if e.task == "listwise"]
    for example in rows:
        best = max(example.gains)
        assert example.gains.count(best) == 1
        assert example.labels[example.gains.index(best)] == example.completion
    assert len({e.completion for e in rows}) > 1, "the best product always stands in one place"


def test_a_request_that_nothing_fits_has_rows_and_all_say_no(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "lamps" / "qa.jsonl").read_text().splitlines()]
    empty = next(f"productqa/lamps/{r['id']}" for r in rows if r["type"] == "search_qa" and not r["short_answer"])
    made = build(config(folder), Settings(), chat=Words())  # type: ignore[arg-type]
    answers = [e.completion for e in made.examples if e.task == "pointwise" and e.query == empty]
    assert answers
    assert set(answers) == {"no"}


def test_a_hostile_listing_changes_no_answer(folder: Path) -> None:
    calm = build(config(folder, hostile=0.0, tasks={"suits": {}}), Settings(), chat=Words())  # type: ignore[arg-type]
    attacked = build(config(folder, hostile=0.5, tasks={"suits": {}}), Settings(), chat=Words())  # type: ignore[arg-type]
    assert any("hostile" in e.tags for e in attacked.examples)
    assert {e.id: e.completion for e in calm.examples} == {e.id: e.completion for e in attacked.examples}
    assert {e.id for e in attacked.examples if "hostile" in e.tags} == {
        e.id for e in attacked.examples if e.prompt not in {c.prompt for c in calm.examples}
    }


def test_the_same_configuration_gives_the_same_rows_and_another_seed_another_order(folder: Path) -> None:
    hashes = [
        build(config(folder, seed=seed), Settings(), chat=Words()).known["content_hash"]  # type: ignore[arg-type]
        for seed in (1, 1, 2)
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_numbers_wanted_are_kept_and_what_is_beyond_them_is_counted(folder: Path) -> None:
    few = build(
        config(folder, tasks={"suits": {"train": 4, "dev": 3, "requests": {"productqa": 5}}}), Settings(), chat=Words()
    )  # type: ignore[arg-type]
    assert few.known["tasks"]["suits"]["rows"] == {"train": 4, "dev": 3, "test": 5}
    assert few.report.left_out["suits: requests beyond the number wanted (train)"] == 1
    assert few.report.left_out["suits: rows beyond the number wanted (train)"] == 1


def test_the_set_on_disk_loads_with_datasets_and_carries_its_card(built: Built, tmp_path: Path) -> None:
    import datasets

    write(built, tmp_path / "set")
    loaded = datasets.load_from_disk(tmp_path / "set")
    row = loaded["train"][0]
    assert {"task", "prompt", "completion", "source", "group", "id", "weight"} <= set(row)
    assert row["completion"][0]["role"] == "assistant"
    judged = [row for row in loaded["train"] if row["task"] == "suits"]
    assert judged
    assert all(row["then"].endswith("last") for row in judged), "why it is so, to be learnt behind the answer"
    assert not any(row["then"] for row in loaded["train"] if row["task"] != "suits")
    assert row["prompt"][0]["role"] == "system"
    assert [len(loaded[s]) for s in ("train", "dev", "test")] == list(built.known["rows"].values())
    assert built.known["content_hash"] in (tmp_path / "set" / "README.md").read_text()
    assert not (tmp_path / "set.partial").exists()


def test_the_same_request_in_two_splits_is_refused_with_the_rows_named(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "train")
    row = json.loads((folder / "lamps" / "qa.jsonl").read_text().splitlines()[1])
    with (folder / "chairs" / "qa.jsonl").open("a") as more:
        more.write("\n" + json.dumps({**row, "id": "copied", "asin": "chair1"}))
    with pytest.raises(
        UsageError, match="train row productqa/lamps/reasoning_qa_0 and dev row productqa/chairs/copied"
    ):
        build(config(folder, tasks={"suits": {}}), Settings(), chat=Words())  # type: ignore[arg-type]
    dropped = build(config(folder, tasks={"suits": {}}, leaks="drop"), Settings(), chat=Words())  # type: ignore[arg-type]
    ids = {e.id for e in dropped.examples}
    assert "productqa/chairs/copied" in ids
    assert "productqa/lamps/reasoning_qa_0" not in ids


def test_a_task_that_nothing_is_left_of_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="task listwise: no row to train on is left"):
        build(config(folder, tasks={"listwise": {"requests": {"productqa": 0}}}), Settings(), chat=Words())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"tasks": {}}, "names no task"),
        ({"sources": []}, "sources"),
        ({"tasks": {"praise": {}}}, "praise"),
        ({"hostile": 2}, "hostile.*got 2"),
        ({"colour": "red"}, "colour"),
        ({"rank": {"window": [8, 3]}}, "rank.window.*the smallest window first"),
        ({"rank": {"window": [0, 40]}}, "rank.window"),
        ({"tasks": {"suits": {"requests": {"demoo": 3}}}}, "tasks.suits.requests: demoo is no source here; there is: productqa"),
        ({"tasks": {"pointwise": {}}, "sources": [{"kind": "demo", "dev": 0.6, "test": 0.5}]}, "leaves nothing to train on"),
        ({"sources": [{"kind": "productqa", "path": "productqa/test"}]}, "is a test split, which is for measuring"),
        ({"tasks": {"suits": {}}, "sources": [{"kind": "demo"}]}, "no source gives labels for 'suits'.*add one of catalogue, productqa"),
        ({"sources": [{"kind": "productqa", "path": "/nowhere/at/all"}]}, "there is no /nowhere/at/all"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_refused_before_work_starts(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        config(tmp_path, **changes)


def test_a_file_that_is_no_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read"):
        load_config(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- a\n")
    with pytest.raises(UsageError, match="must be settings"):
        load_config(tmp_path / "list.yaml")
    (tmp_path / "bad.yaml").write_text("a: [\n")
    with pytest.raises(UsageError, match="is not YAML"):
        load_config(tmp_path / "bad.yaml")


def test_a_category_held_out_that_is_not_there_is_named(folder: Path) -> None:
    held = {"kind": "productqa", "path": str(folder), "dev": ["sofas"]}
    with pytest.raises(UsageError, match="no category sofas to hold out; there is: chairs, kettles, lamps"):
        build(config(folder, sources=[held]), Settings(), chat=Words())  # type: ignore[arg-type]


def test_a_folder_of_something_else_is_never_overwritten(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="is no data set of ours"):
            make(config(folder), tmp_path, Settings(), overwrite=overwrite)
    assert (tmp_path / "letter.txt").read_text() == "dear"
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "card.json").write_text("{}")
    with pytest.raises(UsageError, match="--overwrite"):
        check_out(ours, overwrite=False)
    check_out(ours, overwrite=True)


@pytest.mark.parametrize("name", ["default", "demo", "shop"])
def test_the_configurations_that_are_shipped_are_valid(name: str, tmp_path: Path) -> None:
    import yaml

    from shelftalk.resources import resource

    DataConfig.model_validate(yaml.safe_load((resource("serve/train") / f"{name}.yaml").read_text()))


def test_the_command_builds_a_set_and_prints_its_table(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import yaml
    from typer.testing import CliRunner

    from shelftalk.cli.train import app

    monkeypatch.setattr(building, "tokenizer_of", lambda *_: Words())
    held = {"kind": "productqa", "path": "train", "dev": ["chairs"], "test": ["kettles"]}
    monkeypatch.setenv("SHELFTALK_DATA", str(folder.parent))
    (tmp_path / "set.yaml").write_text(yaml.safe_dump({"tasks": {"suits": {}}, "sources": [held]}))
    out = tmp_path / "set"
    done = CliRunner().invoke(app, ["data", "--config", str(tmp_path / "set.yaml"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "suits" in done.output
    assert (out / "README.md").is_file()
    again = CliRunner().invoke(app, ["data", "--config", str(tmp_path / "set.yaml"), "--out", str(out)])
    assert isinstance(again.exception, UsageError)


def test_a_task_without_rows_to_score_is_refused_and_a_set_without_a_test_split_is_written(
    folder: Path, tmp_path: Path
) -> None:
    import datasets

    source = {"kind": "productqa", "path": str(folder), "dev": ["chairs"]}
    made = build(config(folder, sources=[source], tasks={"suits": {}}), Settings(), chat=Words())  # type: ignore[arg-type]
    write(made, tmp_path / "set")
    assert set(datasets.load_from_disk(tmp_path / "set")) == {"train", "dev"}
    with pytest.raises(UsageError, match="task suits: no row in dev is left, so no training could be scored"):
        build(
            config(folder, sources=[{**source, "dev": []}], tasks={"suits": {}}),
            Settings(),
            chat=Words(),  # type: ignore[arg-type]
        )


def test_a_model_that_cannot_be_had_and_a_place_that_cannot_be_written_are_refused_before_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shelftalk.errors import EngineError, StorageError

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EngineError, match="model nobody/nothing: its tokenizer cannot be had"):
        building.tokenizer_of("nobody/nothing", Settings())
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        check_out(tmp_path / "file" / "set", False)


def test_the_ranking_prompt_that_the_settings_name_is_the_one_trained_on() -> None:
    from shelftalk.prompts import PromptLibrary
    from shelftalk.settings import RankSettings

    library = PromptLibrary.default()
    named = Settings(rank=RankSettings(strategy="listwise", prompt="listwise@2"))
    assert building.served("listwise", library, named).ref == "rank/listwise@2"
    assert building.served("pointwise", library, named).ref == library.get("rank/pointwise").ref
