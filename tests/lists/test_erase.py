"""One person is taken out of lists and mails, and stays out."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from shelftalk.errors import EngineError, UsageError
from shelftalk.lists import erase, erase_everywhere, lines_of, recommend
from shelftalk.lists.manifest import claimed
from shelftalk.lists.storage import Place
from tests.lists.stub import lines_in, some_users, users_seen, write_users
from tests.lists.test_recommend import manifest, options


def hashed(user: str) -> str:
    return f"hash-of-{user}"


def test_no_line_of_the_person_is_left_and_the_counts_say_so(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(10), {"user": "u5"}, {"user": "u5", "history": 3})
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options(name=hashed))
    before = lines_in(tmp_path / "out")
    found = erase({"u5", hashed("u5")}, tmp_path / "out")
    assert (found.lines, found.error) == (3, "")
    assert lines_in(tmp_path / "out") == [line for line in before if '"hash-of-u5"' not in line]
    assert all("u5" not in path.read_text() for path in (tmp_path / "out").iterdir() if path.is_file())
    held = manifest(tmp_path / "out")
    assert held["erased"] == [6, 11, 12]
    assert held["counts"] == {"rows": 9, "errors": 0, "empty": 0, "picks": 18}
    assert erase({"u5", hashed("u5")}, tmp_path / "out").lines == 0


def test_who_was_erased_is_not_listed_again_when_the_run_goes_on(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(9), {"user": "gone"})
    with pytest.raises(EngineError):
        recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    assert erase({"u1"}, tmp_path / "out").lines == 1
    (tmp_path / "back").touch()
    (tmp_path / "seen").unlink()
    report = recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    assert users_seen(tmp_path / "seen") == ["u8", "gone"]
    assert (report.lists, report.resumed) == (9, 7)
    assert "u1" not in [json.loads(line)["user"] for line in lines_in(tmp_path / "out")]
    torn = tmp_path / "out" / "part-00000.jsonl"
    torn.write_bytes(torn.read_bytes()[:50])
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    assert [json.loads(line)["user"] for line in lines_in(tmp_path / "out")][:4] == ["u0", "u2", "u3", "u4"]


def test_a_cut_while_erasing_never_brings_the_person_back(opener, small_catalog, tmp_path, monkeypatch) -> None:
    """The process dies after the manifest was written and before the part was: the run makes the part anew, without the person."""
    source = write_users(tmp_path / "users.jsonl", *some_users(4))
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    with monkeypatch.context() as cut:
        cut.setattr("shelftalk.lists.erasing.encode", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erase({"u1"}, tmp_path / "out")
    assert len(lines_in(tmp_path / "out")) == 4
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    assert [json.loads(line)["user"] for line in lines_in(tmp_path / "out")] == ["u0", "u2", "u3"]


def test_every_folder_that_lists_were_written_to_is_known(opener, small_catalog, tmp_path) -> None:
    home = opener.settings.home_folder
    source = write_users(tmp_path / "users.jsonl", *some_users(3))
    for name, format in (("a", "jsonl"), ("b", "parquet"), ("gone", "jsonl"), ("busy", "jsonl")):
        recommend(source, tmp_path / name, catalog=small_catalog, opener=opener, options=options(format=format))
    for path in (tmp_path / "gone").iterdir():
        path.unlink()
    (tmp_path / "gone").rmdir()
    assert [line["row"] for line in lines_of({"u1"}, home)] == [2, 2, 2]
    assert {line["folder"] for line in lines_of({"u1"}, home)} == {str(tmp_path / name) for name in ("a", "b", "busy")}
    with claimed(Place.of(tmp_path / "busy")):
        found = {one.folder: one for one in erase_everywhere({"u1"}, home)}
    assert found[str(tmp_path / "a")].lines == found[str(tmp_path / "b")].lines == 1
    assert "another process" in found[str(tmp_path / "busy")].error
    assert len(found) == 3
    assert pq.read_table(tmp_path / "b").column("user").to_pylist() == ["u0", "u2"]
    assert [one.lines for one in erase_everywhere({"u1"}, home)] == [0, 0, 1]


def test_a_part_that_cannot_be_read_is_removed_rather_than_kept_with_who_knows_whom(
    opener, small_catalog, tmp_path
) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(8))
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    torn = tmp_path / "out" / "part-00001.jsonl"
    torn.write_bytes(torn.read_bytes()[:-9])
    erase({"u7"}, tmp_path / "out")
    assert not torn.exists()


def test_lists_without_a_manifest_are_not_erased_in_silence(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(2))
    recommend(source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    (tmp_path / "out" / "_manifest.json").unlink()
    with pytest.raises(UsageError, match="manifest is gone"):
        erase({"u1"}, tmp_path / "out")
