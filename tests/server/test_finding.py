"""A product is found by its name as a shopper remembers it."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

WANTED = "Kestar Drizzle Packable Rain Jacket for Women, Pink"


def _titles(client: TestClient, words: str, **more: int) -> list[str]:
    found = client.get("/v1/products", params={"words": words, **more}).json()["products"]
    return [product["title"] for product in found]


@pytest.mark.parametrize(
    "words", [WANTED, WANTED.upper(), "Drizzle pink", "drizle packable", "packa drizz", "RAIN-117", "rain-117", "the pink drizzle"]
)  # fmt: skip
def test_names_slips_beginnings_and_ids_lead_to_it(client: TestClient, words: str) -> None:
    assert _titles(client, words)[0] == WANTED


def test_words_of_a_text_still_find_what_holds_them(client: TestClient) -> None:
    assert any("Grenholt" in title for title in _titles(client, "Grenholt"))
    assert _titles(client, "radar sauna")[0] == WANTED, "these stand in its description"


def test_no_more_than_asked_for_and_nothing_for_nothing(client: TestClient) -> None:
    assert len(_titles(client, "rain jacket", limit=2)) == 2
    assert _titles(client, "  ") == []
    assert _titles(client, "zzqx") == []
