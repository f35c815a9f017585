"""The HTTP protocol of the server: uvicorn's, which also hangs up on a client that connects and then sends no request."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

__all__ = ["HurriedProtocol", "raise_open_files"]

HEADERS_WITHIN_S = 20.0


class HurriedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """A connection whose first request is not there after 20 s is closed, so that half-open ones do not pile up."""

    def connection_made(self, transport: Any) -> None:
        """The clock starts."""
        super().connection_made(transport)
        asyncio.get_running_loop().call_later(HEADERS_WITHIN_S, self._hang_up)

    def _hang_up(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


def raise_open_files() -> None:
    """Lets this process hold as many connections as the system allows it (where there is such a limit)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
