"""A shop's own wishes and needs in the written format: asked of made-up products, and measured against what was meant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.catalog.fakes import HashEmbedder
from tests.evaluate.own import Model, own_settings

from shelftalk.errors import UsageError
from shelftalk.evaluate import catalogs
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.feeds import feed_digest
from shelftalk.evaluate.metrics import MetricContext, score_case
from shelftalk.evaluate.metrics.standing import standings
from shelftalk.evaluate.models import Engines
from shelftalk.evaluate.runfolder import RunFolder
from shelftalk.evaluate.runner import run_suite
from shelftalk.evaluate.sources.written import names_kind
from shelftalk.evaluate.suite import load_suite
from shelftalk.values import Product, Request
from shelftalk.variants import parse_variants

KINDS = """= Lamps
fields
weight_g: 200..900
dimmable: yes/no
shade: glass, paper, steel
wishes
a lamp [I can carry with one finger] | weight_g low!
[not another glass one], it must [go down to candle light] | shade not glass; dimmable yes?
[it should match my cat] | none
a lamp under 40 | -
needs
I trip over the step at night | Lamps; Mirrors
= Mirrors
fields
width_cm: 20..120
wishes
[to see all of me at once] | width_cm high
"""
SUITE = """name: own
task: answer
data: {kind: written, ask: ASK, path: mine, split: all}
metrics: [METRICS]
settings: {explain: record}
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "mine" / "kinds").mkdir(parents=True)
    (tmp_path / "mine" / "kinds" / "home.txt").write_text(KINDS)

    def suite(ask: str = "wishes", metrics: str = "standing@3, field_right, none_right, invented", text: str = SUITE):
        (tmp_path / f"{ask}.yaml").write_text(text.replace("ASK", ask).replace("METRICS", metrics))
        return load_suite(tmp_path / f"{ask}.yaml")

    return suite


def test_a_wish_is_asked_of_its_kind_whether_its_words_name_it_or_not(own) -> None:
    carry, glass, cat, plain, see = own().load().cases
    assert {carry.catalog, glass.catalog} == {"lamps"}
    assert carry.request.history == glass.request.history == ()
    loaded = own(text=SUITE.replace("path:", "pool: all, path:")).load()
    glass = loaded.cases[1]
    assert {c.catalog for c in loaded.cases} == {"main"}
    assert [turn.content for turn in glass.request.history] == ["lamps", ""]
    assert glass.request.request == "not another glass one, it must go down to candle light"
    assert [(c["field"], c["want"], c["value"], c["importance"]) for c in glass.meta["criteria"]] == [
        ("shade", "not", "glass", 2), ("dimmable", "is", True, 1),
    ]  # fmt: skip
    assert (glass.columns["negative"], glass.columns["wishes"], glass.columns["turns"]) == (True, "2", 2)
    assert cat.meta["none"] == ["it should match my cat"]
    assert plain.meta["criteria"] == []
    assert (see.meta["kind"], see.columns["unseen"]) == ("Mirrors", False)


@pytest.mark.parametrize(
    ("text", "kind", "named"),
    [
        ("a dry bag for two", "Sleeping Bags", True),
        ("knives that last", "Kitchen Knives", True),
        ("bigger please", "Sleeping Bags", False),
        ("a box that shuts", "Lunch Boxes", True),
        ("we sleep outside", "Sleeping Bags", False),
    ],
)
def test_a_request_names_its_kind_by_the_last_word_of_its_name(text, kind, named) -> None:
    assert names_kind(text, kind) is named


def test_the_made_products_are_those_of_the_kinds_and_the_same_each_time(own) -> None:
    assert {k: len(f.products) for k, f in own().load().feeds.items()} == {"lamps": 24, "mirrors": 24}
    pooled = SUITE.replace("path:", "pool: all, path:")
    first, second = own(text=pooled).load().feeds["main"], own(text=pooled).load().feeds["main"]
    assert len(first.products) == 48
    assert {c for p in first.products for c in p.categories} == {"Lamps", "Mirrors"}
    assert feed_digest(first) == feed_digest(second)
    fewer = own(text=pooled.replace("path:", "each: 5, path:")).load().feeds["main"]
    assert len(fewer.products) == 10
    assert feed_digest(fewer) != feed_digest(first)


def test_products_of_ones_own_are_one_pool(own, tmp_path) -> None:
    (tmp_path / "shop.jsonl").write_text('{"id": "l1", "title": "Lamp", "categories": ["Lamps"], "weight_g": 300}\n')
    loaded = own(text=SUITE + "catalog: {feed: shop.jsonl}\n").load()
    assert {c.catalog for c in loaded.cases} == {"main"} == set(loaded.feeds)


def test_a_line_that_is_not_in_the_format_is_told_by_its_place(own, tmp_path) -> None:
    file = tmp_path / "mine" / "kinds" / "home.txt"
    file.write_text(KINDS.replace("width_cm high", "height_cm high"))
    with pytest.raises(UsageError, match=r"home\.txt, line 17: Mirrors has no field 'height_cm'"):
        own().load()


def test_the_shipped_suites_keep_their_splits_apart() -> None:
    wishes = load_suite("wishes")
    dev, test = (wishes.load(split=split).cases for split in ("dev", "test"))
    assert not {c.id for c in dev} & {c.id for c in test}
    assert len(test) > 800
    assert any(c.columns["unseen"] for c in test)
    needs = load_suite("needs").load()
    assert len(needs.feeds["main"].products) == 136 * 6
    assert all(c.meta["kinds"] for c in needs.cases)


# What is measured --------------------------------------------------------------------------------------------------------


def lamp(identity: str, weight: float | None, dimmable: bool | None = None, kind: str = "Lamps") -> Product:
    held = {"weight_g": weight, "dimmable": dimmable}
    return Product(identity, identity, categories=(kind,), attributes={k: v for k, v in held.items() if v is not None})


LAMPS = [lamp("a", 100, False), lamp("b", 200, True), lamp("c", 300, True), lamp("d", None, False)]
OTHER = lamp("m", 50, kind="Mirrors")
RECORDS = {p.id: p for p in [*LAMPS, OTHER]}
CONTEXT = MetricContext(lambda _, i: RECORDS.get(i), lambda _: RECORDS.values())
LIGHT = {"field": "weight_g", "want": "low", "value": None, "importance": 3, "words": "light as a feather"}
DIM = {"field": "dimmable", "want": "is", "value": True, "importance": 1, "words": "goes down to candle light"}
CASE = Case("w", Request("x"), meta={"criteria": [LIGHT, DIM], "none": ["matches my cat"], "kind": "Lamps"})


def scores(*criteria: dict, picks: tuple[str, ...] = ("a",), case: Case = CASE, **intent: object) -> dict:
    answer = {
        "picks": [{"product_id": i} for i in picks],
        "intent": {"criteria": list(criteria), "constraints": [], "sort": None, **intent},
    }
    names = ["standing@3", "standing_best@3", "standing_random", "field_right", "none_right", "invented"]
    return score_case(names, case, Outcome("w", answer=answer), CONTEXT)


def test_a_product_stands_where_its_utility_stands() -> None:
    # s of low weight: a 1, b .5, c 0, d .25 (missing); of dimmable: 0, 1, 1, 0; weights 2 and .5
    assert standings(LAMPS, [LIGHT, DIM]) == {"a": 1.0, "b": pytest.approx(2 / 3), "c": 0.5 / 3, "d": 0.5 / 3}
    assert standings(LAMPS, [{**DIM, "want": "not"}]) == {
        "a": pytest.approx(2.5 / 3), "b": pytest.approx(0.5 / 3), "c": pytest.approx(0.5 / 3), "d": pytest.approx(2.5 / 3),
    }  # fmt: skip


def test_standing_is_the_mean_of_what_is_shown_and_another_kind_counts_nothing() -> None:
    assert scores(picks=("a", "b"))["standing@3"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores(picks=("a", "m"))["standing@3"] == 0.5
    assert scores(picks=())["standing@3"] == 0.0
    found = scores()
    assert found["standing_random"] == pytest.approx(0.5)
    assert found["standing_best@3"] == pytest.approx((1 + 2 / 3 + 0.5 / 3) / 3)
    assert scores(case=replace(CASE, meta={**CASE.meta, "criteria": []}))["standing@3"] is None


def test_a_wish_is_read_right_with_its_field_and_its_way() -> None:
    assert scores(LIGHT, DIM)["field_right"] == 1.0
    assert scores({**LIGHT, "field": "attributes.weight_g"})["field_right"] == 0.5
    assert scores({**LIGHT, "want": "high"})["field_right"] == 0.0
    assert scores({**DIM, "want": "not", "value": False})["field_right"] == 0.5
    limit = {"field": "dimmable", "operator": "=", "value": True}
    assert scores(constraints=[limit], sort={"field": "weight_g", "direction": "asc"})["field_right"] == 1.0


def test_a_wish_is_told_by_a_claim_with_its_field_where_the_record_has_it() -> None:
    def told(*cited: tuple[str, ...], picks: tuple[str, ...] = ("a", "d")) -> float | None:
        answer = {
            "picks": [
                {"product_id": i, "claims": [{"evidence": [{"field": f, "value": 1} for f in fields]}]}
                for i, fields in zip(picks, cited, strict=True)
            ]
        }
        return score_case(["wish_told"], CASE, Outcome("w", answer=answer), CONTEXT)["wish_told"]

    assert told(("weight_g", "dimmable"), ("attributes.dimmable",)) == 1.0, "no weight is known of d"
    assert told(("weight_g", "price"), ("price",)) == pytest.approx(1 / 3)
    assert told((), (), picks=("a", "m")) == 0.0
    assert score_case(["wish_told"], CASE, Outcome("w", answer={"picks": []}), CONTEXT)["wish_told"] is None


def test_what_nobody_wished_is_told_from_what_was() -> None:
    assert scores(LIGHT, DIM)["invented"] == 0.0
    cat = {"field": "shade", "want": "is", "value": "paper", "words": "matches my cat"}
    found = scores(LIGHT, cat)
    assert (found["invented"], found["none_right"]) == (0.5, 0.0)
    assert scores(LIGHT)["none_right"] == 1.0
    assert scores()["invented"] == 0.0


def test_a_request_that_failed_scores_nothing() -> None:
    found = score_case(
        ["standing@3", "field_right", "none_right", "helps_first"], CASE, Outcome("w", error="x"), CONTEXT
    )
    assert found == {"standing@3": 0.0, "field_right": 0.0, "none_right": 0.0, "helps_first": None}


def test_a_pick_helps_when_it_is_of_a_kind_that_does() -> None:
    case = Case("n", Request("x"), meta={"kinds": ["Mirrors"]})
    names = ["helps_first", "helps_among@3", "helps_among@1", "helps_share@3"]
    answer = {"picks": [{"product_id": i} for i in ("a", "m", "b")]}
    assert score_case(names, case, Outcome("n", answer=answer), CONTEXT) == {
        "helps_first": 0.0, "helps_among@3": 1.0, "helps_among@1": 0.0, "helps_share@3": pytest.approx(1 / 3),
    }  # fmt: skip
    assert score_case(names, case, Outcome("n", answer={"picks": []}), CONTEXT)["helps_share@3"] == 0.0


@pytest.mark.parametrize(
    ("ask", "metrics"), [("wishes", "standing@3, field_right, invented"), ("needs", "helps_first")]
)
def test_a_suite_of_a_shops_own_runs(own, tmp_path, monkeypatch, ask, metrics) -> None:
    monkeypatch.setattr(catalogs, "load_embedder", lambda name, home: HashEmbedder())
    engines = Engines(lambda settings: Model(), lambda settings: ("fake", "m", "counting"))
    (variant,) = parse_variants(["strategy=none"])
    suite = own(ask, metrics)
    done = run_suite(suite, variant, tmp_path / "runs", settings=own_settings(tmp_path), engines=engines)
    run = RunFolder.read(done.folder.path)
    assert len(run.answers) == (5 if ask == "wishes" else 1)
    assert run.meta["errors"] == 0
    assert all(run.meta["metrics"][name.strip()]["mean"] is not None for name in metrics.split(","))
