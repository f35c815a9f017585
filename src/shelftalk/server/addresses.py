"""Addresses that a server listens at: which of them only this machine reaches."""

from __future__ import annotations

import ipaddress


def loopback(host: str) -> bool:
    """Whether only this machine reaches what listens at that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
