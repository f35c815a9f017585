"""The Retail Demo Store (aws-samples/retail-demo-store): products.yaml, or the folder that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from shelftalk.catalog.money import kind
from shelftalk.catalog.product import FieldError
from shelftalk.catalog.readers.base import FeedRow
from shelftalk.catalog.readers.files import Source, opened, text_of

_ATTRIBUTES = ("gender_affinity", "promoted", "featured", "where_visible", "aliases", "style")


def read(source: Source) -> Iterator[FeedRow]:
    """The products of the store's products.yaml with the lines they begin on; prices are read as decimals."""
    where = None
    if source.path.is_dir():
        found = [source.path / name for name in ("products.yaml", "products.yaml.gz") if (source.path / name).is_file()]
        if not found:
            raise source.error("no products.yaml in this folder")
        source, where = Source(found[0], source.progress), str(found[0])
    for line, record in _records(source):
        if isinstance(record, Mapping):
            yield FeedRow(line, native(record), source=where)
        else:
            yield FeedRow(
                line, {}, FieldError("line", record, f"must be a product's fields, not {kind(record)}"), where
            )


def _records(source: Source) -> Iterator[tuple[int, Any]]:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """The safe loader, with decimals for floats and texts for dates."""

    def number(loader: Any, node: Any) -> Any:
        try:
            return Decimal(node.value.replace("_", ""))
        except InvalidOperation:
            return node.value

    Loader.add_constructor("tag:yaml.org,2002:float", number)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)
    with opened(source) as stream, text_of(stream) as text:
        held = text.read()
    try:
        loader = Loader(held)
        node = loader.get_single_node()
        if not isinstance(node, yaml.SequenceNode):
            raise source.error("must be a YAML list of products")
        for item in node.value:
            yield item.start_mark.line + 1, loader.construct_document(item)
    except UnicodeEncodeError as error:
        line = held.count("\n", 0, error.start) + 1
        raise source.error(f"broken encoding on line {line}: not UTF-8") from error
    except yaml.YAMLError as error:
        raise source.error(f"malformed YAML: {' '.join(str(error).split())}") from error


def native(record: Mapping[str, Any]) -> dict[str, Any]:
    """The native record of one Retail Demo Store product; its prices are in US dollars."""
    image = record.get("image")
    return {
        "id": record.get("id"),
        "title": record.get("name"),
        "description": record.get("description"),
        "price": record.get("price"),
        "currency": "USD",
        "categories": [part for part in (record.get("category"), record.get("style")) if part],
        "stock": record.get("current_stock"),
        "images": [image] if image else [],
        "attributes": {name: record[name] for name in _ATTRIBUTES if record.get(name) is not None},
    }
