"""Who is about to be lost: a known world is scored better than by recency alone, nothing of the future is read, reasons are the customer's
own numbers."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from shelftalk.cli.main import app
from shelftalk.errors import UsageError
from shelftalk.privacy.keepers import Person
from shelftalk.prompts import PromptLibrary
from shelftalk.server.outputs import Outputs
from shelftalk.shoppers.churn import ChurnModel, customer, days_of, measured, win_back, windows
from shelftalk.shoppers.churn.signs import NAMES, bought_between, features
from shelftalk.values.shopper import Interaction
from tests.shoppers.predict_world import START, did

HORIZON = 30
TEMPLATE = PromptLibrary.default().get("churn/reason")


def world(users: int = 240, days: int = 240, seed: int = 3) -> dict[str, list[Interaction]]:
    """Each customer buys at a rhythm of their own (4 to 28 days), and half of them stop one day: how long they have been away says little
    without their rhythm."""
    rng = np.random.default_rng(seed)
    found = {}
    for n in range(users):
        every, stop = float(rng.choice([4, 20, 28])), float(rng.uniform(100, days)) if n % 2 else float(days)
        day, events = float(rng.uniform(0, every)), []
        while day < stop:
            events.append(did(f"c{n}", "purchase", f"p{n % 7}", day, price=Decimal(10), value=2.0))
            day += every * float(rng.uniform(0.6, 1.4))
        if events:
            found[f"c{n}"] = events
    return found


@pytest.fixture(scope="module")
def shop() -> dict[str, list[Interaction]]:
    return world()


def test_a_model_of_the_rhythm_beats_recency_alone_on_later_time(shop: dict[str, list[Interaction]]) -> None:
    last = START + timedelta(days=240)
    past, _ = windows(shop.items(), days_of(last, START, HORIZON), HORIZON, last)
    found, told = measured(past, HORIZON)
    assert found.as_of == last - timedelta(days=HORIZON)
    assert found.auc.low <= found.auc.value <= found.auc.high
    assert found.auc.value > found.recency_auc.value + 0.02
    assert found.gain.value == pytest.approx(found.auc.value - found.recency_auc.value)
    assert found.brier.value < found.recency_brier.value
    assert len(told) == found.customers
    assert sum(abs(p - share) * n for p, share, n in found.bins) / found.customers < 0.15, "calibrated"


def test_no_window_that_is_fitted_on_reaches_into_the_test(shop: dict[str, list[Interaction]]) -> None:
    last = START + timedelta(days=240)
    past, _ = windows(shop.items(), days_of(last, START, HORIZON), HORIZON, last)
    spoilt = list(past)
    late = max(past, key=lambda w: w.as_of)
    for i, w in enumerate(past):
        if w is not late and w.as_of + timedelta(days=HORIZON) > late.as_of:
            spoilt[i] = type(w)(w.as_of, w.users, w.x, ~w.churned)  # type: ignore[operator]
    assert measured(past, HORIZON)[0] == measured(spoilt, HORIZON)[0]


def test_features_read_nothing_after_the_day(shop: dict[str, list[Interaction]]) -> None:
    day = START + timedelta(days=120)
    for user, events in list(shop.items())[:20]:
        whole, cut = customer(user, events, day), customer(user, [e for e in events if e.at < day], day)
        assert whole == cut
        if whole:
            assert np.array_equal(features(whole), features(cut), equal_nan=True)  # type: ignore[arg-type]


def test_signs_are_what_their_names_say() -> None:
    events = [
        did("c", "purchase", "a", 0, price=Decimal(5), value=2.0, session="s1"), did("c", "purchase", "b", 0.1, price=Decimal(20), session="s1"),
        did("c", "purchase", "a", 30, price=Decimal(5)), did("c", "purchase", "a", 60, price=Decimal(5)),
        did("c", "view", "a", 70), did("c", "view", "a", 100), did("c", "dismiss", "b", 155), did("c", "search", "", 156),
    ]  # fmt: skip
    known = customer("c", events, START + timedelta(days=160))
    assert known is not None
    assert [o.amount for o in known.orders] == [30, 5, 5], "what is bought in one session is one order"
    assert (known.interval, known.recency, known.tenure, known.value) == (30, 100, 160, 40)
    assert (known.views, known.views_before, known.dismissals, known.searches) == (1, 1, 1, 1)
    assert known.favourites(1) == ["a"]
    told = dict(zip(NAMES, features(known), strict=True))
    assert told["lateness"] == pytest.approx(np.log1p(100 / 30))
    assert told["orders_90"] == 0
    assert customer("c", events[4:], START + timedelta(days=160)) is None, "who never bought is no customer"
    assert bought_between(events, START + timedelta(days=59), START + timedelta(days=61))
    assert not bought_between(events, START + timedelta(days=61), START + timedelta(days=90))


def test_the_list_has_those_with_most_at_risk_first_and_says_why_in_their_own_numbers() -> None:
    rhythm = customer(
        "r", [did("r", "purchase", "a", d, price=Decimal(100)) for d in (0, 30, 60)], START + timedelta(days=155)
    )
    once = customer("o", [did("o", "purchase", "b", 60, price=Decimal(10))], START + timedelta(days=155))
    safe = customer("s", [did("s", "purchase", "b", 150, price=Decimal(900))], START + timedelta(days=155))
    assert rhythm
    assert once
    assert safe
    found = win_back([once, rhythm, safe], [0.9, 0.8, 0.1], HORIZON, TEMPLATE)
    assert [line.user for line in found] == ["r", "o"]
    assert found[0].reasons == ("Bought about every 30 days, last on 30 April 2026, 95 days ago.",)
    assert found[1].reasons == ("Last bought on 30 April 2026, 95 days ago.", "Bought once only.")
    assert found[0].facts["interval_days"] == 30
    assert found[0].facts["days_since"] == 95
    assert found[0].at_risk == pytest.approx(0.8 * 300 / 155 * 30)
    assert found[0].offer.products == ("a",)
    assert len(win_back([once, rhythm], [0.9, 0.8], HORIZON, TEMPLATE, most=1)) == 1


def test_too_little_data_is_said_and_no_model_is_made() -> None:
    few = dict(list(world(users=40).items()))
    last = START + timedelta(days=240)
    past, _ = windows(few.items(), days_of(last, START, HORIZON), HORIZON, last)
    with pytest.raises(
        UsageError, match="too little data for a churn model.*each with 60 customers.*2026-09-27: 40 customers"
    ):
        measured(past, HORIZON)
    with pytest.raises(UsageError, match="the latest there are: no day whose outcome is known"):
        ChurnModel().fit([])


def write(path: Path, users: dict[str, list[Interaction]]) -> Path:
    rows = [
        {"user": e.user, "kind": e.kind, "at": e.at.isoformat(), "product_id": e.product_id, "price": str(e.price), "value": e.value}
        for events in users.values()
        for e in events
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_command_tests_the_model_and_writes_the_list(
    shop: dict[str, list[Interaction]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path / "home"))
    source = write(tmp_path / "did.jsonl", shop)
    done = CliRunner().invoke(
        app, ["churn", "--input", str(source), "--horizon", "30", "--output", str(tmp_path / "list.jsonl")]
    )
    assert done.exit_code == 0, done.output
    assert "AUC" in done.output
    assert "recency alone" in done.output
    listed = [json.loads(line) for line in (tmp_path / "list.jsonl").read_text().splitlines()]
    assert listed
    assert all(line["churn"] >= 0.5 and line["reasons"] and line["offer"]["products"] for line in listed)
    person = Person("u_1", names=frozenset({listed[0]["user"]}))
    assert Outputs(tmp_path / "home").erase(person).counts == {str((tmp_path / "list.jsonl").resolve()): 1}
    assert len((tmp_path / "list.jsonl").read_text().splitlines()) == len(listed) - 1
    stopped = [line["user"] for line in listed if int(line["user"][1:]) % 2]
    assert len(stopped) > len(listed) * 0.7, "those who stopped"
    assert [x["value_at_risk"] for x in listed] == sorted((x["value_at_risk"] for x in listed), reverse=True)
    then = CliRunner().invoke(
        app, ["churn", "--input", str(source), "--horizon", "30", "--as-of", "2026-10-10", "--json"]
    )
    assert json.loads(then.stdout)["as_of"] == "2026-09-11 00:00:00+00:00"


def test_the_command_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "views.jsonl").write_text('{"user": "u", "kind": "view", "at": "2026-01-01", "product_id": "a"}\n')
    none = CliRunner().invoke(app, ["churn", "--input", "views.jsonl"])
    assert isinstance(none.exception, UsageError)
    assert "there is no purchase to learn from" in str(none.exception)
    day = CliRunner().invoke(
        app, ["churn", "--input", str(write(tmp_path / "d.jsonl", world(10))), "--as-of", "someday"]
    )
    assert "is no day" in str(day.exception)
