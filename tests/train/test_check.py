"""What is refused before any work starts, and what one is told to do."""

from __future__ import annotations

import json
from collections import namedtuple
from pathlib import Path

import pytest
from tests.train.tiny import rows, tiny_set

from shelftalk.errors import StorageError, UsageError
from shelftalk.train import check
from shelftalk.train.lora import check_lora, served_rank
from shelftalk.train.recipe import LoraRecipe


def test_an_empty_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="split train is empty"):
        check.load_data(tiny_set(tmp_path / "d", train=[]))


def test_a_task_without_labels_is_named_with_its_rows(tmp_path: Path) -> None:
    bad = rows(8)
    bad[0]["completion"][0]["content"] = " "
    with pytest.raises(UsageError, match=r"without an answer in suits \(1 rows\)"):
        check.load_data(tiny_set(tmp_path / "d", dev=bad))


def test_a_task_that_the_set_lacks_is_answered_with_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no task 'rank'; there is: explain, listwise, suits, understand"):
        check.load_data(tiny_set(tmp_path / "d"), ["rank"])


def test_no_folder_no_name_and_no_data_set_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no data set is named"):
        check.load_data(None)
    with pytest.raises(UsageError, match="no such folder; run 'shelftalk train data"):
        check.load_data(tmp_path / "no")
    with pytest.raises(UsageError, match="cannot be read"):
        check.load_data(tmp_path)


@pytest.mark.parametrize(
    "given, said",
    [
        ({"rank": 1024}, "vLLM serves adapters up to rank 512"),
        ({"targets": ["q_proj", "lm_head"]}, "names 'lm_head': the embedding and the head"),
        ({"targets": ["model.embed_tokens"]}, "embed_tokens"),
        ({"targets": []}, "targets is empty"),
    ],
)
def test_an_adapter_that_no_server_loads_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_lora(LoraRecipe.model_validate(given))


def test_a_rank_between_those_of_vllm_is_served_with_the_next_larger() -> None:
    assert [served_rank(r) for r in (4, 16, 20, 512)] == [8, 16, 32, 512]


def test_a_full_disk_is_seen_before_the_first_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = namedtuple("usage", "total used free")
    monkeypatch.setattr(check.shutil, "disk_usage", lambda _: free(10**9, 10**9, 50 * 1024**2))
    with pytest.raises(StorageError, match=r"50 MB free, and the checkpoints need \d+ MB"):
        check.enough_room(tmp_path / "not" / "yet", 5_000_000, 2)


def checkpoint(folder: Path, step: int) -> Path:
    import torch
    from safetensors.torch import save_file

    made = folder / f"checkpoint-{step}"
    made.mkdir(parents=True)
    for name in (check.NOTE, "trainer_state.json", "adapter_config.json"):
        (made / name).write_text(json.dumps({"data_hash": "a", "seconds": step}))
    save_file({"w": torch.zeros(4)}, made / "adapter_model.safetensors")
    torch.save({}, made / "optimizer.pt")
    torch.save({}, made / "scheduler.pt")
    return made


def test_the_newest_checkpoint_is_taken_by_its_number(tmp_path: Path) -> None:
    checkpoint(tmp_path, 90)
    newest = checkpoint(tmp_path, 100)
    found, note = check.newest_checkpoint(tmp_path, {"data_hash": "a"})
    assert (found, note["seconds"]) == (newest, 100)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "optimizer.pt", "trainer_state.json", "shelftalk.json"])
def test_a_cut_file_of_a_checkpoint_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    checkpoint(tmp_path, 1)
    damaged = checkpoint(tmp_path, 2) / name
    damaged.write_bytes(damaged.read_bytes()[:5])
    with pytest.raises(
        StorageError, match="checkpoint-2 is damaged .*delete this folder; .* goes on from checkpoint-1"
    ):
        check.newest_checkpoint(tmp_path, {})


def test_resuming_where_nothing_was_saved_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no checkpoint to resume from"):
        check.newest_checkpoint(tmp_path, {})


def test_a_checkpoint_that_was_cut_while_it_was_written_is_passed_over(tmp_path: Path) -> None:
    whole = checkpoint(tmp_path, 1)
    cut = checkpoint(tmp_path, 2)
    (cut / check.NOTE).unlink()
    assert check.newest_checkpoint(tmp_path, {})[0] == whole
    assert not cut.exists()


def test_weights_that_changed_on_the_disk_are_refused(tmp_path: Path) -> None:
    from shelftalk.resources import file_digest

    made = checkpoint(tmp_path, 1)
    weights = made / "adapter_model.safetensors"
    (made / check.NOTE).write_text(json.dumps({"weights": file_digest(weights)}))
    assert check.newest_checkpoint(tmp_path, {})[0] == made
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(StorageError, match="its bytes are not those that were saved.*begin without --resume"):
        check.newest_checkpoint(tmp_path, {})


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    with check.alone(tmp_path / "run"):
        second = check.alone(tmp_path / "run")
        with pytest.raises(UsageError, match="another run is writing to"):
            second.__enter__()
    with check.alone(tmp_path / "run"):
        pass


def test_an_output_that_is_a_file_or_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        check.output_folder(tmp_path / "file")
    with pytest.raises(StorageError, match="cannot be written"):
        check.output_folder(tmp_path / "file" / "below")
