"""Profiles of products and of conversations, from the catalogue and the database."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shelftalk.catalog import Catalog
from shelftalk.errors import CatalogError
from shelftalk.server.db.conversations import Conversations
from shelftalk.server.db.products import ProductHistory
from shelftalk.server.profiling import Profiling
from shelftalk.shoppers.profiles.item import ItemProfile, K, Shared, build_item_profile, shared_lines, trend_spans
from shelftalk.shoppers.profiles.session import SessionProfile, build_session_profile
from shelftalk.values import ProfileLine

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ItemProfiles", "session_profile"]

BUYERS, EVERYONE, REVIEWS = 60, 150, 500  # the last ones that are read


class ItemProfiles:
    """Profiles of one catalogue's products. Safe to share between threads.

    Who buys is told from the profiles of the last 60 buyers, held against those of the last 150 shoppers who bought anything.
    """

    def __init__(self, catalog: Catalog, history: ProductHistory, profiling: Profiling) -> None:
        self._catalog, self._history, self._profiling = catalog, history, profiling
        self._everyone: dict[tuple[str, int, str], dict[str, Sequence[ProfileLine]]] = {}
        self._guard = threading.Lock()

    def of(self, product_id: str, *, tenant: str = "", now: datetime | None = None) -> ItemProfile:
        """The profile of a product; CatalogError where there is none of that id."""
        product = self._catalog.get(product_id)
        if product is None:
            raise CatalogError(f"no product {product_id!r}")
        now, ids = now or datetime.now(UTC), (product_id,)
        many, buyers = self._history.buyers(ids, limit=BUYERS, tenant=tenant)
        beside = self._history.bought_with(ids, least=K, tenant=tenant)
        spans = trend_spans(now)
        reviews = self._history.reviews(ids, limit=REVIEWS, tenant=tenant)
        return build_item_profile(
            product, self._catalog.facets(), reviews=reviews, buyers=many,
            shared=self._shared(product_id, buyers, tenant, now) if many >= K else (),
            bought_with=beside, titles={i: p.title for i, p in self._catalog.get_many(list(beside)).items()},
            counts=[self._history.counts(ids, since, until, tenant=tenant) for since, until in spans],
            encode=self._encode if reviews else None,
        )  # fmt: skip

    def _shared(self, product_id: str, buyers: Sequence[str], tenant: str, now: datetime) -> list[Shared]:
        mine = {user: self._profiling.of(user, tenant=tenant, now=now, without=product_id).lines for user in buyers}
        others = {user: lines for user, lines in self._at_large(tenant, now).items() if user not in mine}
        return shared_lines(list(mine.values()), [*mine.values(), *others.values()])

    def _at_large(self, tenant: str, now: datetime) -> dict[str, Sequence[ProfileLine]]:
        """The lines of those who bought last; read once an hour for each version of the catalogue."""
        key = (tenant, self._catalog.version, f"{now:%Y-%m-%d %H}")
        with self._guard:
            if key not in self._everyone:
                users = self._history.lately(limit=EVERYONE, tenant=tenant)
                self._everyone = {key: {u: self._profiling.of(u, tenant=tenant, now=now).lines for u in users}}
            return self._everyone[key]

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        import numpy as np

        return np.asarray(self._catalog.embedder.encode_again(list(texts)))


def session_profile(
    conversation: str, conversations: Conversations, profiling: Profiling, *, tenant: str = ""
) -> SessionProfile:
    """The profile of a conversation; UnknownConversation where there is none of that id."""
    turns = conversations.turns(conversation, tenant)
    asked = [str(turn["content"]) for turn in turns if turn["role"] == "user"]
    shown = [str(pick["product_id"]) for turn in turns if turn["answer"] for pick in turn["answer"].get("picks", ())]
    done = profiling.interactions.of_session(conversation, tenant=tenant)
    products = profiling.catalog.get_many(list(dict.fromkeys([*shown, *(i.product_id for i in done if i.product_id)])))
    return build_session_profile(conversation, done, asked=asked, shown=shown, products=products)
