"""A run can be taken to other tools, and back to the same figures there."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.evaluate.made_runs import make_run

from shelftalk.errors import StorageError, UsageError
from shelftalk.evaluate.export import export_csv, export_trec


def test_another_tool_reads_the_trec_run(tmp_path: Path) -> None:
    import ir_measures

    run = make_run(tmp_path / "a", {"ndcg@10": [0.5, 0.7]})
    assert export_trec(run, tmp_path / "out.trec") == 4
    read = list(ir_measures.read_trec_run(str(tmp_path / "out.trec")))
    assert [(r.query_id, r.doc_id) for r in read] == [("q0", "p1"), ("q0", "p2"), ("q1", "p1"), ("q1", "p2")]
    assert read[0].score > read[1].score


def test_the_csv_has_a_row_a_request_with_its_values(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", {"ndcg@10": [0.5, None]}, columns={"category": ["tents", "lamps"]}, requests=["=1+1", "a, b"])  # fmt: skip
    assert export_csv(run, tmp_path / "out.csv") == 2
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8")))
    assert [r["ndcg@10"] for r in rows] == ["0.5", ""]
    assert [r["category"] for r in rows] == ["tents", "lamps"]
    assert rows[0]["request"] == "'=1+1", "a spreadsheet must not run a request"
    assert rows[0]["ranking"] == "p1 p2"


def test_a_run_without_rankings_and_a_place_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", {"ndcg@10": [0.5]})
    (tmp_path / "nowhere").write_text("a file, no folder")
    with pytest.raises(StorageError, match="nowhere"):
        export_csv(run, tmp_path / "nowhere" / "out.csv")
    assert export_csv(run, tmp_path / "made" / "on" / "the way.csv") == 1
    (tmp_path / "a" / "run.trec").write_text("")
    with pytest.raises(UsageError, match="ranked nothing"):
        export_trec(run, tmp_path / "out.trec")
