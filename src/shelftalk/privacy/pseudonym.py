"""A shopper's pseudonym: the keyed hash that stands for the shop's own user id wherever anything is stored or logged.

HMAC-SHA256 (RFC 2104) under a key that is kept outside the database: without the key a pseudonym can neither be computed nor be found
by trying ids, as it could for a plain hash of an e-mail address. Whoever deletes the key makes what is stored anonymous for good.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import logging
import os
import re
import secrets
import stat
import tempfile
from functools import lru_cache
from pathlib import Path

from shelftalk.errors import StorageError, UsageError
from shelftalk.settings import Settings

logger = logging.getLogger(__name__)

LEAST_KEY = 32
_REMEMBERED = 10_000
_PREFIX = "u_"
_FORM = re.compile(r"u_[a-z2-7]{30}")


class Pseudonyms:
    """Pseudonyms under one key, of at least 32 characters. The same user has another pseudonym in each tenant."""

    def __init__(self, key: str) -> None:
        if len(key) < LEAST_KEY:
            raise UsageError(
                f"the key of pseudonyms has {len(key)} characters and needs {LEAST_KEY}; "
                "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
            )
        self._key = key.encode("utf-8", "surrogatepass")
        self._made = lru_cache(maxsize=_REMEMBERED)(self._make)  # the same users come again and again

    def __repr__(self) -> str:
        return "Pseudonyms()"  # never the key

    def __reduce__(self) -> tuple[type[Pseudonyms], tuple[str]]:
        """To a worker goes the key alone, and none of the users that were named here."""
        return Pseudonyms, (self._key.decode("utf-8", "surrogatepass"),)

    def of(self, user: str, tenant: str = "") -> str:
        """32 characters: "u_" and 150 bits in base32. "" (nobody) stays "", and what is a pseudonym already stays what it is."""
        if not user or is_pseudonym(user):
            return user
        return self._made(user, tenant)

    def digest(self, purpose: str, *parts: str) -> str:
        """32 hexadecimal digits of what must not be kept itself, for a purpose of its own: never equal to another purpose's."""
        return self._mac(purpose, *parts).hex()[:32]

    def fingerprint(self) -> str:
        """16 hexadecimal digits by which a key is told from another one; they say nothing of a key that was made at random."""
        return self._mac("fingerprint").hex()[:16]

    def _make(self, user: str, tenant: str) -> str:
        return _PREFIX + base64.b32encode(self._mac("user", tenant, user)).decode().lower()[:30]

    def _mac(self, *parts: str) -> bytes:
        # each part with its length, so that ("a", "bc") and ("ab", "c") differ
        data = [part.encode("utf-8", "surrogatepass") for part in parts]
        framed = b"".join(len(part).to_bytes(8, "big") + part for part in data)
        return hmac.new(self._key, framed, hashlib.sha256).digest()


def is_pseudonym(user: str) -> bool:
    """Whether that is a pseudonym, of whatever key, rather than a shop's own id."""
    return _FORM.fullmatch(user) is not None


def load_pseudonyms(settings: Settings, database: str | None = None) -> Pseudonyms:
    """Pseudonyms under the key that the settings give (privacy.key), or that stands in a file (privacy.key_file; by default
    privacy.key beside the database `database`, which is the settings' where None).

    The file is made on first use, with a random key, for its owner alone to read. Raises UsageError for a key that is too short or a file
    that cannot be read, StorageError where it cannot be made.
    """
    if settings.privacy.key is not None:
        return Pseudonyms(settings.privacy.key)
    return Pseudonyms(_held(key_file(settings, database)))


def key_file(settings: Settings, database: str | None = None) -> Path:
    """Where the key stands if the settings do not hold it: beside a SQLite file, else in the folder `home`."""
    if settings.privacy.key_file is not None:
        return settings.privacy.key_file.expanduser()
    scheme, _, rest = (database or settings.serve.database or "").partition(":///")
    path = rest.partition("?")[0]
    beside = scheme.startswith("sqlite") and path not in ("", ":memory:")
    return (Path(path).expanduser().parent if beside else settings.home_folder) / "privacy.key"


def _held(file: Path) -> str:
    try:
        if not file.exists():
            _make(file)
        text = file.read_text(encoding="utf-8").strip()
        mode = file.stat().st_mode
    except (OSError, UnicodeError) as error:
        raise UsageError(f"the key of pseudonyms cannot be read from {file}: {error}; see privacy.key_file") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        logger.warning("%s can be read by others than its owner; run: chmod 600 %s", file, file)
    return text


def _make(file: Path) -> None:
    """A new key, whole from the first moment that it can be seen; where another process was first, its key stands."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".privacy-key-", dir=file.parent)  # 0600
        try:
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(secrets.token_hex(32) + "\n")
                out.flush()
                os.fsync(out.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(name, file)
                logger.info("a new key of pseudonyms was made: %s", file)
        finally:
            Path(name).unlink()
    except OSError as error:
        raise StorageError(
            f"no key of pseudonyms can be made at {file}: {error.strerror or error}; set privacy.key or privacy.key_file"
        ) from error
