"""What shoppers did with one product, counted in the database: who bought it, with what, how many did what in a span."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, distinct, func, select
from sqlalchemy.orm import aliased

from shelftalk.server.db.interactions import Interactions
from shelftalk.server.db.tables_events import InteractionRow
from shelftalk.values import Interaction

__all__ = ["ProductHistory"]


class ProductHistory:
    """Counts of different shoppers by product. What is known of nobody (user "") is left out."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._interactions = engine, Interactions(engine)

    def buyers(self, ids: Sequence[str], *, limit: int, tenant: str = "") -> tuple[int, list[str]]:
        """How many different shoppers bought one of these products, and who did last."""
        mine = self._bought(ids, tenant)
        with self._engine.connect() as connection:
            many = connection.scalar(select(func.count(distinct(InteractionRow.user))).where(*mine)) or 0
            last = func.max(InteractionRow.at)
            rows = select(InteractionRow.user).where(*mine).group_by(InteractionRow.user).order_by(last.desc(), InteractionRow.user)  # fmt: skip
            return int(many), [str(user) for user in connection.scalars(rows.limit(limit))]

    def lately(self, *, limit: int, tenant: str = "") -> list[str]:
        """The shoppers who bought something last."""
        mine = (InteractionRow.tenant == tenant, InteractionRow.user != "", InteractionRow.kind == "purchase")
        rows = select(InteractionRow.user).where(*mine).group_by(InteractionRow.user)
        with self._engine.connect() as connection:
            found = connection.scalars(rows.order_by(func.max(InteractionRow.at).desc(), InteractionRow.user).limit(limit))  # fmt: skip
            return [str(user) for user in found]

    def bought_with(self, ids: Sequence[str], *, least: int, most: int = 20, tenant: str = "") -> dict[str, int]:
        """How many different buyers of these products bought each other one too, where at least `least` did; the commonest."""
        other = aliased(InteractionRow)
        both = (
            other.tenant == InteractionRow.tenant, other.user == InteractionRow.user, other.kind == "purchase",
            other.product_id.not_in(list(ids)),
        )  # fmt: skip
        many = func.count(distinct(other.user))
        wanted = (
            select(other.product_id, many)
            .select_from(InteractionRow)
            .join(other, both[0] & both[1] & both[2] & both[3])
            .where(*self._bought(ids, tenant))
            .group_by(other.product_id)
            .having(many >= least)
            .order_by(many.desc(), other.product_id)
            .limit(most)
        )
        with self._engine.connect() as connection:
            return {str(product): int(n) for product, n in connection.execute(wanted)}

    def counts(self, ids: Sequence[str], since: datetime, until: datetime, *, tenant: str = "") -> dict[str, int]:
        """How many different shoppers did each thing with these products from `since` (counts) to `until` (does not)."""
        mine = (
            InteractionRow.tenant == tenant, InteractionRow.user != "", InteractionRow.product_id.in_(list(ids)),
            InteractionRow.at >= since, InteractionRow.at < until,
        )  # fmt: skip
        wanted = select(InteractionRow.kind, func.count(distinct(InteractionRow.user))).where(*mine)
        with self._engine.connect() as connection:
            return {str(kind): int(n) for kind, n in connection.execute(wanted.group_by(InteractionRow.kind))}

    def reviews(self, ids: Sequence[str], *, limit: int, tenant: str = "") -> list[Interaction]:
        """The ratings and reviews of these products, newest first."""
        mine = (InteractionRow.tenant == tenant, InteractionRow.product_id.in_(list(ids)), InteractionRow.kind.in_(("review", "rating")))  # fmt: skip
        wanted = select(InteractionRow.key).where(*mine).order_by(InteractionRow.at.desc(), InteractionRow.id.desc())
        with self._engine.connect() as connection:
            keys = [str(key) for key in connection.scalars(wanted.limit(limit))]
        found = self._interactions.of_ids(keys, tenant=tenant)
        return [found[key] for key in keys if key in found]

    @staticmethod
    def _bought(ids: Sequence[str], tenant: str) -> tuple:  # type: ignore[type-arg]
        return (
            InteractionRow.tenant == tenant, InteractionRow.user != "", InteractionRow.kind == "purchase",
            InteractionRow.product_id.in_(list(ids)),
        )  # fmt: skip
