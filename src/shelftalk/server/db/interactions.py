"""What users did with products: the feedback that later answers, tuning and tests read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Engine, case, delete, func, select, true
from sqlalchemy.orm import Session

from shelftalk.server.db.tables import Interaction, now

Kind = Literal["shown", "clicked", "bought", "dismissed", "more_like"]
KINDS: tuple[str, ...] = get_args(Kind)


class Interactions:
    """Interactions by tenant and user."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self,
        product_id: str,
        kind: Kind,
        *,
        tenant: str = "",
        user: str = "",
        conversation_id: str | None = None,
        request: str | None = None,
        at: datetime | None = None,
    ) -> int:
        """The number of the interaction, once it is on disk."""
        row = Interaction(
            tenant=tenant, user=user, conversation_id=conversation_id, product_id=product_id, kind=kind,
            request=request, at=at or now(),
        )  # fmt: skip
        with Session(self._engine) as session, session.begin():
            session.add(row)
            session.flush()
            return row.id

    def of_user(self, user: str, *, tenant: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """A user's latest interactions, newest first."""
        wanted = (
            select(Interaction)
            .where(Interaction.tenant == tenant, Interaction.user == user)
            .order_by(Interaction.at.desc(), Interaction.id.desc())
            .limit(limit)
        )
        with Session(self._engine) as session:
            return [
                {
                    "product_id": r.product_id,
                    "kind": r.kind,
                    "at": r.at.isoformat(),
                    "conversation_id": r.conversation_id,
                }
                for r in session.scalars(wanted)
            ]

    def of_conversation(self, conversation_id: str, *, tenant: str = "") -> list[tuple[str, str]]:
        """(kind, product id) in the order in which they came."""
        wanted = (
            select(Interaction.kind, Interaction.product_id)
            .where(Interaction.tenant == tenant, Interaction.conversation_id == conversation_id)
            .order_by(Interaction.id)
        )
        with Session(self._engine) as session:
            return [(kind, product) for kind, product in session.execute(wanted)]

    def counts(self, *, tenant: str | None = "") -> list[tuple[str, int, int]]:
        """(kind, in the last 24 hours, ever) of each kind that occurred, the commonest first; `tenant` None means all."""
        day = func.sum(case((Interaction.at >= now() - timedelta(days=1), 1), else_=0))
        wanted = (
            select(Interaction.kind, day, func.count())
            .where(true() if tenant is None else Interaction.tenant == tenant)
            .group_by(Interaction.kind)
            .order_by(func.count().desc(), Interaction.kind)
        )
        with Session(self._engine) as session:
            return [(kind, int(recent), int(ever)) for kind, recent, ever in session.execute(wanted)]

    def forget(self, user: str, *, tenant: str = "") -> int:
        """The number of interactions that were deleted: all of that user's."""
        with Session(self._engine) as session, session.begin():
            result = session.execute(delete(Interaction).where(Interaction.tenant == tenant, Interaction.user == user))
            return int(getattr(result, "rowcount", 0))
