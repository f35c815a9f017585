"""The examples of docs/catalog-formats.md are read as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shelftalk.catalog.readers import FORMATS, detect_format
from shelftalk.values import CORE_FIELDS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "catalog-formats.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def test_every_format_and_every_field_is_described() -> None:
    assert set(FORMATS) <= set(SECTIONS)
    for field in CORE_FIELDS:
        assert f"`{field}`" in SECTIONS["The native schema"]


@pytest.mark.parametrize("name", [name for name in FORMATS if BLOCK.search(SECTIONS[name])])
def test_an_example_is_recognised_and_read_whole(feed, tmp_path: Path, name: str) -> None:
    found = feed(BLOCK.search(SECTIONS[name])[2])
    assert detect_format(tmp_path / "feed") == name
    assert found.products
    assert not found.rejects
    assert all(product.price is not None for product in found.products.values())


def test_the_mapping_file_reads_its_line(feed, tmp_path: Path) -> None:
    (_, mapping), (_, line) = BLOCK.findall(SECTIONS["Mapping files"])
    (tmp_path / "map.yaml").write_text(mapping)
    product = feed(line, mapping=tmp_path / "map.yaml").only()
    assert str(product.price) == "19.99"
    assert product.attributes == {"weight_g": 1200, "waterproof": True, "watts": 12, "socket": "E27"}
