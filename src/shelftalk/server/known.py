"""What the server's database knows of shoppers, for lists that are made apart from the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shelftalk.server.db import Interactions, connect, migrate
from shelftalk.values import Shopper

MOST = 1000  # interactions of a user, the newest


@dataclass(frozen=True, slots=True)
class InDatabase:
    """Looks shoppers up by their pseudonyms in the database at `url`. It can be sent to other processes, which connect by themselves."""

    url: str
    tenant: str = ""

    def __call__(self, shoppers: Sequence[Shopper], shelf: Any) -> list[Shopper]:
        """The shoppers with what they did up to the moment of their context, and what `shelf` reads from that. One of whom nothing is
        known stays as they are."""
        held = _opened(self.url)
        return [self._known(shopper, held, shelf.known) for shopper in shoppers]

    def _known(self, shopper: Shopper, held: Interactions, read: Callable[..., Shopper]) -> Shopper:
        until = shopper.context.at
        found = held.of_user(shopper.user, tenant=self.tenant, limit=MOST, until=until)
        return read(shopper.user, found, context=shopper.context) if found else shopper


@lru_cache(maxsize=4)
def _opened(url: str) -> Interactions:
    engine = connect(url)
    migrate(engine)
    return Interactions(engine)
