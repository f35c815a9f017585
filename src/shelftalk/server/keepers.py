"""Everything here that keeps something of a person, in the order in which it is erased. A new table or file gets its keeper here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from shelftalk.engines.adapters import adapter_folders
from shelftalk.lists import erase_everywhere, lines_of
from shelftalk.privacy.keepers import Keeper, Person, Removed
from shelftalk.server.db.tables import Base, ConversationRow, TurnRow
from shelftalk.server.db.tables_events import InteractionRow, UserAlias
from shelftalk.server.db.tables_experiments import ExposureRow, SlateRow
from shelftalk.server.db.tables_privacy import ConsentRow
from shelftalk.server.db.tables_profiles import ProfileLineRow, ProfileSwitchRow
from shelftalk.server.db.users import Users
from shelftalk.server.outputs import Outputs
from shelftalk.server.training_sets import TrainingSets
from shelftalk.settings import Settings


def person_of(user: str, users: Users, engine: Engine, *, tenant: str = "") -> Person:
    """The person behind a shop's id (or a pseudonym): the names that he stands under, his conversations, and what he wrote in them."""
    known = users.of(user, tenant)
    with engine.connect() as connection:
        into = (UserAlias.tenant == tenant, UserAlias.into == known)
        names = {
            known,
            users.pseudonyms.of(user, tenant),
            user,
            *connection.scalars(select(UserAlias.user).where(*into)),
        }
        names -= {""}
        own = _own_sessions(connection, tenant, names)
        mine = (InteractionRow.tenant == tenant, InteractionRow.user.in_(names))
        rows = connection.execute(select(InteractionRow.request, InteractionRow.text).where(*mine).distinct()).all()
        said = (TurnRow.conversation_id.in_(own), TurnRow.role == "user")
        texts = {text for row in rows for text in row if text} | set(
            connection.scalars(select(TurnRow.content).where(*said))
        )
    return Person(known, tenant, frozenset(names), frozenset(own), frozenset(texts))


def _own_sessions(connection: Connection, tenant: str, names: set[str]) -> set[str]:
    """The conversations and visits in which he and nobody else is named."""
    mine: set[str] = set()
    others: set[str] = set()
    for table, session in (
        (ConversationRow, ConversationRow.id), (InteractionRow, InteractionRow.session),
        (ExposureRow, ExposureRow.session), (SlateRow, SlateRow.session),
    ):  # fmt: skip
        his = select(session).where(table.tenant == tenant, table.user.in_(names)).distinct()
        mine |= set(connection.scalars(his))
    mine.discard("")
    theirs = (InteractionRow.tenant == tenant, InteractionRow.user.not_in(("", *names)))
    for at in range(0, len(mine), 500):
        some = InteractionRow.session.in_(sorted(mine)[at : at + 500])
        others |= set(connection.scalars(select(InteractionRow.session).where(*theirs, some)))
    return mine - others


def _rows(engine: Engine, table: type[Base], *where: Any) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        found = connection.execute(select(table.__table__).where(*where)).mappings()
        return [{name: _plain(value) for name, value in row.items() if name != "tenant"} for row in found]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


@dataclass(frozen=True)
class Tables:
    """The keeper of some tables; `where` gives for a person the condition on each. Rows are deleted in the order of the tables.

    SQLite overwrites what is deleted (secure_delete) and empties its log, so that nothing of it is left in the file.
    """

    name: str
    engine: Engine
    tables: Mapping[type[Base], Callable[[Person], Any]]

    def export(self, person: Person) -> dict[str, Any]:
        """The rows by table."""
        held = {t.__tablename__: _rows(self.engine, t, where(person)) for t, where in self.tables.items()}
        return {name: rows for name, rows in held.items() if rows}

    def erase(self, person: Person) -> Removed:
        """Deletes the rows."""
        sqlite = self.engine.dialect.name == "sqlite"
        with self.engine.begin() as connection:
            if sqlite:
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            counts = {
                f"table {t.__tablename__}": connection.execute(t.__table__.delete().where(where(person))).rowcount  # type: ignore[attr-defined]
                for t, where in self.tables.items()
            }
        return Removed(counts, _emptied(self.engine) if sqlite and any(counts.values()) else ())


def _emptied(engine: Engine) -> tuple[str, ...]:
    """Empties SQLite's log, in which the deleted rows stand until then; what stands in the way."""
    try:
        with engine.connect() as connection:
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
    except DBAPIError as error:
        return (f"the write-ahead log could not be emptied ({error.orig}); it is when the server stops",)
    return ("the write-ahead log is read by another process; it is emptied when that ends",) if busy else ()


@dataclass(frozen=True)
class Kept:
    """The keeper of a part that exports and erases by itself."""

    name: str
    exported: Callable[[Person], Any]
    erased: Callable[[Person], Removed]

    def export(self, person: Person) -> Any:
        """What the part has."""
        return self.exported(person)

    def erase(self, person: Person) -> Removed:
        """Has the part remove it."""
        return self.erased(person)


def keepers(
    engine: Engine, settings: Settings, memory: Callable[[Person], int] | None = None, also: Sequence[Path] = ()
) -> list[Keeper]:
    """All of them. `memory` forgets what this process holds of a person and says how much that was; None outside a server. `also` are
    files that the home folder does not know of."""
    home = settings.home_folder
    return [
        TrainingSets(home, lambda: tuned(home)),  # these four need what the tables hold, and so go first
        Outputs(home, also),
        Kept("lists", lambda person: lines_of(person.names, home), lambda person: _lists(person, home)),
        Kept("memory", lambda person: None, lambda person: _memory(person, memory)),
        _profiles(engine),
        _experiments(engine),
        _consents(engine),
        _conversations(engine),
        _interactions(engine),
    ]


def tuned(home: Path) -> list[tuple[str, str]]:
    """(NAME@HASH, when it was published) of the adapters that were published from this home folder."""
    import json

    out = []
    for root in adapter_folders(home):
        if root.is_relative_to(home) and (root / "registry.json").is_file():
            out += [
                (e["ref"], str(e.get("published", ""))) for e in json.loads((root / "registry.json").read_text("utf-8"))
            ]
    return out


def _lists(person: Person, home: Path) -> Removed:
    told = erase_everywhere(person.names, home)
    left = tuple(f"{one.folder}: {one.error}" for one in told if one.error)
    return Removed({one.folder: one.lines + one.mails for one in told if not one.error}, left)


def _memory(person: Person, forget: Callable[[Person], int] | None) -> Removed:
    others = "what other processes of the server hold in memory (at most the last 200 requests, and wordings) goes when they restart"
    return Removed({"this process": forget(person)} if forget else {}, (others,) if person.texts else ())


def _profiles(engine: Engine) -> Keeper:
    return Tables("profile", engine, {table: _under(table) for table in (ProfileLineRow, ProfileSwitchRow)})


def _experiments(engine: Engine) -> Keeper:
    """Exposures and lists with propensities, also those of his conversations that name no user."""
    return Tables("experiments", engine, {table: _under(table, table.session) for table in (ExposureRow, SlateRow)})


def _consents(engine: Engine) -> Keeper:
    return Tables("consent", engine, {ConsentRow: _under(ConsentRow)})


def _under(table: Any, session: Any = None) -> Callable[[Person], Any]:
    """The condition on a person's rows: his names, and where there is a column of sessions what nobody signed in his."""

    def where(person: Person) -> Any:
        mine = table.user.in_(person.names)
        if session is not None:
            mine = mine | ((table.user == "") & session.in_(person.sessions))
        return (table.tenant == person.tenant) & mine

    return where


def _conversations(engine: Engine) -> Keeper:
    def own(person: Person) -> Any:
        held = select(ConversationRow.id).where(
            ConversationRow.tenant == person.tenant, ConversationRow.id.in_(person.sessions)
        )
        return TurnRow.conversation_id.in_(held)

    def talks(person: Person) -> Any:
        return (ConversationRow.tenant == person.tenant) & ConversationRow.id.in_(person.sessions)

    return Tables("conversations", engine, {TurnRow: own, ConversationRow: talks})


def _interactions(engine: Engine) -> Keeper:
    """Also the marks of merges, so that nothing leads from an old id to him."""

    def merged(person: Person) -> Any:
        known = UserAlias.user.in_(person.names) | UserAlias.into.in_(person.names)
        return (UserAlias.tenant == person.tenant) & known

    return Tables(
        "interactions", engine, {InteractionRow: _under(InteractionRow, InteractionRow.session), UserAlias: merged}
    )


__all__ = ["keepers", "person_of", "tuned"]
