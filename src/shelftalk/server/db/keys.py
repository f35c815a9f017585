"""API keys: made once, shown once, kept as a hash; with scopes, a rate and a budget.

A key is 32 random bytes, so a plain SHA-256 of it cannot be searched (OWASP asks for slow hashes where people choose the
secret). It is looked up by its hash: no comparison depends on how much of a guess is right.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shelftalk.errors import UsageError
from shelftalk.server.db.tables import ApiKey, Usage, now

SCOPES = ("ask", "catalogue", "studio")
_PREFIX = "st-"
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a key's id, tenant, scopes and limits. Without keys, the loopback caller may do everything."""

    key_id: str | None = None
    tenant: str = ""
    scopes: frozenset[str] = frozenset(SCOPES)
    per_minute: int | None = None
    tokens_per_day: int | None = None


class Keys:
    """Makes, finds and revokes keys, and counts what they use."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self, name: str, scopes: Sequence[str], *, tenant: str | None = None, per_minute: int = 60,
        tokens_per_day: int | None = None,
    ) -> str:  # fmt: skip
        """The key itself, which is kept nowhere. UsageError for an unknown scope, or a name that is empty or taken.

        The name of a key that was revoked stays taken: what it did remains told by it.
        """
        for what, text in (("name", name), ("tenant", tenant or name)):
            if not text.strip() or not text.isprintable() or len(text) > _LONGEST_NAME:
                raise UsageError(f"{what} {text[:120]!r}: give 1 to {_LONGEST_NAME} characters that can be printed")
        wrong = [s for s in scopes if s not in SCOPES]
        if wrong or not scopes:
            raise UsageError(f"scope {', '.join(wrong) or '(none)'}: choose from {', '.join(SCOPES)}")
        secret = _PREFIX + secrets.token_urlsafe(32)
        row = ApiKey(
            id=uuid.uuid4().hex, name=name, tenant=tenant or name, prefix=secret[:9], hash=key_hash(secret),
            scopes=sorted(set(scopes)), per_minute=per_minute, tokens_per_day=tokens_per_day,
        )  # fmt: skip
        try:
            with Session(self._engine) as session, session.begin():
                session.add(row)
        except IntegrityError as error:
            raise UsageError(
                f"there is a key named {name!r} already, perhaps a revoked one; choose another name"
            ) from error
        return secret

    def any(self) -> bool:
        """Whether a key that is not revoked exists; then calls need one."""
        with Session(self._engine) as session:
            return bool(session.scalar(select(func.count()).select_from(ApiKey).where(ApiKey.revoked_at.is_(None))))

    def find(self, secret: str) -> Caller | None:
        """The caller behind a key, None for one that is unknown or revoked."""
        return self.by_hash(key_hash(secret))

    def by_hash(self, digest: str) -> Caller | None:
        """The caller behind the key of that `key_hash`."""
        wanted = select(ApiKey).where(ApiKey.hash == digest, ApiKey.revoked_at.is_(None))
        with Session(self._engine) as session:
            row = session.scalar(wanted)
            if row is None:
                return None
            return Caller(row.id, row.tenant, frozenset(row.scopes), row.per_minute, row.tokens_per_day)

    def revoke(self, name: str) -> None:
        """From now on the key opens nothing. UsageError where there is none of that name."""
        with Session(self._engine) as session, session.begin():
            changed = session.execute(
                update(ApiKey).where(ApiKey.name == name, ApiKey.revoked_at.is_(None)).values(revoked_at=now())
            )
            if not getattr(changed, "rowcount", 0):
                raise UsageError(f"there is no key named {name!r} to revoke")

    def list(self) -> list[dict[str, Any]]:
        """Every key with what may be shown of it, oldest first."""
        with Session(self._engine) as session:
            return [
                {
                    "name": r.name, "prefix": r.prefix, "tenant": r.tenant, "scopes": r.scopes, "per_minute": r.per_minute,
                    "tokens_per_day": r.tokens_per_day, "created_at": r.created_at.isoformat(),
                    "revoked_at": r.revoked_at.isoformat() if r.revoked_at else None,
                }
                for r in session.scalars(select(ApiKey).order_by(ApiKey.created_at))
            ]  # fmt: skip

    def spend(self, key_id: str, tokens: int) -> None:
        """Counts a request and its tokens against the key's day."""
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        for _ in range(2):
            try:
                with Session(self._engine) as session, session.begin():
                    changed = session.execute(
                        update(Usage)
                        .where(Usage.key_id == key_id, Usage.day == day)
                        .values(requests=Usage.requests + 1, tokens=Usage.tokens + tokens)
                    )
                    if not getattr(changed, "rowcount", 0):
                        session.add(Usage(key_id=key_id, day=day, requests=1, tokens=tokens))
                return
            except IntegrityError:  # another process opened the day in between
                continue

    def spent(self, key_id: str) -> int:
        """Tokens that the key has used today (UTC)."""
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        with Session(self._engine) as session:
            return session.scalar(select(Usage.tokens).where(Usage.key_id == key_id, Usage.day == day)) or 0


def key_hash(secret: str) -> str:
    """What is kept of a key: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
