"""Conversations that several gateway processes can serve, and that a restart does not lose."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shelftalk.errors import CatalogError
from shelftalk.server.db.tables import ConversationRow, TurnRow, now
from shelftalk.values import Intent, Turn

_TRIES = 5


class UnknownConversation(CatalogError):
    """No such conversation, or another tenant's."""


class Conversations:
    """Turns by conversation, kept in order. A tenant sees its own alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, tenant: str = "") -> str:
        """The id of a new conversation: 32 hexadecimal digits that cannot be guessed."""
        identity = uuid.uuid4().hex
        with Session(self._engine) as session, session.begin():
            session.add(ConversationRow(id=identity, tenant=tenant))
        return identity

    def known(self, identities: Iterable[str], tenant: str = "") -> set[str]:
        """Those of the ids that are conversations of that tenant; at most a thousand are asked for."""
        wanted = select(ConversationRow.id).where(ConversationRow.tenant == tenant, ConversationRow.id.in_(identities))
        with Session(self._engine) as session:
            return set(session.scalars(wanted))

    def history(self, identity: str, tenant: str = "") -> tuple[Turn, ...]:
        """The turns in order; a user's turn with its intent where that was given and not read. Raises UnknownConversation."""
        rows = self._rows(identity, tenant)
        replies = [*(row.answer for row in rows[1:]), None]
        return tuple(
            Turn(
                "user",
                row.content,
                Intent.from_dict(reply["intent"]) if reply and reply.get("edited") else None,
                row.created_at,
            )
            if row.role == "user"
            else Turn("assistant", row.content, at=row.created_at)
            for row, reply in zip(rows, replies, strict=False)
        )

    def turns(self, identity: str, tenant: str = "") -> list[dict[str, Any]]:
        """The turns with their answers and times, as a page shows them. Raises UnknownConversation."""
        return [
            {"role": r.role, "content": r.content, "answer": r.answer, "at": r.created_at.isoformat()}
            for r in self._rows(identity, tenant)
        ]

    def add(
        self, identity: str, tenant: str, request: str, reply: str, answer: Mapping[str, Any], *, user: str = ""
    ) -> int:
        """The number of the user's turn, after both turns were put down together. Raises UnknownConversation.

        `user` is the pseudonym of who asked: the conversation is theirs from then on. Two processes that add at the same time get numbers one after the other. NUL characters, which PostgreSQL does not
        take, are left out.
        """
        for attempt in range(_TRIES):
            try:
                with Session(self._engine) as session, session.begin():
                    self._owned(session, identity, tenant)
                    last = session.scalar(select(func.max(TurnRow.number)).where(TurnRow.conversation_id == identity))
                    number = 0 if last is None else last + 1
                    session.add(
                        TurnRow(
                            conversation_id=identity, number=number, role="user", content=request.replace("\x00", "")
                        )
                    )
                    session.add(
                        TurnRow(
                            conversation_id=identity,
                            number=number + 1,
                            role="assistant",
                            content=reply.replace("\x00", ""),
                            answer=dict(answer),
                        )
                    )
                    changed = {"updated_at": now(), **({"user": user} if user else {})}
                    session.execute(update(ConversationRow).where(ConversationRow.id == identity).values(**changed))
                return number
            except IntegrityError:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def remove(self, identity: str, tenant: str = "") -> None:
        """Deletes a conversation with all its turns. Raises UnknownConversation."""
        with Session(self._engine) as session, session.begin():
            self._owned(session, identity, tenant)
            session.execute(delete(TurnRow).where(TurnRow.conversation_id == identity))
            session.execute(delete(ConversationRow).where(ConversationRow.id == identity))

    @staticmethod
    def move(connection: Connection, tenant: str, user: str, into: str) -> None:
        """Makes a user's conversations those of another one, where both turned out to be one person."""
        mine = (ConversationRow.tenant == tenant, ConversationRow.user == user)
        connection.execute(update(ConversationRow).where(*mine).values(user=into))

    def _rows(self, identity: str, tenant: str) -> list[TurnRow]:
        with Session(self._engine) as session:
            self._owned(session, identity, tenant)
            wanted = select(TurnRow).where(TurnRow.conversation_id == identity).order_by(TurnRow.number)
            return list(session.scalars(wanted))

    @staticmethod
    def _owned(session: Session, identity: str, tenant: str) -> None:
        found = session.get(ConversationRow, identity)
        if found is None or found.tenant != tenant:
            raise UnknownConversation("no such conversation; begin a new one")
