"""Who calls, what they may do, and how much: keys, scopes, a rate a minute, a budget of tokens a day.

Where no key is defined and the server listens on the loopback alone, every caller may do everything.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request

from shelftalk.server.db.keys import Caller, Keys, key_hash
from shelftalk.server.failures import Refused
from shelftalk.server.pool import TENANT

_REMEMBERED_S = 10.0
_FAILURES_A_MINUTE = 20
_MOST_KNOWN = 10_000


class TooMany(Refused):
    """429: `retry_after` says when to come back, in seconds."""

    def __init__(self, kind: str, message: str, retry_after: int) -> None:
        super().__init__(429, kind, message)
        self.retry_after = retry_after


class Bucket:
    """A token bucket: `per_minute` calls a minute, and as many at once after a minute of silence."""

    def __init__(self, per_minute: int) -> None:
        self._rate, self._level, self._at = per_minute / 60, float(per_minute), time.monotonic()
        self._most = float(per_minute)

    def wait(self) -> float:
        """0 where a call may pass now, else the seconds until one may."""
        now = time.monotonic()
        self._level = min(self._most, self._level + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._level >= 1 else (1 - self._level) / self._rate

    def take(self) -> float:
        """As `wait`; a call that may pass is counted."""
        wait = self.wait()
        if not wait:
            self._level -= 1
        return wait


class Gate:
    """Finds the caller behind a request and holds the limits. Rates are counted in this process, budgets in the database.

    Once an address has sent too many wrong keys, no key from it is looked up that this process has not seen to be good:
    a guess is then refused whether it is right or not, and whoever has a key goes on.

    `open_without_keys` says whether callers need none while none is defined; where more than this machine reaches the
    server they always need one, also after the last was revoked.
    """

    def __init__(self, keys: Keys, *, open_without_keys: bool = True) -> None:
        self._keys, self._open = keys, open_without_keys
        self._known: dict[str, tuple[float, Caller]] = {}  # by the key's hash
        self._good: set[str] = set()
        self._buckets: dict[str, Bucket] = {}
        self._guesses: dict[str, Bucket] = {}

    async def admit(self, request: Request, scope: str) -> Caller:
        """The caller. Refused with 401 without a good key, 403 without the scope; TooMany beyond the rate or budget."""
        secret = _bearer(request)
        address = request.client.host if request.client else ""
        if secret is None:
            if not await self._asks_for_none():
                raise Refused(401, "unauthorized", "this server needs a key: Authorization: Bearer <key>")
            return _anyone(request)
        digest, guesses = key_hash(secret), _bucket(self._guesses, address, _FAILURES_A_MINUTE)
        if digest not in self._good and (wait := guesses.wait()):
            raise TooMany("rate_limited", "too many wrong keys from this address", math.ceil(wait))
        caller = await self._find(digest)
        if caller is None:
            if await self._asks_for_none():
                return _anyone(request)  # clients that must send some key, to a server that asks for none
            guesses.take()
            raise Refused(401, "unauthorized", "the key is not known, or was revoked")
        if scope not in caller.scopes:
            raise Refused(403, "forbidden", f"this key lacks the scope {scope!r}")
        if caller.per_minute and caller.key_id:
            wait = _bucket(self._buckets, caller.key_id, caller.per_minute).take()
            if wait:
                raise TooMany("rate_limited", f"more than {caller.per_minute} requests a minute", math.ceil(wait))
        if scope == "ask" and caller.tokens_per_day and caller.key_id:
            spent = await asyncio.to_thread(self._keys.spent, caller.key_id)
            if spent >= caller.tokens_per_day:
                left = 86400 - int(time.time()) % 86400
                raise TooMany("budget_spent", f"the {caller.tokens_per_day} tokens of today are spent", left)
        return caller

    async def spend(self, caller: Caller, tokens: int) -> None:
        """Counts an answered request against the caller's day."""
        if caller.key_id:
            await asyncio.to_thread(self._keys.spend, caller.key_id, tokens)

    async def _asks_for_none(self) -> bool:
        return self._open and not await asyncio.to_thread(self._keys.any)

    async def _find(self, digest: str) -> Caller | None:
        known = self._known.get(digest)
        if known and time.monotonic() - known[0] < _REMEMBERED_S:
            return known[1]
        caller = await asyncio.to_thread(self._keys.by_hash, digest)
        self._known.pop(digest, None)
        self._good.discard(digest)
        if caller is not None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
                self._good.clear()
            self._known[digest] = (time.monotonic(), caller)
            self._good.add(digest)
        return caller


def _anyone(request: Request) -> Caller:
    """The caller of a server with no key. Refused with 403 under a public name: a page elsewhere whose name is pointed at the
    loopback (DNS rebinding) would otherwise read what this server says."""
    host = (request.url.hostname or "").rstrip(".").casefold()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if "." in host and not host.endswith(".localhost"):
            told = "no key is defined, so this server answers under localhost or an address alone; define a key to use a name"
            raise Refused(403, "forbidden", told) from None
    return Caller()


def needs(scope: str) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency of a route: the caller, who has that scope."""

    async def caller(request: Request) -> Caller:
        server: Any = request.app.state.server
        gate: Gate = server.gate
        found = await gate.admit(request, scope)
        TENANT.set(found.tenant)
        return found

    return caller


def _bearer(request: Request) -> str | None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return secret.strip()[:500]
    return (request.headers.get("x-api-key") or "").strip()[:500] or None


def _bucket(buckets: dict[str, Bucket], name: str, per_minute: int) -> Bucket:
    if len(buckets) > _MOST_KNOWN:
        buckets.clear()
    return buckets.setdefault(name, Bucket(per_minute))
