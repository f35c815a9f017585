"""Lists for many users: what is written, what a cut leaves, and what is never made twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftalk.catalog import Catalog
from shelftalk.errors import CatalogError, EngineError, UsageError
from shelftalk.lists import Options, recommend
from tests.catalog.fakes import HashEmbedder
from tests.lists.stub import PRODUCTS, OpenStub, lines_in, make_catalog, some_users, users_seen, write_users

AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


def options(**more) -> Options:
    return Options(**{"k": 2, "size": 4, "batch": 3, "at": AT, **more})


def read(folder: Path) -> list[dict]:
    return [json.loads(line) for line in lines_in(folder)]


def manifest(folder: Path) -> dict:
    return json.loads((folder / "_manifest.json").read_text())


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*"))}


def test_each_user_has_a_line_in_input_order_with_picks_reasons_and_evidence(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(10))
    report = recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    lines = read(tmp_path / "out")
    assert [line["user"] for line in lines] == [f"u{i}" for i in range(10)]
    assert [line["row"] for line in lines] == list(range(1, 11))
    assert sorted(bytes_in(tmp_path / "out")) == ["part-00000.jsonl", "part-00001.jsonl", "part-00002.jsonl"]
    first = lines[1]["picks"][0]
    assert first["product_id"] == "p0"
    assert first["reason"].startswith("Kettle 0, by 1 products seen")
    assert first["claims"][0]["evidence"] == [{"field": "title", "value": "Kettle 0"}]
    assert first["url"] == "https://shop.example/p0"
    assert (report.lists, report.empty, report.errors, report.resumed, report.picks) == (10, 0, 0, 0, 20)


def test_the_same_input_gives_the_same_bytes_whatever_the_clock_says(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(10))
    for name in ("one", "two"):
        recommend(source, tmp_path / name, catalog=small_catalog, opener=opener, options=options())
    assert bytes_in(tmp_path / "one") == bytes_in(tmp_path / "two")
    assert manifest(tmp_path / "one") == manifest(tmp_path / "two")


def test_bad_rows_are_lines_with_an_error_and_the_rest_go_on(opener, small_catalog, tmp_path) -> None:
    source = write_users(
        tmp_path / "users.jsonl",
        {"user": "a"},
        "{not json",
        "",
        {"history": ["p1"]},
        {"user": "bad"},
        {"user": "broken"},
        {"user": "c", "history": "p1"},
        {"user": "d", "history": [{"product_id": "p1", "kind": "stole"}]},
        {"user": "e", "history": [{"product_id": "p1", "at": "yesterday"}]},
        {"user": "f", "context": {"season": "monsoon"}},
        {"user": "g" * 600},
        {"user": 7},
    )
    with source.open("ab") as out:
        out.write(b'{"user": "caf\xe9"}\n' + b'{"user": "' + b"x" * 2_000_100 + b'"}\n' + b'{"user": "last"}')
    report = recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    lines = read(tmp_path / "out")
    assert [line["user"] for line in lines if "error" not in line] == ["a", "7", "last"]
    told = {line["row"]: line["error"] for line in lines if "error" in line}
    assert [line["row"] for line in lines] == [1, 2, *range(4, 16)]  # 3 is blank
    for row, words in {
        2: "users.jsonl line 2: not JSON", 4: "'user' must be", 5: "nothing for bad", 6: "internal error: KeyError",
        7: "'history' must be a list", 8: "kind 'stole' is not known", 9: "at 'yesterday' is no moment", 10: "season 'monsoon' is not known",
        11: "600 characters", 13: "not UTF-8 at byte 13", 14: "more than 2000000 bytes",
    }.items():  # fmt: skip
        assert words in told[row], told[row]
    assert lines[4]["user"] == "broken"
    assert (report.lists, report.errors) == (3, 11)
    assert manifest(tmp_path / "out")["counts"] == {"rows": 14, "errors": 11, "empty": 0, "picks": 6}


def test_users_as_parquet_give_the_lists_that_json_lines_give(opener, small_catalog, tmp_path) -> None:
    history = [{"product_id": "p0", "kind": "purchase", "at": "2026-05-02T10:00:00Z"}, {"product_id": "p2"}]
    rows = [{"user": f"u{i}", "history": history[: i % 3]} for i in range(11)]
    source = write_users(tmp_path / "users.jsonl", *rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "users.parquet", row_group_size=5)
    recommend(source, tmp_path / "a", catalog=small_catalog, opener=opener, options=options())
    recommend(tmp_path / "users.parquet", tmp_path / "b", catalog=small_catalog, opener=opener, options=options(size=2))
    assert lines_in(tmp_path / "a") == lines_in(tmp_path / "b")
    assert len(lines_in(tmp_path / "b")) == 11


def test_a_folder_of_files_is_read_in_the_order_of_their_names(opener, small_catalog, tmp_path) -> None:
    (tmp_path / "users").mkdir()
    write_users(tmp_path / "users" / "b.jsonl", {"user": "3"}, "{")
    write_users(tmp_path / "users" / "a.jsonl", {"user": "1"}, {"user": "2"})
    write_users(tmp_path / "users" / "_half.jsonl", {"user": "no"})
    (tmp_path / "users" / "readme.txt").write_text("no users")
    recommend(tmp_path / "users", tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    lines = read(tmp_path / "out")
    assert [(line["row"], line["user"]) for line in lines] == [(1, "1"), (2, "2"), (3, "3"), (4, "")]
    assert "b.jsonl line 2" in lines[3]["error"]


def test_lists_as_parquet_hold_the_same_lines(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(6), "{", {"user": "half \ud83d of a pair"})
    recommend(source, tmp_path / "a", catalog=small_catalog, opener=opener, options=options())
    recommend(source, tmp_path / "b", catalog=small_catalog, opener=opener, options=options(format="parquet"))
    table = pq.read_table(tmp_path / "b").to_pylist()
    assert [row["line"] for row in table] == lines_in(tmp_path / "a")
    assert table[1]["picks"][0]["price"] == "10.90"
    assert "not JSON" in table[6]["error"]
    again = recommend(source, tmp_path / "b", catalog=small_catalog, opener=opener, options=options(format="parquet"))
    assert again.resumed == 8


def test_a_run_killed_with_sigkill_goes_on_without_repeating_work(opener, small_catalog, tmp_path) -> None:
    """A process of its own is killed in its third part; no list of the first two is made again, and the bytes are those of a whole run."""
    rows = some_users(14)
    rows[9] = {"user": "stuck"}
    source = write_users(tmp_path / "users.jsonl", *rows)
    code = (
        "import sys; from pathlib import Path; from tests.lists.stub import OpenStub; from tests.lists.test_recommend import options\n"
        "from shelftalk.lists import recommend; from shelftalk.settings import load_settings\n"
        f"root = Path({str(tmp_path)!r})\n"
        f"recommend(root / 'users.jsonl', root / 'out', catalog={str(small_catalog)!r}, options=options(),\n"
        "  opener=OpenStub(load_settings(home=root / 'home'), root / 'seen'))"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    while not (tmp_path / "waiting").exists():
        assert child.poll() is None, "it ended before it was killed"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert sorted(bytes_in(tmp_path / "out")) == ["part-00000.jsonl", "part-00001.jsonl"]
    assert manifest(tmp_path / "out")["state"] == "begun"
    (tmp_path / "out" / ".part-00002.jsonl.x.part").write_text('{"half')  # what it may have been writing
    (tmp_path / "back").touch()
    (tmp_path / "seen").unlink()

    told = []
    report = recommend(
        source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options(), progress=lambda *at: told.append(at)
    )  # fmt: skip
    assert users_seen(tmp_path / "seen") == ["u8", "stuck", "u10", "u11", "u12", "u13"]
    assert report.resumed == 8
    assert told == [(8, 14), (12, 14), (14, 14)]
    recommend(source, tmp_path / "whole", catalog=small_catalog, opener=opener, options=options())
    assert bytes_in(tmp_path / "out") == bytes_in(tmp_path / "whole")
    assert sorted(p.name for p in (tmp_path / "out").iterdir() if p.name != ".lists.lock") == [
        "_manifest.json", *(f"part-0000{i}.jsonl" for i in range(4))
    ]  # fmt: skip


@pytest.mark.parametrize("damage", [
    lambda raw: raw[: len(raw) // 2], lambda raw: raw[: raw.index(b"\n") + 1], lambda raw: b"",
    lambda raw: raw + raw.splitlines(True)[-1], lambda raw: b"[1]\n" * 4,
])  # fmt: skip
def test_a_torn_part_is_made_again_and_no_other(opener, small_catalog, tmp_path, damage) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(10))
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    before = bytes_in(tmp_path / "out")
    torn = tmp_path / "out" / "part-00001.jsonl"
    torn.write_bytes(damage(torn.read_bytes()))
    (tmp_path / "seen").unlink()
    report = recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    assert users_seen(tmp_path / "seen") == ["u4", "u5", "u6", "u7"]
    assert report.resumed == 6
    assert bytes_in(tmp_path / "out") == before


def test_where_the_language_model_is_lost_what_was_made_is_kept(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(5), {"user": "gone"}, *some_users(3))
    with pytest.raises(EngineError, match="gone"):
        recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    assert sorted(bytes_in(tmp_path / "out")) == ["part-00000.jsonl"]
    (tmp_path / "back").touch()
    report = recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    assert (report.lists, report.resumed) == (9, 4)


def test_a_run_goes_on_with_the_catalogue_that_it_began_with(opener, tmp_path) -> None:
    catalog = make_catalog(tmp_path / "catalog")
    source = write_users(tmp_path / "users.jsonl", *some_users(5), {"user": "gone"})
    recommend(write_users(tmp_path / "other.jsonl", *some_users(5), {"user": "x"}), tmp_path / "first", catalog=catalog,
              opener=opener, options=options())  # fmt: skip
    with pytest.raises(EngineError):
        recommend(source, tmp_path / "out", catalog=catalog, opener=opener, options=options())
    Catalog.open(catalog, embedder=HashEmbedder()).remove(["p0", "p1"])
    (tmp_path / "back").touch()
    recommend(source, tmp_path / "out", catalog=catalog, opener=opener, options=options())
    assert [line["picks"] for line in read(tmp_path / "out")[:5]] == [
        line["picks"] for line in read(tmp_path / "first")[:5]
    ]
    assert read(tmp_path / "out")[5]["picks"][0]["product_id"] == "p0"
    assert not (tmp_path / "out" / "_catalogue").exists()
    assert Catalog.open(catalog).count() == len(PRODUCTS) - 2
    with pytest.raises(UsageError, match="differs in catalogue"):
        recommend(source, tmp_path / "out", catalog=catalog, opener=opener, options=options())


def test_lists_of_another_run_are_never_mixed_with_these(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(5))
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    other = write_users(tmp_path / "other.jsonl", *some_users(6))
    for changed, words in (
        ({"options": options(k=1)}, r"k \(2 before, 1 now\)"),
        ({"options": options(at=AT.replace(day=2))}, r"at \(2026-11-01"),
        ({"users": other}, "input"),
        ({"opener": OpenStub(opener.settings.model_copy(update={"model": "other"}), opener.seen)}, "settings"),
    ):
        given = {
            "users": source,
            "output": tmp_path / "out",
            "catalog": small_catalog,
            "opener": opener,
            "options": options(),
        }
        with pytest.raises(UsageError, match=words):
            recommend(**{**given, **changed})
    report = recommend(other, tmp_path / "out", catalog=small_catalog, opener=opener, options=options(k=1), again=True)
    assert (report.lists, report.resumed, report.picks) == (6, 0, 6)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("dear")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        recommend(source, tmp_path / "mine", catalog=small_catalog, opener=opener, options=options(), again=True)


def test_the_moment_of_a_run_is_kept_when_it_goes_on(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(5))
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options(at=None))
    before = manifest(tmp_path / "out")
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options(at=None))
    assert manifest(tmp_path / "out") == before


def test_two_runs_do_not_write_to_one_folder_at_once(opener, small_catalog, tmp_path) -> None:
    from shelftalk.lists.manifest import claimed
    from shelftalk.lists.storage import Place

    source = write_users(tmp_path / "users.jsonl", *some_users(5))
    with claimed(Place.of(tmp_path / "out")), pytest.raises(UsageError, match="another process"):
        recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())


def test_memory_does_not_grow_with_the_number_of_users(opener, small_catalog, tmp_path) -> None:
    def peak(count: int) -> int:
        source = write_users(tmp_path / f"{count}.jsonl", *some_users(count))
        tracemalloc.start()
        recommend(
            source, tmp_path / f"out{count}", catalog=small_catalog, opener=opener, options=options(size=50, batch=50)
        )
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    peak(100)  # what is imported and kept once
    written = peak(2500), sum(len(content) for content in bytes_in(tmp_path / "out2500").values())
    assert written[0] * 4 < written[1]  # bytes held at the most, and bytes of all lists


@pytest.mark.parametrize("name, content, words", [
    ("none.jsonl", None, "no such file or folder"), ("empty.jsonl", b"\n\n", "holds no user"), ("x.parquet", b"no", "cannot be read as Parquet"),
])  # fmt: skip
def test_an_input_that_cannot_be_read_says_what_is_wrong(opener, small_catalog, tmp_path, name, content, words) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=words):
        recommend(tmp_path / name, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    assert not (tmp_path / "out" / "_manifest.json").exists()


def test_parquet_without_users_and_a_missing_catalogue_are_told(opener, small_catalog, tmp_path) -> None:
    pq.write_table(pa.table({"customer": ["a"]}), tmp_path / "users.parquet")
    with pytest.raises(UsageError, match="no column 'user'; it has customer"):
        recommend(tmp_path / "users.parquet", tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    source = write_users(tmp_path / "users.jsonl", {"user": "a"})
    with pytest.raises(CatalogError, match="no catalogue in"):
        recommend(source, tmp_path / "out", catalog=tmp_path / "nowhere", opener=opener, options=options())
