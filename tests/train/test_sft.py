"""Tuning end to end with a tiny model: it learns, resumes, stops, and refuses wrong input before it starts."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.train.tiny import rows, tiny_model, tiny_set

from shelftalk.engines.common import Chat
from shelftalk.errors import UsageError
from shelftalk.train.encode import answer_of, encode, end_of_turn, prompt_of, token_weight
from shelftalk.train.recipe import SftRecipe, read_recipe
from shelftalk.train.sft import TrainingResult, train_sft


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_set(tmp_path_factory.mktemp("data") / "set")


def recipe(base: Path, data: Path, output: Path, **more: Any) -> SftRecipe:
    given: dict[str, Any] = {"epochs": 2, "eval_steps": 6, "eval_examples": 4, "learning_rate": 2e-2, "seed": 3}
    return SftRecipe(model=str(base), data=data, output=output, **{**given, **more})


@pytest.fixture(scope="module")
def trained(base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingResult, Path]:
    output = tmp_path_factory.mktemp("run") / "run"
    return train_sft(recipe(base, data, output), output.parent), output


def test_training_leaves_an_adapter_curves_and_what_it_takes_to_make_it_again(
    trained: tuple[TrainingResult, Path],
) -> None:
    outcome, output = trained
    card = json.loads((outcome.folder / "training.json").read_text())
    assert (output / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list(output.glob("runs/*/events*")), "TensorBoard's events"
    assert (outcome.steps, outcome.stopped) == (12, "all steps done")
    assert card["recipe"]["seed"] == 3
    assert card["prompts"] == ["toy/colour@1"], "so that another version in service is noticed"
    assert len(card["data"]["train"]["sha256"]) == 64
    assert {"torch", "trl", "peft"} <= set(card["versions"])
    losses = [log["eval_loss"] for log in card["history"] if "eval_loss" in log]
    assert losses[-1] < losses[0]
    assert str(output.parent) not in (outcome.folder / "training.json").read_text(), "no path of this machine"
    assert str(output.parent) not in (outcome.folder / "adapter_config.json").read_text()


def test_the_dev_score_of_each_task_is_taken_before_and_after(trained: tuple[TrainingResult, Path]) -> None:
    tasks = {"score", "score_suits", "score_listwise", "score_understand", "score_explain"}
    assert set(trained[0].scores) == set(trained[0].before) == tasks


def test_a_cut_run_goes_on_from_its_checkpoint_and_ends_like_one_that_was_not_cut(
    base: Path, data: Path, trained: tuple[TrainingResult, Path], tmp_path: Path
) -> None:
    cut = tmp_path / "cut"
    shutil.copytree(trained[1], cut)
    shutil.rmtree(cut / "checkpoint-12")
    shutil.rmtree(cut / "adapter")
    outcome = train_sft(recipe(base, data, cut), tmp_path, resume=True)
    assert outcome.steps == 12
    assert outcome.tokens == trained[0].tokens, "those before the cut are counted"
    assert weights(outcome.folder) == pytest.approx(weights(trained[0].folder), abs=1e-5)


def weights(folder: Path) -> list[float]:
    from safetensors.numpy import load_file

    return [float(w.mean()) for _, w in sorted(load_file(folder / "adapter_model.safetensors").items())]


def test_a_run_is_not_begun_over_another_ones_checkpoints(
    base: Path, data: Path, trained: tuple[TrainingResult, Path]
) -> None:
    with pytest.raises(UsageError, match="holds checkpoints of a run; add --resume"):
        train_sft(recipe(base, data, trained[1]), trained[1].parent)


def test_a_checkpoint_of_other_data_is_not_resumed(
    base: Path, trained: tuple[TrainingResult, Path], tmp_path: Path
) -> None:
    other = tiny_set(tmp_path / "other", train=32)
    with pytest.raises(UsageError, match="another data hash"):
        train_sft(recipe(base, other, trained[1]), tmp_path, resume=True)


@pytest.mark.parametrize("damage", ["NaN", "match nothing"])
def test_a_checkpoint_that_does_not_fit_the_model_is_not_resumed(
    base: Path, data: Path, trained: tuple[TrainingResult, Path], tmp_path: Path, damage: str
) -> None:
    from safetensors.torch import load_file, save_file

    from shelftalk.errors import EngineError
    from shelftalk.resources import file_digest
    from shelftalk.train.callbacks import NOTE

    cut = tmp_path / "cut"
    shutil.copytree(trained[1], cut)
    checkpoint = cut / "checkpoint-12"
    file = checkpoint / "adapter_model.safetensors"
    saved = load_file(file)
    name = next(iter(saved))
    bad = {**saved, name: saved[name] * float("nan")} if damage == "NaN" else {f"base.{n}": t for n, t in saved.items()}
    save_file(bad, file)
    note = json.loads((checkpoint / NOTE).read_text())
    (checkpoint / NOTE).write_text(json.dumps({**note, "weights": file_digest(file)}))
    with pytest.raises(EngineError, match=f"adapter .*checkpoint-12.*{damage}"):
        train_sft(recipe(base, data, cut), tmp_path, resume=True)


@pytest.mark.parametrize("variant", ["rslora", "dora", "adalora"])
def test_the_variants_of_lora_train(base: Path, data: Path, tmp_path: Path, variant: str) -> None:
    wanted = recipe(base, data, tmp_path / "run", epochs=0.5, tasks=["suits"], lora={"variant": variant, "rank": 4})
    outcome = train_sft(wanted, tmp_path)
    told = json.loads((outcome.folder / "adapter_config.json").read_text())
    assert told["peft_type"] == ("ADALORA" if variant == "adalora" else "LORA")
    assert (told.get("use_dora"), told.get("use_rslora")) == (variant == "dora", variant == "rslora")


def test_adalora_ends_with_its_last_ranks_and_is_not_resumed_or_gone_on_from(
    base: Path, data: Path, tmp_path: Path
) -> None:
    from shelftalk.engines.adapters import find_adapter
    from shelftalk.train.merge import merge_checked
    from shelftalk.train.sft import material

    wanted = recipe(
        base, data, tmp_path / "run", epochs=4, eval_steps=4, learning_rate=1e-3, lora={"variant": "adalora", "rank": 4}
    )
    outcome = train_sft(wanted, tmp_path)
    assert outcome.steps == 24
    made = find_adapter(str(outcome.folder), tmp_path)
    assert merge_checked(base, made, tmp_path / "merged") < 0.15
    with pytest.raises(UsageError, match="adalora cannot be resumed"):
        train_sft(wanted, tmp_path, resume=True)
    with pytest.raises(UsageError, match="is an AdaLoRA, which cannot be gone on from"):
        material(recipe(base, data, tmp_path / "next", adapter=str(outcome.folder)), tmp_path)


def test_the_upper_layers_alone_can_have_the_adapter_and_train_in_bfloat16(
    base: Path, data: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    wanted = recipe(
        base, data, tmp_path / "run", lora={"layers": 1, "rank": 4}, dtype="bfloat16", attention="eager", epochs=4
    )
    outcome = train_sft(wanted, tmp_path)
    weights = load_file(outcome.folder / "adapter_model.safetensors")
    assert weights
    assert all(".layers.1." in name for name in weights), "the tiny model has the layers 0 and 1"
    assert max(float(w.abs().max()) for name, w in weights.items() if "lora_B" in name) > 0, "it learnt"
    losses = [log["eval_loss"] for log in json.loads((outcome.folder / "training.json").read_text())["history"]
              if "eval_loss" in log]  # fmt: skip
    assert losses[-1] < losses[0]


def test_more_layers_than_the_model_has_are_refused_before_training(base: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lora.layers 3: the model has 2 layers"):
        train_sft(recipe(base, data, tmp_path / "run", lora={"layers": 3}), tmp_path)


@pytest.mark.parametrize(
    "target, said",
    [
        ("nosuch", "it is no layer of the model; name some of down_proj"),
        ("input_layernorm", "a LlamaRMSNorm, not a linear"),
    ],
)
def test_a_target_that_the_model_cannot_adapt_is_refused_even_beside_one_that_it_can(
    base: Path, data: Path, tmp_path: Path, target: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        train_sft(recipe(base, data, tmp_path / "run", lora={"targets": ["q_proj", target]}), tmp_path)


def test_an_adapter_to_go_on_from_keeps_its_shape_and_another_one_is_refused(
    base: Path, data: Path, trained: tuple[TrainingResult, Path], tmp_path: Path
) -> None:
    from shelftalk.train.sft import material

    kept = recipe(base, data, tmp_path / "run", adapter=str(trained[0].folder), lora={})
    material(kept, tmp_path)
    assert kept.lora.rank == json.loads((trained[0].folder / "adapter_config.json").read_text())["r"]
    other = recipe(base, data, tmp_path / "run", adapter=str(trained[0].folder), lora={"rank": 64})
    with pytest.raises(UsageError, match="lora.rank is 64, but the adapter .* has"):
        material(other, tmp_path)


def test_rows_of_one_request_are_scored_together_and_not_with_their_categorys(base: Path) -> None:
    from shelftalk.train.score import Scorer

    class Fixed(Scorer):
        def _probabilities(self, model: Any, rows: Sequence[Any]) -> list[dict[str, float]]:
            return [{"yes": row["p"], "no": 1 - row["p"]} for row in rows]

    def row(query: str, p: float, gain: float) -> dict[str, Any]:
        return {
            "task": "pointwise", "group": "lamps", "query": query, "labels": ["yes", "no"], "gains": [gain, 0.0], "p": p,
            "prompt": [], "completion": [{"role": "assistant", "content": "yes" if gain else "no"}],
        }  # fmt: skip

    read = chat(base)
    rows_ = [row("q1", 0.9, 3.0), row("q1", 0.8, 0.0), row("q2", 0.2, 3.0), row("q2", 0.1, 0.0)]
    values = Fixed(rows_, read, 257)._chosen(None, "pointwise", rows_)
    assert values == [1.0, 1.0], "in each request the right one is first"


def test_a_dev_score_is_taken_of_whole_requests_that_something_fits() -> None:
    from shelftalk.train.sft import _some_of_each

    rows_ = [
        {"task": "pointwise", "query": query, "gains": [gain, 0.0]}
        for query, gains in (("a", [0, 0, 0, 0]), ("b", [3, 0, 0, 0]), ("c", [0, 0, 2, 0]))
        for gain in gains
    ]
    for seed in range(6):
        taken = _some_of_each(rows_, 2, seed)
        assert len(taken) == 4
        assert {row["query"] for row in taken} < {"b", "c"}
    assert {row["query"] for row in _some_of_each(rows_, 12, 0)} == {"b", "c"}


def test_limits_hold_by_task_and_by_source_and_an_unknown_one_is_refused(
    base: Path, data: Path, tmp_path: Path
) -> None:
    from shelftalk.train.sft import material

    made = material(
        recipe(base, data, tmp_path / "run", limits={"suits": 3, "listwise/toy": 2, "explain": 0}), tmp_path
    )
    counted = Counter(row["task"] for row in made.splits["train"])
    assert counted == {"suits": 3, "listwise": 2, "understand": 12}
    with pytest.raises(UsageError, match="let no training example through"):
        material(recipe(base, data, tmp_path / "run", limits={"suits": 0}, tasks=["suits"]), tmp_path)
    with pytest.raises(UsageError, match="limits: no training example is of suit; there is: explain, explain/toy"):
        material(recipe(base, data, tmp_path / "run", limits={"suit": 3}), tmp_path)


def test_the_time_limit_ends_a_run_with_an_adapter(base: Path, data: Path, tmp_path: Path) -> None:
    outcome = train_sft(recipe(base, data, tmp_path / "run", epochs=500, minutes=0.02, eval_steps=1000), tmp_path)
    assert outcome.stopped == "the time limit of 0.02 minutes"
    assert outcome.steps < 3000
    assert (outcome.folder / "adapter_model.safetensors").is_file()


def test_training_stops_when_the_dev_score_rises_no_more(base: Path, data: Path, tmp_path: Path) -> None:
    wanted = recipe(
        base, data, tmp_path / "run", epochs=50, learning_rate=1e-9, eval_steps=2, patience=2, tasks=["suits"]
    )
    outcome = train_sft(wanted, tmp_path)
    assert outcome.stopped == "the dev score rose no more"
    assert outcome.steps < 20


def test_processes_take_the_first_ones_time_so_that_all_end_at_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torch import distributed

    from shelftalk.train.callbacks import Clock

    clock = Clock(minutes=1)
    clock.agree("cpu")
    assert clock.share < 0.5, "alone it has its own"
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(distributed, "broadcast", lambda told, source: told.copy_(torch.tensor([90.0 - source])))
    clock.agree("cpu")
    assert (clock.seconds, clock.share) == (90, 1.5)


def chat(base: Path) -> Chat:
    import transformers

    return Chat(transformers.AutoTokenizer.from_pretrained(base), "tiny")


@pytest.mark.parametrize("row", rows(4), ids=lambda row: row["task"])
def test_a_prompt_is_trained_to_the_token_as_engines_read_it(base: Path, row: Any) -> None:
    read = chat(base)
    encoded = encode(row, read, end_of_turn(read.tokenizer))
    assert encoded.ids[: encoded.prompt] == read.ids(prompt_of(row))
    answer = read.tokenizer.decode(encoded.ids[encoded.prompt :])
    assert answer == row["completion"][0]["content"] + "<|im_end|>"
    assert encoded.row["labels"][: encoded.prompt] == [-100] * encoded.prompt


def test_a_long_answer_can_count_as_much_as_a_short_one() -> None:
    assert token_weight(60, "example") * 60 == pytest.approx(token_weight(2, "example") * 2)
    assert token_weight(60, "token") == token_weight(2, "token") == 1
    assert token_weight(4, "sqrt", 2.0) == 1.0


def test_a_reason_behind_the_answer_is_learnt_with_its_own_weight_and_never_scored(base: Path) -> None:
    read = chat(base)
    row = {**rows(1, tasks=("suits",))[0], "then": "the scarf is another"}
    plain, more = encode(row, read, 257, "example"), encode(row, read, 257, "example", then=0.5)
    assert encode({**row, "then": ""}, read, 257, "example", then=0.5) == plain
    answer = read.tokenizer(answer_of(row), add_special_tokens=False)["input_ids"]
    assert more.ids[: more.prompt + len(answer)] == plain.ids[: plain.prompt + len(answer)], "the answer comes first"
    assert read.tokenizer.decode(more.ids[more.prompt + len(answer) : -1]).strip() == "the scarf is another"
    assert more.ids[-1] == 257
    assert sum(more.weights[: len(answer)]) == pytest.approx(1.0)
    assert sum(more.weights[len(answer) :]) == pytest.approx(0.5)


def test_the_loss_is_the_answers_alone_and_the_same_as_a_full_forward_gives(base: Path) -> None:
    import torch
    import transformers
    from torch.nn.functional import cross_entropy

    from shelftalk.train.trainer import Pad, answer_log_probs

    read = chat(base)
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    batch = Pad(0)([encode(row, read, 257).row for row in rows(4)])
    hidden = model.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    found, mask, _ = answer_log_probs(hidden, batch["labels"], model.lm_head)
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1]
    wanted = cross_entropy(logits.reshape(-1, logits.shape[-1]), batch["labels"][:, 1:].reshape(-1), reduction="sum")
    assert float(-found.sum()) == pytest.approx(float(wanted), rel=1e-4)
    assert int(mask.sum()) == sum(len(encode(row, read, 257).ids) - encode(row, read, 257).prompt for row in rows(4))


@pytest.mark.parametrize(
    "text, said",
    [
        ("sft: {minutes: 0}", "key sft.minutes: .*got 0"),
        ("sft: {bach: 4}", "key sft.bach"),
        ("sft: {learning_rate: -1}", "key sft.learning_rate: .*-1"),
        ("- 1", "must hold keys"),
        ("a: [", "is not YAML"),
    ],
)
def test_a_training_file_with_a_slip_names_the_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(UsageError, match=said):
        read_recipe(tmp_path / "t.yaml")


def test_what_the_command_line_gives_is_checked_like_the_files_keys(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("sft: {minutes: 3}")
    assert read_recipe(tmp_path / "t.yaml", minutes=None).sft.minutes == 3
    assert read_recipe(tmp_path / "t.yaml", minutes=0.5).sft.minutes == 0.5
    with pytest.raises(UsageError, match="key sft.minutes: .*got -3"):
        read_recipe(tmp_path / "t.yaml", minutes=-3)


def test_the_documented_file_holds_every_key_and_the_defaults() -> None:
    from shelftalk.resources import resource

    path = resource("serve/train/sft.yaml")
    read = read_recipe(path).sft
    plain = SftRecipe().model_dump()
    assert {k: v for k, v in read.model_dump().items() if k != "data"} == {
        k: v for k, v in plain.items() if k != "data"
    }
    text = path.read_text()
    missing: Sequence[str] = [key for key in plain if f"  {key}:" not in text]
    assert not missing


def test_the_documented_keys_of_the_later_stages_are_theirs_with_the_defaults() -> None:
    from shelftalk.resources import resource
    from shelftalk.train.recipe import CurveRecipe, DpoRecipe, GrpoRecipe

    read = read_recipe(resource("serve/train/preference.yaml"))
    for stage, kind in ((read.dpo, DpoRecipe), (read.grpo, GrpoRecipe), (read.curve, CurveRecipe)):
        own = set(kind.model_fields) - (set(SftRecipe.model_fields) if kind is not CurveRecipe else set())
        assert own <= stage.model_fields_set, "each key of its own is there"
        plain = kind()
        for key in stage.model_fields_set - {"data", "output", "adapter"}:
            assert getattr(stage, key) == getattr(plain, key), key


@pytest.mark.parametrize("name", ["gpu-4b", "shipped-1", "shipped-2", "shipped-3", "shipped-4"])
def test_each_training_file_that_travels_with_the_package_can_be_read(name: str) -> None:
    from shelftalk.resources import resource
    from shelftalk.train.lora import check_lora

    check_lora(read_recipe(resource(f"serve/train/{name}.yaml")).sft.lora)
