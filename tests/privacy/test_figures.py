"""Figures that leave the shop: bounded contributions, noise of the right size, rare keys withheld, a budget that cannot be overdrawn."""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lists.stub import PRODUCTS, make_catalog
from typer.testing import CliRunner

from shelftalk.cli.main import app
from shelftalk.errors import UsageError
from shelftalk.privacy.figures import Release, baskets, clipped, figures, pairs_of, reading, release
from shelftalk.server.db import Consents, Interactions, connect, migrate
from shelftalk.server.db.spending import Spending
from shelftalk.settings import ConsentDefaults
from shelftalk.values import Interaction

MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


def bought(user: str, product: str, session: str = "", at: datetime = MAY) -> Interaction:
    return Interaction(user, "purchase", at, product, session=session)


def test_what_was_bought_together_is_an_order_or_else_a_day() -> None:
    june = datetime(2026, 6, 1, tzinfo=UTC)
    held = [
        bought("u", "a", "o1"), bought("u", "b", "o1"), bought("u", "c"), bought("u", "d"), bought("u", "e", at=june),
        Interaction("u", "view", MAY, "z", session="o1"),
    ]  # fmt: skip
    assert sorted(map(sorted, baskets(held))) == [["a", "b"], ["c", "d"], ["e"]]
    assert {tuple(key.split("\x1f")) for key in pairs_of(baskets(held), "abcd")} == {("a", "b"), ("c", "d")}
    assert pairs_of(baskets(held), "acd") == {"c\x1fd"}


def test_a_person_counts_for_so_many_products_at_most() -> None:
    whale = {f"p{i}" for i in range(1000)}
    counts = clipped([whale, {"p1"}, {"p1"}], 5, random.Random(1))
    assert sum(counts.values()) == 7
    assert counts["p1"] in (2, 3)


def test_the_noise_is_that_of_the_budget_on_every_public_key() -> None:
    most, epsilon = 4, 1.0
    keys = [f"p{i}" for i in range(4000)]
    counts = dict.fromkeys(keys, 10_000) | {"sold no more": 10_000}
    told = release(counts, [*keys, "never bought"], most=most, epsilon=epsilon)
    assert told.epsilon <= epsilon
    assert set(told.counts) == {*keys, "never bought"}
    assert abs(told.counts["never bought"]) < 200
    errors = [abs(told.counts[key] - 10_000) for key in keys]
    # the mean size of Laplace noise of scale b is b; 4,000 draws give it to within 8% but for one chance in a million
    assert math.isclose(sum(errors) / len(errors), most / epsilon, rel_tol=0.08)
    assert release(counts, keys, most=most, epsilon=10.0).scale == pytest.approx(0.4)
    assert release({}, [], most=most, epsilon=epsilon).counts == {}


@pytest.mark.parametrize(("scale", "keys"), [(40.0, 1000), (0.3, 5), (2.0, 1)])
def test_the_widths_hold_what_they_say_of_discrete_laplace_noise(scale: float, keys: int) -> None:
    a = math.exp(-1 / scale)
    chance = {x: (1 - a) / (1 + a) * a ** abs(x) for x in range(-4000, 4001)}
    told = Release(dict.fromkeys(map(str, range(keys)), 0), 1.0, scale)
    for width, most in ((told.within, 0.05 / 2), (told.noise, 0.05 / keys)):
        beyond = sum(p for x, p in chance.items() if x > width)
        assert beyond <= most
        assert width == 0 or beyond + chance[width] > most, "no wider than need be"


@pytest.mark.parametrize(
    ("epsilon", "most", "within", "noise"), [(1, 20, 120, 368), (1, 5, 30, 92), (5, 20, 24, 74), (10, 20, 12, 37)]
)
def test_the_widths_are_those_of_the_documented_table(epsilon: int, most: int, within: int, noise: int) -> None:
    told = Release(dict.fromkeys(map(str, range(1000)), 0), 1.0, 2 * most / epsilon)
    assert (told.within, told.noise) == (within, noise)
    documented = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()
    assert f"| {epsilon} | {most} | {within} | more than {noise}" in documented


def test_a_few_shoppers_give_noise_and_the_figures_say_so() -> None:
    products = [f"p{n}" for n in range(200)]
    few = figures([[frozenset({"p0", "p1"})] for _ in range(10)], products, epsilon=1.0)
    assert few["privacy"]["off_by_at_most_95"] == 120
    limits = few["privacy"]["noise_alone_up_to"]
    assert all(row["above_noise"] == (row["persons"] > limits[part]) for part in limits for row in few[part])
    few |= {part: [row | {"above_noise": False} for row in few[part]] for part in limits}
    assert reading(few) == (
        "A count is off by up to 120 persons (95 of 100). More than noise alone gives are "
        f"0 of 200 products (those above {limits['popularity']}) and 0 of 1225 pairs (those above {limits['bought_together']}): "
        "all of it may be noise. More shoppers, a smaller --most or a larger --epsilon show more.",
        False,
    )
    many = figures([[frozenset({"p0", "p1"})] for _ in range(3000)], products, epsilon=1.0)
    assert {row["product_id"] for row in many["popularity"][:2] if row["above_noise"]} == {"p0", "p1"}
    told, something = reading(many)
    assert something
    assert told.endswith("the others cannot be told from 0.")


@pytest.mark.parametrize("epsilon", [0.0, -1.0, 1000.0])
def test_a_budget_that_gives_no_figure_is_refused(epsilon: float) -> None:
    with pytest.raises(UsageError, match="epsilon must be"):
        release({"a": 1}, ["a"], most=1, epsilon=epsilon)


def test_figures_say_what_they_cost_and_name_nobody() -> None:
    people = [[frozenset({"tea", "kettle", "withdrawn"})] for _ in range(500)]
    told = figures(people, ["kettle", "tea", "gin"], epsilon=2.0, most=2, top=2)
    assert [row["product_id"] for row in told["popularity"]][2] == "gin"
    assert [row["product_ids"] for row in told["bought_together"]] == [["kettle", "tea"]]
    assert all(400 < row["persons"] < 600 for row in told["popularity"][:2] + told["bought_together"])
    assert (told["privacy"]["epsilon"], told["privacy"]["delta"], told["privacy"]["unit"]) == (2.0, 0, "a person")


def test_the_years_budget_cannot_be_overdrawn(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/serve.db")
    migrate(engine)
    ledger = Spending(engine, 3.0)
    assert ledger.spend(2.0, "first", at=MAY).left == pytest.approx(1.0)
    with pytest.raises(UsageError, match=r"epsilon 1.5 is more than is left of 2026: 1 of 3"):
        ledger.spend(1.5, "second", at=MAY)
    assert ledger.spend(1.0, "third", at=MAY).left == 0.0
    assert ledger.budget(tenant="other", at=MAY).left == 3.0
    assert ledger.budget(at=datetime(2027, 1, 1, tzinfo=UTC)).left == 3.0
    assert [row["what"] for row in ledger.releases()] == ["first", "third"]


def test_the_command_counts_who_consents_and_keeps_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path))
    monkeypatch.setenv("SHELFTALK_PRIVACY__EPSILON_PER_YEAR", "12")
    url = f"sqlite:///{tmp_path}/serve.db"
    engine = connect(url)
    migrate(engine)
    rows = [bought(f"u_{n}", "p0", f"o{n}") for n in range(300)] + [
        bought(f"u_no{n}", "p1", f"g{n}") for n in range(300)
    ]
    Interactions(engine).put(
        [Interaction(r.user, r.kind, r.at, r.product_id, r.session, session=r.session) for r in rows]
    )
    held = Consents(engine, ConsentDefaults())
    for n in range(300):
        held.put(f"u_no{n}", {"analytics": False})
    run, out = CliRunner(), tmp_path / "figures.json"
    asked = ["privacy", "figures", "--epsilon", "8", "--output", str(out), "--database", url]
    asked += ["--catalog", str(make_catalog(tmp_path / "catalog"))]
    done = run.invoke(app, asked)
    assert done.exit_code == 0
    assert "A count is off by up to 15 persons (95 of 100)." in done.output
    told = json.loads(out.read_text())
    counts = {row["product_id"]: row["persons"] for row in told["popularity"]}
    assert set(counts) == {p.id for p in PRODUCTS}
    assert counts["p0"] > 200, "300 bought it"
    assert counts["p1"] < 100, "300 bought it who do not consent"
    assert told["budget"] | {"year": 0} == {"year": 0, "limit": 12.0, "spent": 8.0, "left": 4.0}
    before = out.read_text()
    assert isinstance(run.invoke(app, asked).exception, UsageError)
    assert out.read_text() == before
    shown = json.loads(run.invoke(app, ["privacy", "budget", "--database", url]).stdout)
    assert shown["left"] == 4.0
    assert [row["what"] for row in shown["releases"]] == ["figures to figures.json"]
