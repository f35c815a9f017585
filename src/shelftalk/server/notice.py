"""The notice that a running server leaves for the commands of its own user on its own machine.

    HOME/serving/CATALOGUE-RANDOM.json    where it listens on the loopback, and a secret

Only the user can read it. The server holds a lock of the operating system on the file while it runs, so a notice whose server
was killed is known by its lock, whatever has got the process number since, and is removed. Whoever finds one believes no
address: the server proves first that it knows the secret (`proof`), and a port that another program has got cannot.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import json
import os
import platform
import secrets
import stat
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = "serving"
_MOST_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Notice:
    """A server as its notice describes it; `machine` and `boot` say where that process runs, and since which start of it.

    One that is `starting` does not listen yet.
    """

    address: str
    port: int
    secret: str
    catalog: str
    pid: int
    machine: str
    boot: str
    starting: bool = False

    @property
    def url(self) -> str:
        """Where it listens, for people."""
        return f"http://{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}"


class Left:
    """A notice that stands; `remove` takes it away."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path, self._handle = path, handle

    def remove(self) -> None:
        """Takes the notice away; safe to call twice."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                self.path.unlink()
            os.close(self._handle)
            self._handle = -1


def proof(secret: str, nonce: str, said: Any) -> str:
    """What only a process that knows the secret can say of `said` when it is given that nonce."""
    text = json.dumps([nonce, said], sort_keys=True)
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def new_secret() -> str:
    """A secret that cannot be guessed."""
    return secrets.token_urlsafe(32)


def leave(home: Path, catalog: Path, address: str, port: int, secret: str, *, starting: bool = False) -> Left | None:
    """Leaves a notice for whoever asks that catalogue; None where the system has no such locks (Windows).

    Raises OSError where it cannot be written.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    folder = home.expanduser() / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        _read(path)  # drops those whose server is gone
    name = f"{_digest(catalog)}-{secrets.token_hex(4)}.json"
    hidden = folder / f".{name}"
    said = Notice(address, port, secret, str(catalog.resolve()), os.getpid(), platform.node(), _boot(), starting)
    handle = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: the proof decides alone
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, json.dumps(asdict(said)).encode())
        hidden.rename(folder / name)  # seen only when it is whole and locked
    except BaseException:
        os.close(handle)
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise
    return Left(folder / name, handle)


def left_for(home: Path, catalog: Path) -> list[Notice]:
    """The notices of servers of that catalogue that run on this machine under this user, newest first."""
    folder = home.expanduser() / FOLDER
    found = [read for path in folder.glob(f"{_digest(catalog)}-*.json") if (read := _read(path))]
    return [told for told, _ in sorted(found, key=lambda pair: pair[1], reverse=True)]


def on_loopback(address: str) -> bool:
    """Whether that is the number of an address that only this machine reaches; names are not looked up."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _read(path: Path) -> tuple[Notice, float] | None:
    """The notice and when it was left; None where it is not to be believed. One whose server is gone is removed."""
    if sys.platform == "win32":
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        now = os.fstat(handle)
        if not stat.S_ISREG(now.st_mode) or now.st_uid != os.getuid() or now.st_mode & 0o077:
            return None
        told = Notice(**json.loads(os.read(handle, _MOST_BYTES)))
        if _gone(told, handle):
            path.unlink()
        elif _here(told) and on_loopback(told.address):
            return told, now.st_mtime
    except (OSError, ValueError, TypeError):  # half written by another program, or by another version
        return None
    finally:
        os.close(handle)
    return None


def _here(told: Notice) -> bool:
    """Whether that server runs on this very machine since its last start, and not on another that shares the folder."""
    return told.boot == _boot() and bool(told.boot or told.machine == platform.node())


def _gone(told: Notice, handle: int) -> bool:
    """Whether the server of a notice does not run any more, as far as this machine can know."""
    if sys.platform == "win32" or not _here(told):
        return told.machine == platform.node()  # it ran before the last start
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _boot() -> str:
    """What tells one start of this machine from the next, "" where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _digest(catalog: Path) -> str:
    return hashlib.sha256(os.fsencode(catalog.resolve())).hexdigest()[:16]
