"""uvicorn's server, which leaves a notice when it starts, another once it listens, and takes it away before it stops."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import uvicorn

from shelftalk.server.notice import Left, leave

logger = logging.getLogger(__name__)


class Announced(uvicorn.Server):
    """A server of that catalogue, found by the commands of this user on this machine (notice.py).

    `listens` is called once it does. One that listens at no loopback address leaves none, and one that cannot write it serves all the same.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        home: Path,
        catalog: Path,
        secret: str,
        listens: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._home, self._catalog, self._secret, self._listens = home, catalog, secret, listens
        self._left: Left | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; the notice stands."""
        with contextlib.suppress(ValueError):  # a host by its name is found once it listens
            self._leave([(self.config.host, self.config.port)], starting=True)
        try:
            await super().startup(sockets)
        finally:
            early, self._left = self._left, None
            if self.started:
                self._leave(s.getsockname() for a in self.servers for s in a.sockets)
            if early is not None:
                early.remove()
        if self.started:
            self._listens()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """The notice goes; then as uvicorn's."""
        self.withdraw()
        await super().shutdown(sockets)

    def _leave(self, names: Iterable[tuple[object, ...]], starting: bool = False) -> None:
        if place := reachable(names):
            try:
                self._left = leave(self._home, self._catalog, *place, self._secret, starting=starting)
            except OSError as error:
                logger.info("commands on this machine will not find this server: %s", error)

    def withdraw(self) -> None:
        """Takes the notice away, if it stands."""
        if self._left is not None:
            self._left.remove()
            self._left = None


def reachable(names: Iterable[tuple[object, ...]]) -> tuple[str, int] | None:
    """Address and port at which the loopback reaches one of these sockets, IPv4 before IPv6; None where it reaches none."""
    found: list[tuple[int, str, int]] = []
    for name in names:
        address = ipaddress.ip_address(str(name[0]).partition("%")[0])
        if address.is_loopback or address.is_unspecified:
            own = "127.0.0.1" if address.version == 4 else "::1"
            found.append((address.version, str(address) if address.is_loopback else own, int(str(name[1]))))
    return min(found)[1:] if found else None
