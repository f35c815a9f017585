"""The options of a suite's `perturb`, read with messages that say what may stand there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from shelftalk.errors import UsageError

__all__ = ["PerturbOptions"]


class PerturbOptions(BaseModel):
    """Base of the options of one kind; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: str

    @classmethod
    def read(cls, spec: Mapping[str, Any]) -> Self:
        """The options in `spec`; UsageError names the key that is wrong and the keys there are."""
        try:
            return cls(**spec)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UsageError(
                f"perturb.{where} of kind {spec.get('kind')!r}: {first['msg']} (got {first.get('input')!r}); "
                f"there is: {', '.join(cls.model_fields)}"
            ) from error


def chosen(wanted: list[str] | None, known: list[str], what: str) -> list[str]:
    """The wanted names, all known ones where none are named; UsageError for a name that there is not."""
    strange = [name for name in wanted or [] if name not in known]
    if strange:
        raise UsageError(f"perturb.{what}: no {', '.join(map(repr, strange))}; there is: {', '.join(known)}")
    return list(wanted) if wanted else known
