"""Gaps in the database: counted by tenant, words, kinds and day; nothing is lost, little is kept, and it can be forgotten."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from shelftalk.gaps import GapCount, Tally, gaps_of
from shelftalk.server.answering import FELL_BACK
from shelftalk.server.counting import MOST_NOTES, Counting
from shelftalk.server.db import Gaps, connect, migrate
from shelftalk.server.db.gaps import DailyGap, catalog_name, day
from shelftalk.values import Answer, Intent

DRY = DailyGap("", "wish", "dri easi", ("Tents",), day(), "easy to dry")
HOSTILE = (
    "<script>alert(1)</script> x",
    "'; DROP TABLE gaps; --",
    "\x1b[2Jcleared",
    "=cmd|'/c calc'!A0",
    "%s %(key)s {0}",
)


def _answer(*unanswered: str, **more: Any) -> Answer:
    said = " ".join(unanswered)
    return Answer("", more.pop("request", said), Intent(unanswered=unanswered, kinds=("Tents",)), **more)


@pytest.fixture
def gaps(database: Engine) -> Gaps:
    """The empty table."""
    Gaps(database).forget()
    return Gaps(database)


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The address of an SQLite file with the tables in it."""
    url = f"sqlite:///{tmp_path}/gaps.db"
    migrate(connect(url))
    return url


def test_like_wishes_are_counted_together_over_days_and_kinds(gaps: Gaps) -> None:
    other = replace(DRY, kinds=("Boots", "Tents"), words="dries easy", day=day(3))
    gaps.add([DRY, other, replace(DRY, key="calm", words="calm", kinds=())])
    gaps.add([replace(DRY, requests=2, conversations=1)])
    top = gaps.top(least=1)
    assert top == [
        GapCount("wish", "dries easy", 4, 3, {"Tents": 4, "Boots": 1}, day(3), day()),
        GapCount("wish", "calm", 1, 1, {}, day(), day()),
    ]
    assert list(top[0].kinds) == ["Tents", "Boots"]
    assert [g.words for g in gaps.top()] == ["dries easy"], "what one conversation alone held is not shown"
    assert gaps.top(least=1, limit=1) == top[:1]


def test_a_look_can_be_at_late_days_a_kind_or_a_tenant(gaps: Gaps) -> None:
    gaps.add([DRY, replace(DRY, day=day(9)), replace(DRY, tenant="b", kinds=("Öfen",), what="need")])
    assert gaps.top(since=day(1), least=1)[0].requests == 1
    assert gaps.top(since=day(9), least=1)[0].requests == 2
    assert [g.what for g in gaps.top(tenant=None, kind="öfen", least=1)] == ["need"]
    assert gaps.top(kind="Kettles", least=1) == []
    assert [g.what for g in gaps.top(tenant="b", least=1)] == ["need"]


def test_a_file_of_answers_is_counted_as_the_database_counts(gaps: Gaps) -> None:
    tally, said = Tally(), ["easy to dry", "dry, easy", "calm colours", "easy to dry"]
    for words in said:
        found = gaps_of(words, Intent(unanswered=(words,), kinds=("Tents",)))
        tally.add(found)
        gaps.add([DailyGap("", g.what, g.key, g.kinds, day(), g.words) for g in found])
    stored = [replace(g, first_seen=None, last_seen=None) for g in gaps.top(least=1)]
    assert stored == tally.top()


def test_hostile_words_are_stored_as_words(gaps: Gaps, database: Engine) -> None:
    counting = Counting(gaps, days=lambda: 90, every_s=0.01).start()
    for words in HOSTILE:
        counting.note(_answer(words, f"{words}\x00\ud800"), tenant="x'; --")
    counting.close()
    kept = {g.words for g in gaps.top(tenant="x'; --", least=1)}
    assert "'; DROP TABLE gaps; --" in kept
    assert len(kept) == len(HOSTILE)
    assert not any(ord(c) < 32 for words in kept for c in words)
    assert gaps.top(tenant="x'; --", kind="'; DROP TABLE gaps; --", least=1) == []
    assert gaps.forget(tenant="x'; --", words=HOSTILE[1]) == 1


def test_what_is_old_goes_and_the_rarest_oldest_go_where_there_are_too_many(database: Engine, gaps: Gaps) -> None:
    bounded = Gaps(database, most=20)
    bounded.add([replace(DRY, key="old", day=day(91)), replace(DRY, key="kept", day=day(90), requests=5)])
    assert bounded.prune(90) == 1
    rare = [replace(DRY, key=f"rare {i}", day=day(i % 60)) for i in range(40)]
    bounded.add([*rare, *(replace(DRY, key="common", day=day(i)) for i in range(5))])
    assert bounded.prune(90) == 28  # 46 rows, 20 may stay, and some room is made
    with database.connect() as connection:
        left = {row[0]: row[1] for row in connection.execute(text("SELECT key, count(*) FROM gaps GROUP BY key"))}
    assert (left["common"], left["kept"]) == (5, 1)
    assert min(int(key[5:]) for key in left if key.startswith("rare")) == 0
    assert "rare 39" not in left, "of those that are as rare the oldest go"


def test_it_can_be_forgotten_whole_by_tenant_and_by_words(gaps: Gaps) -> None:
    gaps.add([DRY, replace(DRY, tenant="b"), replace(DRY, tenant="b", key="calm", words="calm")])
    assert gaps.forget(tenant="b", words="EASY dried") == 1
    assert [g.words for g in gaps.top(tenant="b", least=1)] == ["calm"]
    assert gaps.forget(tenant="b") == 1
    assert gaps.forget() == 1
    assert gaps.top(tenant=None, least=1) == []


_ADDER = """
import sys
from dataclasses import replace
from shelftalk.server.counting import Counting
from shelftalk.server.db import Gaps, connect
from shelftalk.values import Answer, Intent
gaps = Gaps(connect(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for at in range(20):
    counting = Counting(gaps, days=lambda: 90, every_s=0.0).start()
    for number in range(10):
        for words in ("easy to dry", f"calm {'abcdefghij'[number]}x"):
            counting.note(Answer("", words, Intent(unanswered=(words,), kinds=("Tents", "Boots"))))
    counting.close()
"""


def test_two_processes_that_count_at_once_lose_nothing(gaps: Gaps, database: Engine) -> None:
    url = database.url.render_as_string(hide_password=False)
    both = [
        subprocess.Popen([sys.executable, "-c", _ADDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.communicate("\n", timeout=300)
        assert process.returncode == 0
    found = gaps.top(least=1, limit=100)
    assert (found[0].words, found[0].requests, found[0].conversations) == ("easy to dry", 400, 400)
    assert [g.requests for g in found[1:]] == [40] * 10


def test_an_answer_does_not_wait_for_the_database_and_a_stop_writes_all(file: str) -> None:
    gaps, free = Gaps(connect(file)), threading.Event()
    add = gaps.add

    def busy(heard: Sequence[DailyGap]) -> None:
        assert free.wait(60)
        add(heard)

    gaps.add = busy  # type: ignore[method-assign]
    counting = Counting(gaps, days=lambda: 90, every_s=0.0).start()
    for _ in range(200):
        counting.note(_answer("easy to dry"))
    free.set()  # only now, after all of them are through
    counting.close()
    counting.close()
    assert gaps.top()[0].requests == 200


def test_counts_wait_for_a_database_that_is_locked(file: str, caplog: pytest.LogCaptureFixture) -> None:
    gaps, refusals = Gaps(connect(file)), 3
    add = gaps.add

    def locked(heard: Sequence[DailyGap]) -> None:
        nonlocal refusals
        if refusals and heard:
            refusals -= 1
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        add(heard)

    gaps.add = locked  # type: ignore[method-assign]
    counting = Counting(gaps, days=lambda: 90, every_s=0.01).start()
    for _ in range(5):
        counting.note(_answer("easy to dry"))
    end = time.monotonic() + 30
    while not gaps.top():
        assert time.monotonic() < end
        time.sleep(0.02)
    counting.close()
    assert gaps.top()[0].requests == 5
    assert caplog.text.count("wait for the database") == 1
    assert "dry" not in caplog.text


def test_what_cannot_be_stored_at_the_end_is_told_and_counted(file: str) -> None:
    lost: list[int] = []
    engine = connect(file)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gaps")
    counting = Counting(Gaps(engine), days=lambda: 90, lost=lost.append, every_s=0.0).start()
    counting.note(_answer("easy to dry", "calm"))
    counting.close()
    assert sum(lost) == 2


def test_no_more_than_so_many_answers_wait_in_memory(file: str) -> None:
    lost: list[int] = []
    counting = Counting(Gaps(connect(file)), days=lambda: 90, lost=lost.append)  # not started
    for _ in range(MOST_NOTES + 7):
        counting.note(_answer("easy to dry"))
    assert sum(lost) == 7


def test_answers_without_a_gap_or_without_the_model_are_not_even_looked_at(file: str) -> None:
    gaps = Gaps(connect(file))
    counting = Counting(gaps, days=lambda: 90, every_s=0.0).start()
    counting.note(_answer())
    counting.note(_answer("easy to dry", notes=(FELL_BACK["failed"],)))
    counting.close()
    assert gaps.top(least=1) == []
    assert not any(thread.name == "gaps" and thread is counting._thread for thread in threading.enumerate())


def test_each_catalogue_has_its_own_counts(database: Engine, gaps: Gaps, tmp_path: Path) -> None:
    one, two = (Gaps(database, catalog_name(tmp_path / name)) for name in ("one", "two"))
    gaps.add([DRY])  # as an earlier version did
    one.add([DRY])
    one.add([DRY])
    two.add([replace(DRY, words="dries with ease", kinds=("Boots",))])
    assert [(g.requests, g.kinds) for g in one.top(least=1)] == [(2, {"Tents": 2})]
    assert [(g.requests, g.words) for g in two.top(least=1, kind="boots")] == [(1, "dries with ease")]
    assert gaps.top(least=1)[0].requests == 4, "all of them"
    assert gaps.catalogs() == ["", str(tmp_path / "one"), str(tmp_path / "two")]
    assert one.forget() == 1
    assert (one.top(least=1), two.top(least=1)[0].requests) == ([], 1)
    assert len(catalog_name(tmp_path / ("x" * 200) / ("y" * 200))) == 300
