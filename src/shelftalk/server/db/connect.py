"""Opening the database and bringing its tables up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from shelftalk.errors import StorageError, UsageError
from shelftalk.settings import Settings

_MIGRATIONS = Path(__file__).parent / "migrations"


def default_url(settings: Settings) -> str:
    """The address that the settings name, or a file beside the models."""
    return settings.serve.database or f"sqlite:///{settings.home_folder}/serve.db"


def connect(url: str) -> Engine:
    """An engine for "sqlite:///FILE" or "postgresql+psycopg://...". UsageError for an address of another kind.

    SQLite runs in WAL mode, with foreign keys, and waits 5 s for a lock, so that several processes can share the file.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise UsageError(
            "setting serve.database is no address of a database; write sqlite:///FILE or postgresql://..."
        ) from error
    kind = address.get_backend_name()
    if kind == "postgresql":
        return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10)
    if kind != "sqlite":
        raise UsageError(f"setting serve.database names {kind}; sqlite and postgresql are supported")
    if address.database and address.database != ":memory:":
        Path(address.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
        address = address.set(database=str(Path(address.database).expanduser()))
    engine = create_engine(address, connect_args={"timeout": 5.0, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def migrate(engine: Engine) -> None:
    """Brings the tables to the newest version (Alembic), once even where several processes start together.

    Raises StorageError where the database cannot be reached or written.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(727373)")
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())[:300]
        raise StorageError(f"the database cannot be prepared: {said}; see the setting serve.database") from error
