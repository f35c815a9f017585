"""Wishes and kinds that a client gives: taken where the catalogue can be asked them, refused with their place where not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.catalog.fakes import HashEmbedder

from shelftalk.catalog import Catalog
from shelftalk.server.critiques import _steps, _with_kind, critiques
from shelftalk.server.failures import Refused
from shelftalk.server.intents import IntentBody
from shelftalk.values import Constraint, Criterion, Facet, Facets, Intent, Product

FACETS = Facets(
    (
        Facet("price", "money", 9, 9), Facet("noise_db", "number", 9, 5), Facet("released_at", "date", 9, 9),
        Facet("foldable", "boolean", 9, 2, ((True, 4), (False, 5))), Facet("setup", "text", 9, 2, (("poles", 5), ("pop-up", 4))),
        Facet("tags", "list", 9, 300, (("new", 5),)), Facet("categories", "list", 9, 3, (("Home", 9), ("Kettles", 5), ("Urns", 4))),
    ),
    9,
)  # fmt: skip


def _criterion(**changed: Any) -> dict[str, Any]:
    return {"criteria": [{"field": "noise_db", "want": "low", **changed}]}


def test_wishes_and_kinds_are_taken_as_they_stand_in_an_answer() -> None:
    intent = Intent(
        criteria=(
            Criterion("noise_db", "low", None, 3, "quiet enough"), Criterion("foldable", "is", False, 1),
            Criterion("setup", "not", "poles"), Criterion("tags", "is", "one of the rarer ones"),
        ),
        unanswered=("that lasts",), kinds=("Kettles", "Urns"),
    )  # fmt: skip
    assert IntentBody(**intent.to_dict()).to_intent(FACETS) == intent
    read = IntentBody(**_criterion()).to_intent(FACETS).criteria
    assert read == (Criterion("noise_db", "low", None, 2, ""),), "importance, value and words may be left out"


@pytest.mark.parametrize(
    ("intent", "status", "param"),
    [
        (_criterion(field="wingspan"), 404, "criteria.0.field"),
        (_criterion(field="setup", want="is", value="magic"), 404, "criteria.0.value"),
        ({"kinds": ["Kettles", "Boats"]}, 404, "kinds.1"),
        (_criterion(want="is", value="quiet"), 409, "criteria.0.want"),
        (_criterion(field="setup"), 409, "criteria.0.want"),
        (_criterion(field="released_at"), 409, "criteria.0.want"),
        (_criterion(field="title", want="is", value="x"), 409, "criteria.0.want"),
        (_criterion(field="foldable", want="is", value="yes"), 409, "criteria.0.value"),
        (_criterion(field="setup", want="not", value=True), 409, "criteria.0.value"),
        (_criterion(value="quiet"), 422, "criteria.0.value"),
        (_criterion(field="setup", want="is"), 422, "criteria.0.value"),
        ({"criteria": [*_criterion()["criteria"], *_criterion(want="high")["criteria"]]}, 422, "criteria.1.want"),
    ],
)
def test_what_the_catalogue_cannot_be_wished_is_refused_with_its_place(
    intent: dict[str, Any], status: int, param: str
) -> None:
    with pytest.raises(Refused) as refused:
        IntentBody(**intent).to_intent(FACETS)
    assert (refused.value.status, refused.value.param) == (status, f"intent.{param}")


@pytest.mark.parametrize(
    "intent",
    [
        _criterion(want="lowest"), _criterion(importance=0), _criterion(importance=4), _criterion(value=3), _criterion(extra=1),
        _criterion(words="x" * 401), {"criteria": _criterion()["criteria"] * 9}, {"kinds": ["Kettles"] * 21}, {"unanswered": [1]},
    ],
)  # fmt: skip
def test_what_has_not_the_form_of_a_wish_is_refused(intent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IntentBody(**intent)


def test_the_trade_off_around_a_wish_goes_the_way_of_the_wish() -> None:
    shown = [Product(str(i), "Tent", attributes={"weight_kg": i}) for i in (1, 2)]
    facets = Facets((Facet("weight_kg", "number", 2, 2),), 2)
    for want, good in (("low", "lighter"), ("high", "heavier")):
        intent = Intent(criteria=(Criterion("weight_kg", want),))  # type: ignore[arg-type]
        assert [s.label for s in _steps(intent, shown, facets) if s.good] == [good]


def test_a_trade_off_names_its_field_without_the_unit() -> None:
    shown = [Product(str(i), "Coat", attributes={"water_column_mm": i * 1000}) for i in (4, 8)]
    facets = Facets((Facet("water_column_mm", "number", 2, 2),), 2)
    steps = _steps(Intent(criteria=(Criterion("water_column_mm", "high"),)), shown, facets)
    assert [s.label for s in steps] == ["with less water column", "with more water column"]


def test_the_kinds_chosen_for_a_need_bound_what_is_counted() -> None:
    shown = [Product("1", "Kettle", categories=("Home", "Kettles"))]
    intent = _with_kind(Intent(kinds=("Kettles", "Urns")), shown, FACETS)
    assert intent.constraints == (Constraint("categories", "in", ("Kettles", "Urns")),)
    assert intent.kinds == ()
    assert _with_kind(Intent(), shown, FACETS).constraints == (Constraint("categories", "=", "Kettles"),)


def test_the_currency_that_an_answer_held_its_prices_in_is_taken_back() -> None:
    intent = Intent(constraints=(Constraint("price", "<", 1000, "under 1000 yen"), Constraint("currency", "=", "JPY")))
    assert IntentBody(**intent.to_dict()).to_intent(FACETS).constraints[1] == Constraint("currency", "=", "JPY")


def test_a_step_in_price_stays_within_the_currency_of_the_picks(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path / "c", create=True, embedder=HashEmbedder())
    rows = (("e1", 20, "EUR"), ("e2", 30, "EUR"), ("e3", 40, "EUR"), ("j1", 900, "JPY"), ("j2", 5000, "JPY"), ("j3", 7000, "JPY"))  # fmt: skip
    catalog.upsert(
        [Product(i, f"Lamp {i}", price=Decimal(p), currency=c, categories=("All", "Lamps")) for i, p, c in rows]
    )
    (cheaper,) = [c for c in critiques(catalog, Intent(query="lamp"), ["j2", "j3"]) if c.label == "cheaper"]
    assert cheaper.count == 1, "the euro prices are smaller numbers, and no lower prices"
    assert Constraint("currency", "=", "JPY") in cheaper.intent.constraints
    assert not [c for c in critiques(catalog, Intent(query="lamp"), ["e1", "j2"]) if "cheaper" in c.label]
