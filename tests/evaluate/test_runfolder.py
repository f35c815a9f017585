"""A run folder is written whole, read with pandas, and says what is wrong with it."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from shelftalk.errors import StorageError, UsageError
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.runfolder import ModelCall, RunFolder
from shelftalk.values import Request

CASES = [
    Case("a", Request("first?"), columns={"kind": "x", "words": 2, "soft": True}, group="g"),
    Case("b", Request("second?"), columns={"kind": "y"}),
]
OUTCOMES = [
    Outcome("a", ("p 1", "p2"), (0.9, 0.1), {"picks": []}, latency_ms=3.0, timings_ms={"rank": 1.0}, tokens=(5, 1)),
    Outcome("b", error="it failed"),
]
VALUES = [{"mrr": 1.0, "f": None}, {"mrr": None, "f": 0.0}]
ASKED = [ModelCall("a", "rank", "rank/x@1", "[user]\nchoose", '{"A": -0.1}')]
META = {"format": 1, "suite": {"name": "s"}, "variant": {"name": "strategy=none,k=1"}, "requests": 2}


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    made.write(META, CASES, OUTCOMES, VALUES, ASKED)
    return made


def test_what_is_written_is_read_again(folder) -> None:
    run = RunFolder.read(folder.path)
    assert {k: v for k, v in run.meta.items() if k != "files"} == META
    assert run.name == "strategy=none,k=1"
    assert folder.outcomes() == OUTCOMES
    assert list(run.scores["m:mrr"].isna()) == [False, True]
    assert run.scores.kind.tolist() == ["x", "y"]
    assert run.scores.group.tolist()[0] == "g"
    assert run.prompts.completion.tolist() == ['{"A": -0.1}']
    assert (folder.path / "run.trec").read_text() == (
        "a Q0 p%201 1 1.000000 strategy-none-k-1\na Q0 p2 2 0.500000 strategy-none-k-1\n"
    )


def test_the_tables_are_plain_parquet(folder) -> None:
    answers = pd.read_parquet(folder.path / "answers.parquet")
    assert list(answers.columns) == [
        "id", "repeat", "request", "catalog", "ranking", "scores", "answer", "verdict", "probability", "error",
        "latency_ms", "timings", "prompt_tokens", "completion_tokens",
    ]  # fmt: skip
    assert json.loads(answers.timings[0]) == {"rank": 1.0}
    assert answers.error[1] == "it failed"


def test_nothing_half_written_stays_behind(folder) -> None:
    assert sorted(p.name for p in folder.path.iterdir()) == [
        "answers.parquet", "prompts.parquet", "run.json", "run.trec", "scores.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["answers.parquet", "scores.parquet", "prompts.parquet", "run.trec"])
@pytest.mark.parametrize("damage", ["cut", "one byte", "gone"])
def test_a_file_that_is_not_what_was_written_is_named(folder, name, damage) -> None:
    meta = folder.finished()
    assert folder.damaged(meta) == ()
    file = folder.path / name
    raw = file.read_bytes()
    file.unlink()
    if damage != "gone":
        file.write_bytes(raw[: len(raw) // 2] if damage == "cut" else raw[:20] + bytes([raw[20] ^ 1]) + raw[21:])
    assert folder.damaged(meta) == (name,)


def test_of_a_run_of_before_there_were_digests_what_cannot_be_read_is_named(folder) -> None:
    file = folder.path / "answers.parquet"
    assert folder.damaged({}) == ()
    file.write_bytes(file.read_bytes()[:-40])
    assert folder.damaged({}) == ("answers.parquet",)


def test_a_damaged_line_of_a_cut_run_costs_its_case_alone(tmp_path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.resume("x")
    folder.append([(OUTCOMES[0], ASKED), (OUTCOMES[1], [])])
    file = folder.path / "answers.partial.jsonl"
    head, first, second = file.read_text().splitlines(keepends=True)
    for spoilt in (first[:30] + first[60:], "{}\n", "[]\n", '{"outcome": {"id": "a"}, "asked": []}\n'):
        file.write_text(head + spoilt + second)
        assert folder.resume("x") == ([OUTCOMES[1]], [])
        assert file.read_text() == head + second, "what follows is written behind sound lines"


def test_ids_with_white_space_stay_apart_in_a_trec_run() -> None:
    from shelftalk.evaluate.ids import token

    ids = ["k5", "k_5", "k 5", "k  5", "k\t5", "k\u00a05", "k%205", "k%2505", "k%25205", "k%2525205", " k5", "k5 ", "k%c2%a05",
           "50%", "a%2Fb", "%41"]  # fmt: skip
    told = [token(i) for i in ids]
    assert len(set(told)) == len(ids)
    assert not any(c.isspace() for text in told for c in text)
    assert [token(i) for i in ("k5", "k_5", "50%", "a%2Fb", "%41")] == ["k5", "k_5", "50%", "a%2Fb", "%41"], (
        "as qrels name them"
    )


def test_a_cut_run_is_taken_up_where_it_was_cut(tmp_path) -> None:
    folder = RunFolder(tmp_path / "run")
    assert folder.resume("x") == ([], [])
    folder.append([(OUTCOMES[0], ASKED), (OUTCOMES[1], [])])
    with (folder.path / "answers.partial.jsonl").open("a") as out:
        out.write('{"outcome": {"id"')
    assert folder.resume("x") == (OUTCOMES, ASKED)
    folder.append([(OUTCOMES[1], [])])
    assert len(folder.resume("x")[0]) == 3


def test_a_text_with_other_ends_of_lines_does_not_break_a_cut_run(tmp_path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.resume("x")
    said = [Outcome("a", answer={"reason": "one\u2028two\x85three\r\x0bfour"})]
    folder.append([(said[0], [])])
    assert folder.resume("x")[0] == said


def test_two_runs_do_not_write_into_one_folder(tmp_path) -> None:
    folder = RunFolder(tmp_path / "run")
    told = r"run: another .* is writing here; wait .*, or give another --out"
    with folder.alone(), pytest.raises(StorageError, match=told), RunFolder(folder.path).alone():
        pass
    with folder.alone():
        pass
    assert list(folder.path.iterdir()) == []


def test_a_table_of_something_else_is_told_by_its_file(folder) -> None:
    (folder.path / "scores.parquet").write_bytes((folder.path / "answers.parquet").read_bytes())
    with pytest.raises(UsageError, match=r"scores\.parquet: has no column 'group'"):
        RunFolder.read(folder.path)


def test_what_another_run_left_is_not_taken_up(tmp_path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.resume("x")
    folder.append([(OUTCOMES[0], [])])
    assert folder.resume("y") == ([], [])
    assert folder.resume("x") == ([], [])


def test_a_missing_folder_and_the_folder_above_runs_are_told(folder, tmp_path) -> None:
    with pytest.raises(UsageError, match="no such run folder; `shelftalk eval run SUITE --out DIR` makes one"):
        RunFolder.read(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="runs are one folder below: run"):
        RunFolder.read(tmp_path)


def test_a_run_that_was_cut_says_how_to_go_on(tmp_path) -> None:
    RunFolder(tmp_path / "run").resume("x")
    with pytest.raises(UsageError, match=r"run\.json: missing; the run was interrupted: give the same"):
        RunFolder.read(tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("run.json", "{", r"run\.json: not readable as JSON"),
        ("run.json", '{"format": 9}', r"run\.json: format 9, but this version reads 1"),
        ("scores.parquet", "no table", r"scores\.parquet: not readable as parquet .* run `shelftalk eval run` again"),
    ],
)
def test_a_damaged_file_is_named_with_a_remedy(folder, name, text, message) -> None:
    (folder.path / name).write_text(text)
    with pytest.raises(UsageError, match=message):
        RunFolder.read(folder.path)


def test_a_lost_file_is_named(folder) -> None:
    (folder.path / "answers.parquet").unlink()
    with pytest.raises(UsageError, match=r"answers\.parquet: missing"):
        RunFolder.read(folder.path)
    assert folder.damaged(folder.finished()) == ("answers.parquet",)


def test_an_empty_run_is_told(tmp_path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.write(META, [], [], [], [])
    with pytest.raises(UsageError, match="an empty run"):
        RunFolder.read(folder.path)
