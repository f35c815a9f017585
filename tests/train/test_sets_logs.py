"""A shop's logs: what was chosen over what, and rows that teach nothing are named and left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shelftalk.catalog.facets import collect
from shelftalk.settings import Settings
from shelftalk.train.sets.logs import logs
from shelftalk.train.sets.shop import Shop
from shelftalk.values import Product, Request


@pytest.fixture
def shop() -> Shop:
    products = {i: Product(i, f"Lamp {i}") for i in "abcdef"}
    return Shop("logs", products, collect(products.values()), Settings())


def read(tmp_path: Path, shop: Shop, *rows: object) -> tuple[dict[str, dict[str, float]], list[dict]]:
    path = tmp_path / "logs.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    rejects: list[dict] = []
    found = {one.request.request: dict(one.grades or {}) for one in logs(path, shop, 0.1, 0.1, rejects)}
    return found, rejects


def test_what_was_bought_beats_what_was_clicked_and_that_what_was_passed_over(tmp_path: Path, shop: Shop) -> None:
    row = {"request": "a lamp", "shown": ["a", "b", "c", "d"], "clicked": ["b", "c"], "bought": ["c"]}
    assert read(tmp_path, shop, row)[0] == {"a lamp": {"a": 0.0, "b": 2.0, "c": 3.0}}


def test_what_stands_below_the_last_click_may_never_have_been_seen(tmp_path: Path, shop: Shop) -> None:
    found, _ = read(tmp_path, shop, {"request": "a lamp", "shown": ["a", "b", "c"], "clicked": ["a"]})
    assert found == {"a lamp": {"a": 2.0}}


def test_dismissed_products_count_against_themselves_wherever_they_stood(tmp_path: Path, shop: Shop) -> None:
    found, _ = read(tmp_path, shop, {"request": "a lamp", "shown": ["a", "b"], "clicked": ["a"], "dismissed": ["b"]})
    assert found == {"a lamp": {"a": 2.0, "b": 0.0}}


def test_a_mark_of_byte_order_costs_no_row(tmp_path: Path, shop: Shop) -> None:
    found, rejects = read(tmp_path, shop, "\ufeff" + json.dumps({"request": "a lamp", "clicked": ["a"]}))
    assert (found, rejects) == ({"a lamp": {"a": 2.0}}, [])


def test_rows_of_one_request_are_put_together_however_it_was_typed(tmp_path: Path, shop: Shop) -> None:
    first = {"request": "A lamp!", "clicked": ["a"]}
    found, _ = read(tmp_path, shop, first, {"request": "a lamp", "bought": ["b"], "dismissed": ["a"]})
    assert found == {"A lamp!": {"a": 2.0, "b": 3.0}}


@pytest.mark.parametrize(
    "row, field, reason",
    [
        ("{nope", "", "is not JSON"),
        ("[1]", "", "must be an object"),
        ({"clicked": ["a"]}, "request", "must be the shopper's words"),
        ({"request": "  ?! ", "clicked": ["a"]}, "request", "must be the shopper's words"),
        ({"request": "x" * 5000, "clicked": ["a"]}, "request", "is longer than 4000 characters"),
        ({"request": "lamp", "clicked": "a"}, "clicked", "must be a list of product ids"),
        ({"request": "lamp", "bought": [True]}, "bought", "must be a list of product ids"),
        ({"request": "lamp", "shown": ["zz"], "clicked": ["a"]}, "shown", "is no product of the catalogue"),
        ({"request": "lamp", "shown": ["a", "b"]}, "clicked", "nothing was clicked, bought or dismissed, so the row says nothing"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_by_line_field_and_reason_and_the_rest_goes_on(
    tmp_path: Path, shop: Shop, row: object, field: str, reason: str
) -> None:
    found, rejects = read(tmp_path, shop, row, {"request": "good", "clicked": ["a"]})
    assert found == {"good": {"a": 2.0}}
    assert [(r["line"], r["field"], r["reason"]) for r in rejects] == [(1, field, reason)]


def test_a_request_stays_in_its_split_when_others_come(tmp_path: Path, shop: Shop) -> None:
    def splits(count: int) -> dict[str, str]:
        path = tmp_path / "logs.jsonl"
        path.write_text("\n".join(json.dumps({"request": f"lamp {n}", "clicked": ["a"]}) for n in range(count)))
        return {one.id: one.split for one in logs(path, shop, 0.2, 0.2, [])}

    few, many = splits(40), splits(80)
    assert few.items() <= many.items()
    assert set(many.values()) == {"train", "dev", "test"}


def test_a_product_that_nobody_judged_is_unsuiting_only_where_it_breaks_what_was_asked(shop: Shop) -> None:
    import random

    from shelftalk.train.config import RankConfig
    from shelftalk.train.sets.example import Judged
    from shelftalk.train.sets.ranking import offers

    colours = ("red", "blue")
    products = {i: Product(i, f"Lamp {i}", attributes={"colour": colours[n % 2]}) for n, i in enumerate("abcdefgh")}
    lamps = Shop("logs", products, collect(products.values()), Settings())
    one = Judged("r", "logs", "g", "train", lamps, Request("a red lamp"), {"a": 3.0}, judged_all=False)
    found = offers(one, RankConfig(), random.Random(1), hostile=0)
    assert lamps.read(one.request).constraints
    assert {o.product.id for o in found if o.gain == 0} <= set("bdfh")
    assert len(found) > 1
    assert not any(o.sure for o in found if o.gain == 0)


def test_few_keys_still_leave_something_to_score_and_to_test_on() -> None:
    from shelftalk.train.sets.sources import split_of, splits_of

    for n in range(3, 9):
        keys = [f"category {n} {i}" for i in range(n)]
        assert {"train", "dev", "test"} == set(splits_of(keys, 0.1, 0.1).values())
    many = [f"request {i}" for i in range(500)]
    assert splits_of(many, 0.1, 0.1) == {key: split_of(key, 0.1, 0.1) for key in many}, "by the hash where it suffices"
    assert set(splits_of(["one", "two"], 0.1, 0.0).values()) == {"train", "dev"}
    assert splits_of(["only"], 0.1, 0.1) == {"only": "train"}
