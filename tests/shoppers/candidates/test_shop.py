"""A shop fits its own behaviour and blend on a time split."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from tests.shoppers.candidates.small import NOW, act, shop
from typer.testing import CliRunner

from shelftalk.catalog import Catalog
from shelftalk.cli.main import app
from shelftalk.errors import PARTIAL
from shelftalk.shoppers.candidates import SOURCES, Behaviour, Blend
from shelftalk.shoppers.candidates.shop import fit_shop
from shelftalk.shoppers.candidates.split import ndcg, next_baskets, slices
from shelftalk.shoppers.candidates.weigh import Choice, weigh
from shelftalk.values import Criterion, ProfileLine


def test_a_case_knows_nothing_of_its_own_day_or_later():
    done = [act("a", "cup", 9), act("a", "lamp", 8.5, "view"), act("a", "tray", 7.6), act("a", "tea-mint", 7.5, session="a-7.6"), act("a", "bulb", 1)]  # fmt: skip
    cases = next_baskets(done, NOW - timedelta(days=8), NOW)
    assert {(c.level, tuple(i.product_id for i in c.history)) for c in cases} == {
        (1, ("lamp",)),
        (None, ("lamp", "cup")),
    }
    assert cases[0].bought == {"tray", "tea-mint"}
    assert cases[0].at == (NOW - timedelta(days=8))


def test_a_shopper_without_history_is_a_case_at_nothing_and_a_view_is_no_basket():
    done = [act("new", "cup", 3, place="France"), act("looks", "cup", 3, "view")]
    (case,) = next_baskets(done, NOW - timedelta(days=5), NOW)
    assert (case.user, case.level, case.history, case.place) == ("new", 0, (), "France")


def test_a_window_is_cut_at_the_starts_of_days():
    start = NOW - timedelta(days=10, hours=5)
    cut = slices(start, NOW, 3)
    assert cut[0][0] == start
    assert cut[-1][1] == NOW
    assert all(a[1] == b[0] and (b[0].hour, b[0].minute) == (0, 0) for a, b in pairwise(cut))


def test_ndcg_is_one_for_the_ideal_list_and_discounts_later_places():
    assert ndcg(["a", "b", "c"], frozenset("ab")) == pytest.approx(1)
    assert ndcg(["x", "a"], frozenset("a")) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg(["x"], frozenset("a")) == 0


def test_the_source_that_foretells_what_is_bought_gets_the_weight():
    import numpy as np

    made = np.random.default_rng(0)
    choices = []
    for n in (0, 1, 5, 20) * 30:
        table = made.uniform(size=(30, len(SOURCES)))
        table[:, SOURCES.index("taste")] = 0
        right = "popular" if n == 0 else "again"
        if n == 0:
            table[:, SOURCES.index("again")] = 0
        bought = np.zeros(30, dtype=bool)
        bought[np.argsort(-table[:, SOURCES.index(right)])[:3]] = True
        choices.append(Choice(table, bought, n))
    blend = weigh(choices)
    assert blend is not None
    assert SOURCES[int(blend.weights(0, SOURCES[:4]).argmax())] == "popular"
    assert SOURCES[int(blend.weights(20).argmax())] == "again"
    kept, before = blend.weights(20)[SOURCES.index("taste")], Blend.default().weights(20)[SOURCES.index("taste")]
    assert kept > 0  # nothing was seen of it, so its share stays about what it was
    assert before > 0
    assert weigh([]) is None


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shelftalk.shoppers.candidates.shop.LEAST_CASES", 10)


def test_a_shop_chooses_on_its_own_past_and_measures_on_days_that_nothing_was_chosen_on(few, catalog: Catalog):
    read: list[tuple[int, object]] = []

    def lines(history, at):
        read.append((len(history), at))
        return [ProfileLine("l", Criterion("brand", "is", "Ama"))]

    behaviour = fit_shop(shop(), catalog, NOW, read=lines)
    report = behaviour.report
    assert report["fitted"]
    assert report["dev_shoppers"] >= 10
    assert behaviour.blend != Blend.default()
    assert report["test"]
    for row in report["test"].values():
        assert row["shoppers"] > 0
        assert 0 <= row["popularity"] <= 1
        assert row["fitted"] >= row["popularity"]
    assert read
    assert all(at < NOW for _, at in read)


def test_with_too_few_shoppers_the_shipped_blend_stays_and_the_report_says_so(catalog: Catalog):
    behaviour = fit_shop(shop(), catalog, NOW)
    assert not behaviour.report["fitted"]
    assert behaviour.blend == Blend.default()


def test_the_command_learns_from_a_file_and_accounts_for_bad_lines(catalog: Catalog, tmp_path):
    lines = [
        {"user": i.user, "product": i.product_id, "event": "buy", "time": i.at.isoformat(), "session": i.session}
        for i in shop()
    ]
    lines += [{"user": "a", "product": "gone", "event": "view", "time": "2026-05-01T10:00:00Z"}]
    bad = ["{", '{"user": "a", "product": "cup", "event": "stare", "time": "2026-05-01"}', '{"user": "a", "event": "view", "time": "2026-05-01"}', '{"user": "a", "product": "cup", "event": "view", "time": "yesterday"}', "[1]"]  # fmt: skip
    source, out = tmp_path / "events.jsonl", tmp_path / "b.npz"
    source.write_text("\n".join([*map(json.dumps, lines), *bad]), encoding="utf-8")
    command = ["events", "fit", "--catalog", str(catalog.path), "--input", str(source), "--output", str(out), "--at", "2026-06-01"]  # fmt: skip
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == PARTIAL
    report = json.loads(done.stdout)
    assert (report["interactions"], report["unknown_products"], report["rejected"]) == (206, 1, 5)
    held = Behaviour.load(out)
    assert held is not None
    assert held.report["interactions"] == 206
    assert "learnt from 206 interactions" in CliRunner().invoke(app, command).stdout


def test_the_command_reads_the_servers_database(catalog: Catalog, tmp_path):
    from shelftalk.server.db import Interactions, connect, migrate

    url = f"sqlite:///{tmp_path}/serve.db"
    engine = connect(url)
    migrate(engine)
    Interactions(engine).put(shop()[:40])
    Interactions(engine).put([act("other", "cup", 3)], tenant="other")
    out = tmp_path / "b.npz"
    done = CliRunner().invoke(app, ["events", "fit", "--catalog", str(catalog.path), "--database", url, "--output", str(out), "--at", "2026-06-01"])  # fmt: skip
    assert done.exit_code == 0, done.output
    held = Behaviour.load(out)
    assert held is not None
    assert held.report["interactions"] == 40


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--at", "soon"], "no moment"),
        (["--input", "none.jsonl"], "none.jsonl: no such file"),
        (["--input", "none.jsonl", "--tenant", "t"], "--tenant go without it"),
    ],
)
def test_what_cannot_be_used_is_told(catalog: Catalog, more, said):
    done = CliRunner().invoke(app, ["events", "fit", "--catalog", str(catalog.path), *more])
    assert done.exception is not None
    assert said in str(done.exception)
