"""The database: conversations, interactions, keys and usage. SQLite (WAL) by default, PostgreSQL by URL."""

from shelftalk.server.db.connect import connect, migrate
from shelftalk.server.db.conversations import Conversations
from shelftalk.server.db.interactions import Interactions
from shelftalk.server.db.keys import Keys

__all__ = ["Conversations", "Interactions", "Keys", "connect", "migrate"]
