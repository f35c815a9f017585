"""The database: consent, conversations, interactions, keys, usage, gaps, what was shown, experiments and corrections of profiles.
SQLite (WAL) by default, PostgreSQL by URL."""

from shelftalk.server.db.connect import connect, migrate
from shelftalk.server.db.consents import Consents
from shelftalk.server.db.conversations import Conversations
from shelftalk.server.db.experiments import Experiments
from shelftalk.server.db.gaps import Gaps
from shelftalk.server.db.interactions import Interactions
from shelftalk.server.db.keys import Keys
from shelftalk.server.db.profiles import Profiles
from shelftalk.server.db.shown import ShownStore
from shelftalk.server.db.users import Users

__all__ = [
    "Consents",
    "Conversations",
    "Experiments",
    "Gaps",
    "Interactions",
    "Keys",
    "Profiles",
    "ShownStore",
    "Users",
    "connect",
    "migrate",
]
