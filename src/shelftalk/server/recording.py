"""Records of what shoppers did, from one caller, checked against the catalogue and the conversations and put down together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from shelftalk.shoppers.events import BadEvent, EventParser
from shelftalk.values import Interaction

if TYPE_CHECKING:
    from shelftalk.server.state import ServerState

Unknown = Literal["reject", "keep"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one record: it is on disk ("accepted"), was there before ("duplicate"), or is no interaction ("rejected", with
    reason, field and words)."""

    index: int
    result: Literal["accepted", "duplicate", "rejected"]
    id: str = ""
    reason: str = ""
    field: str = ""
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The fields that say something."""
        names = ("index", "result", "id", "reason", "field", "message")
        return {name: held for name in names if (held := getattr(self, name)) != ""}


def record(
    server: ServerState,
    records: Sequence[Any],
    *,
    tenant: str = "",
    key: str = "",
    unknown: Unknown = "reject",
    texts: Callable[[str], str] = str,
) -> list[Recorded]:
    """What became of each record, in their order, once those that were accepted are on disk. One that is no object is rejected.

    `key` is what the client gave for the whole of it: the id of a record that has none of its own (with several: with its place).
    `unknown` "keep" takes products that the catalogue does not have (yet).
    """
    parser = EventParser(server.users.pseudonyms, tenant, texts=texts)
    rejected: dict[int, BadEvent] = {}
    read: dict[int, Interaction] = {}
    for index, one in enumerate(records):
        try:
            read[index] = parser.read(_keyed(one, key, index if len(records) > 1 else None))
        except BadEvent as error:
            rejected[index] = error
    _absent(server, records, read, rejected, tenant, unknown)
    good = [(index, one) for index, one in read.items() if index not in rejected]
    stored = server.interactions.put([one for _, one in good], tenant=tenant) if good else []
    new = {index: (one.id, fresh) for (index, one), fresh in zip(good, stored, strict=True)}
    return [_told(index, new.get(index), rejected.get(index)) for index in range(len(records))]


def _told(index: int, stored: tuple[str, bool] | None, error: BadEvent | None) -> Recorded:
    if stored is not None:
        return Recorded(index, "accepted" if stored[1] else "duplicate", stored[0])
    assert error is not None
    return Recorded(index, "rejected", reason=error.reason, field=error.field, message=str(error))


def _keyed(one: Any, key: str, index: int | None) -> Any:
    if not key or not isinstance(one, Mapping) or one.get("id") not in (None, ""):
        return one
    return {**one, "id": key if index is None else f"{key}:{index}"}


def _absent(
    server: ServerState, records: Sequence[Any], read: Mapping[int, Interaction], rejected: dict[int, BadEvent],
    tenant: str, unknown: Unknown,
) -> None:  # fmt: skip
    """Rejects what names a product or a conversation that is not there."""
    talks = {index: one.session for index, one in read.items() if records[index].get("conversation")}
    there = server.conversations.known(set(talks.values()), tenant) if talks else set()
    for index in talks.keys() - {index for index, talk in talks.items() if talk in there}:
        rejected[index] = BadEvent("unknown_conversation", "conversation", "no such conversation; begin a new one")
    if unknown == "keep":
        return
    known = server.shelf.catalog.known({one.product_id for one in read.values()})
    for index, one in read.items():
        if one.product_id and one.product_id not in known and index not in rejected:
            rejected[index] = BadEvent("unknown_product", "product_id", "no such product in the catalogue")
