"""What a person may be known for: consent by purpose. It knows no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from shelftalk.errors import UsageError
from shelftalk.settings import ConsentDefaults

# personalisation: a profile is built and used; analytics: counted in popularity and co-purchase; training: rows of training sets.
Purpose = Literal["personalisation", "analytics", "training"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


@dataclass(frozen=True, slots=True)
class Consent:
    """What holds for a purpose. `at` and `by` ("rest", "cli", "page") are of the last change, None and "" where the person was not asked
    and the shop's default holds."""

    purpose: Purpose
    given: bool
    at: datetime | None = None
    by: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As it is told over HTTP."""
        return {"given": self.given, "at": self.at.isoformat() if self.at else None, "by": self.by}


def default_of(defaults: ConsentDefaults, purpose: Purpose) -> bool:
    """What holds for who was not asked."""
    return bool(getattr(defaults, purpose))


def checked(purposes: Iterable[str]) -> list[Purpose]:
    """The purposes. UsageError for a word that is none."""
    out: list[Purpose] = []
    for purpose in purposes:
        if purpose not in PURPOSES:
            raise UsageError(f"no purpose {purpose!r}; there are {', '.join(PURPOSES)}")
        out.append(purpose)
    return out


def told(held: Mapping[Purpose, Consent]) -> dict[str, Any]:
    """All purposes as they are told over HTTP."""
    return {purpose: held[purpose].to_dict() for purpose in PURPOSES}
