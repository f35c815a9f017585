"""What a shop keeps for itself stands in no answer, whatever is asked, and ids, notes and parents stand in no reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.catalog.export import export_products
from shelftalk.catalog.facets import collect
from shelftalk.catalog.readers import read_feed
from shelftalk.facts.facts import attribute_fact
from shelftalk.prompts import PromptLibrary
from shelftalk.server.app import create_app
from shelftalk.values import Facets, Product
from tests.catalog.fakes import HashEmbedder, product
from tests.server.helpers import recorded

SECRET = {"purchase_price": 31.5, "supplier": "Zorblatt GmbH", "note": "reduce soon"}
CODES = {
    "item_id": "X-77", "ParentSKU": "P-9", "parent": "P-9", "parent_id": 77, "Parent Code": "P-9", "variant_of": "P-9", "note": "pallet four", "Notes": "pallet four",
    "internal_note": "pallet four", "staff notes": "pallet four", "remarks": "pallet four", "comment": "pallet four", "shop_sku": "X-77", "product_code": "X-77",
}  # fmt: skip
TOLD = {
    "fragrance_notes": "cedar, amber",
    "tasting_note": "dark chocolate",
    "material": "linen",
    "note_paper": True,
    "parental control": True,
}
LAMPS = [
    product(f"L{n}", f"Arc lamp {n}", "49.00", currency="EUR", categories=("Lamps",), hidden_attributes=SECRET, attributes={**CODES, "colour": "green"})
    for n in range(3)
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    catalog = Catalog.open(tmp_path_factory.mktemp("hidden") / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert(LAMPS)
    return catalog.path


@pytest.fixture(scope="module")
def shelf(folder: Path) -> Iterator[Shelf]:
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(Catalog.open(folder, embedder=HashEmbedder()), settings, PromptLibrary.default(), None) as opened:
        yield opened


def leaks(text: str) -> bool:
    return any(word in text for word in ("purchase", "31.5", "Zorblatt", "reduce soon"))


@pytest.mark.parametrize(
    "request_text",
    [
        "a lamp",
        "a lamp from Zorblatt GmbH",
        "the lamp with the lowest purchase price",
        "what is the supplier of the arc lamp?",
    ],
)
def test_no_answer_speaks_of_it(shelf: Shelf, request_text: str) -> None:
    answer = shelf.ask(request_text)
    held = answer.to_dict()
    shown = json.dumps([held["picks"], held["opening"], held["intent"]["constraints"], held["intent"]["criteria"]])
    assert not leaks(shown)
    assert not leaks(json.dumps(shelf.why(request_text, "L1").to_dict()["claims"]))
    assert not leaks(json.dumps([f.field for f in shelf.catalog.facets()]))


def test_the_api_gives_none_of_it_away(shelf: Shelf, folder: Path, tmp_path: Path) -> None:
    settings = recorded(load_settings(catalog=folder))
    settings.serve = settings.serve.model_copy(update={"database": f"sqlite:///{tmp_path}/serve.db"})
    with TestClient(create_app(settings, shelf)) as client:
        for path in (
            "/v1/products/L1",
            "/v1/products?ids=L1",
            "/v1/products?words=lamp",
            "/v1/facets",
            "/v1/products/L1/why?request=lamp",
        ):
            reply = client.get(path)
            assert reply.status_code == 200, path
            assert not leaks(reply.text), path
        asked = client.post("/v1/recommendations", json={"request": "a lamp"})
        assert asked.status_code == 200
        assert not leaks(asked.text)


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_an_export_keeps_it_and_an_import_reads_it_back(shelf: Shelf, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"out.{ending}"
    export_products(shelf.catalog.products(), file)
    again = [p for p in read_feed(file) if isinstance(p, Product)]
    assert again == LAMPS


def test_ids_notes_and_parents_stand_in_no_reason(shelf: Shelf) -> None:
    for text in ("a lamp", "a lamp with pallet four", "lamp X-77", "lamp P-9"):
        for pick in shelf.ask(text).picks:
            assert not {e.field for c in pick.claims for e in c.evidence} & set(CODES), pick.reason
            assert not any(word in pick.reason for word in ("X-77", "P-9", "pallet"))


@pytest.mark.parametrize("name", CODES)
def test_no_fact_is_made_of_them(name: str) -> None:
    assert attribute_fact(name, CODES[name], Facets()) is None


@pytest.mark.parametrize("name", ["Artikelnummer", "hersteller_nr", "référence", "kod"])
@pytest.mark.parametrize("value", ["AB-{}", "{}/7a", "10000{}", 123450])
def test_a_code_that_no_two_products_share_is_an_id_whatever_its_name(name: str, value: str | int) -> None:
    made = [value + n if isinstance(value, int) else value.format(10 + n) for n in range(12)]
    facets = collect([product(str(n), "Lamp", attributes={name: held}) for n, held in enumerate(made)])
    assert attribute_fact(name, made[0], facets) is None


@pytest.mark.parametrize("name", TOLD)
def test_what_only_sounds_like_it_is_told(name: str) -> None:
    assert attribute_fact(name, TOLD[name], Facets()) is not None


@pytest.mark.parametrize(
    "values",
    [["38", "42"], ["12.5 mm", "40 mm"], ["500g", "750g"], ["blue", "red"], [310, 400], ["USB-C", "HDMI-2"], ["E27", "GU10"], ["4K", "8K"]],
)  # fmt: skip
def test_sizes_measures_and_names_of_standards_stay_facts(values: list[object]) -> None:
    facets = collect([product(str(n), "Lamp", attributes={"kind": values[n % 2]}) for n in range(12)])
    assert attribute_fact("kind", values[0], facets) is not None
    apart = [f"{n}0 mm" for n in range(1, 13)]
    facets = collect([product(held, "Lamp", attributes={"span": held}) for held in apart])
    assert attribute_fact("span", "10 mm", facets) is not None
