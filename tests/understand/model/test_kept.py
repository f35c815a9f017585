"""Vectors that are kept: what one process made another reads, and a file that cannot be used is done without."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from shelftalk.understand.model import kept
from shelftalk.understand.model.kept import KeptVectors
from shelftalk.understand.model.matching import TextMatcher, Vectors

ONE, TWO = np.array([1, 0], np.float32), np.array([0.6, 0.8], np.float32)


class Counting:
    """An encoder that counts what it reads."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, texts: list[str]) -> np.ndarray:
        self.read += texts
        return np.stack([TWO if "blue" in text else ONE for text in texts])


def test_what_was_made_before_is_read_bit_for_bit(tmp_path: Path) -> None:
    KeptVectors(tmp_path / "deep" / "v.sqlite", 2).put({"red": ONE, "blue \udcff": TWO})
    found = KeptVectors(tmp_path / "deep" / "v.sqlite", 2).get(["blue \udcff", "green", "red"])
    assert sorted(found) == ["blue \udcff", "red"]
    assert (found["blue \udcff"] == TWO).all()


def test_a_new_process_reads_no_sentence_again_and_keeps_no_shoppers_words(tmp_path: Path) -> None:
    for made in (["in blue", "in red"], []):
        encoder = Counting()
        matcher = TextMatcher(Vectors(encoder, KeptVectors(tmp_path / "v.sqlite", 2)))
        near = matcher.nearness(["Shoes"], ["something blue"], ["in blue", "in red"])
        assert near[0].tolist() == pytest.approx([1.0, 0.6])
        assert [t for t in encoder.read if not t.startswith("Shoes: ")] == made
    with sqlite3.connect(tmp_path / "v.sqlite") as database:
        assert database.execute("SELECT COUNT(*) FROM vectors").fetchone() == (2,)


def test_vectors_of_another_length_are_not_taken(tmp_path: Path) -> None:
    KeptVectors(tmp_path / "v.sqlite", 2).put({"red": ONE})
    assert KeptVectors(tmp_path / "v.sqlite", 3).get(["red"]) == {}


def test_a_file_that_is_no_database_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "v.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 20)
    KeptVectors(tmp_path / "v.sqlite", 2).put({"red": ONE})
    assert list(KeptVectors(tmp_path / "v.sqlite", 2).get(["red"])) == ["red"]
    assert caplog.text.count("is damaged and made anew") == 1


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    without = KeptVectors(tmp_path / "file" / "v.sqlite", 2)
    assert (without.of(["red"], lambda texts: [ONE])["red"] == ONE).all()
    assert without.get(["red"]) == {}
    assert "vectors are not kept" in caplog.text


def test_a_file_that_breaks_later_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mine = KeptVectors(tmp_path / "v.sqlite", 2)
    with sqlite3.connect(tmp_path / "v.sqlite") as database:
        database.execute("DROP TABLE vectors")
    mine.put({"red": ONE})
    assert mine.get(["red"]) == {}
    assert caplog.text.count("vectors are not kept") == 1


def test_the_older_half_goes_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_ROWS", 10)
    mine = KeptVectors(tmp_path / "v.sqlite", 2)
    for n in range(11):
        mine.put({str(n): ONE})
    assert sorted(map(int, mine.get([str(n) for n in range(11)]))) == [6, 7, 8, 9, 10]


def test_threads_share_one(tmp_path: Path) -> None:
    mine, wrong = KeptVectors(tmp_path / "v.sqlite", 2), []

    def work(place: int) -> None:
        for n in range(50):
            mine.put({f"{place} {n}": TWO})
            if f"{place} {n}" not in mine.get([f"{place} {n}"]):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
