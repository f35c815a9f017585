"""JSON-LD as a graph: names without their prefix, and nodes that stand elsewhere in the document found by @id.

No context is fetched and no other vocabulary than schema.org's is known: "schema:name" and "http://schema.org/name" are name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_PREFIX = re.compile(r"(?:https?://(?:www\.)?schema\.org/|schema:)(?=[A-Za-z])", re.IGNORECASE)
_DEEPEST = 50
_REFERENCE = frozenset(("@id", "@type", "@context"))


def plain_names(held: Any, depth: int = 0) -> Any:
    """The value with the prefix of schema.org taken from the names of its fields."""
    if depth > _DEEPEST:
        return None
    if isinstance(held, Mapping):
        return {_PREFIX.sub("", name, count=1): plain_names(value, depth + 1) for name, value in held.items()}
    return [plain_names(one, depth + 1) for one in held] if isinstance(held, list) else held


def types_of(held: Mapping[str, Any]) -> set[str]:
    """The types of a node in lower case, without prefix."""
    return {term(kind).lower() for kind in many(held.get("@type"))}


def term(value: Any) -> str:
    """The name of a member of schema.org's lists, however it is written: "https://schema.org/InStock", {"@id": "schema:InStock"}."""
    value = one(value)
    if isinstance(value, Mapping):
        value = value.get("@id") or value.get("name")
    return _PREFIX.sub("", value.strip(), count=1) if isinstance(value, str) else ""


def one(value: Any) -> Any:
    """The value: of several the first; the text of {"@value": "text", "@language": "en"}; a blank text is None."""
    if isinstance(value, list):
        return next((found for each in value if (found := one(each)) is not None), None)
    if isinstance(value, Mapping) and "@value" in value:
        return one(value["@value"])
    return None if isinstance(value, str) and not value.strip() else value


def many(value: Any) -> list[Any]:
    """The values, of none an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


class Graph:
    """The nodes of a feed, or of the part of it that is read together, by their @id."""

    def __init__(self, documents: Iterable[Any] = ()) -> None:
        self._nodes: dict[str, Mapping[str, Any]] = {}
        self._offers: dict[str, list[Mapping[str, Any]]] = {}
        self._groups: set[str] = set()
        self._of: dict[str, list[Mapping[str, Any]]] = {}
        for held in documents:
            for node in _nodes(held):
                self._add(node)

    def _add(self, node: Mapping[str, Any]) -> None:
        name = node.get("@id")
        if isinstance(name, str) and not node.keys() <= _REFERENCE:
            self._nodes[name] = {**node, **self._nodes.get(name, {})}
        for offered in _references(node.get("itemOffered")):
            self._offers.setdefault(offered, []).append(node)
        for variant in _references(node.get("hasVariant")):
            self._of.setdefault(variant, []).append(node)
        self._groups.update(_references(node.get("isVariantOf")))

    def node(self, value: Any) -> Any:
        """The node that {"@id": ...} alone refers to, where it is known; anything else as it is."""
        if isinstance(value, str) and value in self._nodes:
            return self._nodes[value]
        if isinstance(value, Mapping) and isinstance(value.get("@id"), str) and value.keys() <= _REFERENCE:
            return self._nodes.get(value["@id"], value)
        return value

    def nodes(self, value: Any, depth: int = 0) -> list[Mapping[str, Any]]:
        """The nodes among the values and in the lists among them, references followed."""
        found = [self.node(each) for each in many(value)]
        inner = [
            each if not isinstance(each, list) else self.nodes(each, depth + 1) if depth < _DEEPEST else []
            for each in found
        ]
        return [
            node for each in inner for node in (each if isinstance(each, list) else [each]) if isinstance(node, Mapping)
        ]

    def offers_of(self, name: Any) -> list[Mapping[str, Any]]:
        """The offers that say of themselves that they offer the node of that @id."""
        return self._offers.get(name, []) if isinstance(name, str) else []

    def groups_of(self, name: Any) -> list[Mapping[str, Any]]:
        """The groups that say of themselves that the node of that @id is a variant of theirs."""
        return self._of.get(name, []) if isinstance(name, str) else []

    def has_variants(self, name: Any) -> bool:
        """Whether another node says that it is a variant of the node of that @id."""
        return isinstance(name, str) and name in self._groups


def _references(value: Any) -> list[str]:
    return [each["@id"] for each in many(value) if isinstance(each, Mapping) and isinstance(each.get("@id"), str)]


def _nodes(held: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(held, Mapping):
        yield held
    for value in held.values() if isinstance(held, Mapping) else held if isinstance(held, list) else ():
        yield from _nodes(value, depth + 1)
