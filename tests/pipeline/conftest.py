"""A shelf over the small shop, with the record speaking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.prompts import PromptLibrary
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import PRODUCTS


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    catalog = Catalog.open(tmp_path_factory.mktemp("shelf") / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert(PRODUCTS)
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf(catalog, settings, PromptLibrary.default(), None) as opened:
        yield opened
