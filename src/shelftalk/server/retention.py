"""What is older than the settings let it be is deleted: at the server's start, then once a day, and by `shelftalk privacy purge`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from shelftalk.server.db.tables import ConversationRow, TurnRow, now
from shelftalk.server.db.tables_events import InteractionRow
from shelftalk.server.db.tables_experiments import ExposureRow, SlateRow
from shelftalk.settings import PrivacySettings

logger = logging.getLogger(__name__)

DAY_S = 24 * 3600.0


def purge(
    engine: Engine, settings: PrivacySettings, *, dry_run: bool = False, moment: datetime | None = None
) -> dict[str, int]:
    """How many rows were deleted, by table, or would be. A setting of 0 days keeps all; conversations go by their last turn."""
    at = moment or now()

    def before(days: int) -> datetime:
        return at - timedelta(days=days)

    old = select(ConversationRow.id).where(ConversationRow.updated_at < before(settings.conversation_days))
    due: list[tuple[int, Any, Any]] = [
        (settings.interaction_days, InteractionRow, InteractionRow.at < before(settings.interaction_days)),
        (settings.conversation_days, TurnRow, TurnRow.conversation_id.in_(old)),
        (settings.conversation_days, ConversationRow, ConversationRow.updated_at < before(settings.conversation_days)),
        (settings.log_days, ExposureRow, ExposureRow.at < before(settings.log_days)),
        (settings.log_days, SlateRow, SlateRow.at < before(settings.log_days)),
    ]
    told = {}
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite" and not dry_run:
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        for days, table, where in due:
            if not days:
                continue
            count = select(func.count()).select_from(table).where(where)
            told[table.__tablename__] = (
                int(connection.scalar(count) or 0)
                if dry_run
                else connection.execute(delete(table).where(where)).rowcount
            )
    return told


class Retention:
    """Purges in a thread of its own, now and every day; several gateways may do it side by side."""

    def __init__(self, engine: Engine, settings: Callable[[], PrivacySettings], *, every_s: float = DAY_S) -> None:
        self._engine, self._settings, self._every_s = engine, settings, every_s
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="retention", daemon=True)

    def start(self) -> Retention:
        """Itself, at work."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Ends; safe to call twice."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._closing.is_set():
            try:
                told = {name: count for name, count in purge(self._engine, self._settings()).items() if count}
                if told:
                    logger.info("deleted for their age: %s", ", ".join(f"{n} of {name}" for name, n in told.items()))
            except SQLAlchemyError as error:
                logger.warning("what is too old could not be deleted: %s", type(error).__name__)
            self._closing.wait(self._every_s)
