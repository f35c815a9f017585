"""A catalogue and a behaviour that the tests of the candidate sources share; neither is changed by them."""

from __future__ import annotations

import pytest
from tests.shoppers.candidates import small

from shelftalk.catalog import Catalog
from shelftalk.shoppers.candidates import Behaviour


@pytest.fixture(scope="package")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return small.catalogue(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="package")
def behaviour() -> Behaviour:
    return small.learnt()
