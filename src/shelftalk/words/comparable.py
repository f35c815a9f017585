"""What values are compared by, on a record at hand as in the database: the first number in them, or a date."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

__all__ = ["fractional_year", "number"]

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)


def number(value: Any) -> float | None:
    """A number as it is, the first number in a text ("1,299.50 USD" is 1299.5) or in a list's texts, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float, Decimal)):
        try:
            amount = float(value)
        except OverflowError:
            return None
        return amount if math.isfinite(amount) else None
    text = ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
    match = _NUMBER.search(text.replace(",", ""))
    amount = float(match.group()) if match else math.inf
    return amount if math.isfinite(amount) else None


def fractional_year(value: Any) -> float | None:
    """An ISO date or date-time as years with a fraction (UTC where no zone is said), or None for anything else."""
    if not isinstance(value, str) or not _DATE.fullmatch(text := value.strip()):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    start = datetime(moment.year, 1, 1, tzinfo=moment.tzinfo)
    return moment.year + (moment - start).total_seconds() / (366 * 86400)
