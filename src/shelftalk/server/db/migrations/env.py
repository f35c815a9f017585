"""Alembic's entry: runs the migrations over the connection that it is given."""

from __future__ import annotations

from alembic import context

from shelftalk.server.db import (  # noqa: F401  their tables are Base's
    tables_events,
    tables_experiments,
    tables_privacy,
    tables_profiles,
    tables_shown,
)
from shelftalk.server.db.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
context.run_migrations()
