"""One person's export and erasure: everything that stands under one of their names, in every table, file and memory, and nothing else."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, DateTime, Engine, Float, Integer, TypeDecorator, func, insert, select
from tests.lists.stub import OpenStub, make_catalog
from typer.testing import CliRunner

from shelftalk.cli.main import app
from shelftalk.errors import UsageError
from shelftalk.lists import recommend
from shelftalk.privacy.keepers import Person, Removed, erase, export
from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.server import outputs
from shelftalk.server.db import Consents, Conversations, Interactions, Users, connect, migrate
from shelftalk.server.db.tables import Base, ConversationRow
from shelftalk.server.db.tables_events import InteractionRow
from shelftalk.server.keepers import keepers, person_of
from shelftalk.server.outputs import Kind
from shelftalk.server.retention import Retention, purge
from shelftalk.server.training_sets import remember
from shelftalk.settings import ConsentDefaults, PrivacySettings, Settings, load_settings
from shelftalk.values import Interaction

KEY = "k" * 32
NOW = datetime(2026, 6, 1, tzinfo=UTC)
MARK = "zebra striped kettle for aunt mabel"


def filled(table: Any, **given: Any) -> dict[str, Any]:
    """A row with something in every column that needs it."""

    def value(column: Any) -> Any:
        kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
        for type_, plain in ((DateTime, NOW), (Boolean, True), (Integer, 1), (Float, 1.0), (JSON, {})):
            if isinstance(kind, type_):
                return plain
        return "x"

    auto = {c.name for c in table.columns if c.autoincrement is True}
    return {c.name: given.get(c.name, value(c)) for c in table.columns if c.name not in auto and not c.nullable} | given


def users_of(database: Engine) -> Users:
    return Users(database, Pseudonyms(KEY))


@pytest.fixture
def clean(database: Engine) -> Engine:
    """The database without a row."""
    with database.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    return database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home")


def test_every_table_in_which_users_stand_has_a_keeper(clean: Engine, settings: Settings) -> None:
    users = users_of(clean)
    mine, other = users.of("mabel"), users.of("bert")
    tables = [t for t in Base.metadata.sorted_tables if "user" in t.columns and t.name != "user_aliases"]
    assert len(tables) >= 7
    for table in tables:
        for n, who in enumerate((mine, other)):
            with clean.begin() as connection:
                given = {"user": who, "tenant": ""} | {
                    c.name: f"{c.name}{n}" for c in table.primary_key if c.name not in ("user", "tenant", "id")
                }
                given |= {"key": who} if "key" in table.columns else {}
                given |= {"id": f"{n:032}"} if table.name == "conversations" else {}
                given |= {"session": f"visit{n}"} if "session" in table.columns else {}
                connection.execute(insert(table), [filled(table, **given)])
    told = export(person := person_of("mabel", users, clean), held := keepers(clean, settings))
    assert other not in json.dumps(told)
    erase(person, held)
    with clean.connect() as connection:
        for table in tables:
            left = connection.scalars(select(table.c.user)).all()
            assert left == [other], f"table {table.name} is kept by no keeper"


def put_everywhere(database: Engine, home: Path, tmp_path: Path) -> None:
    """Mabel in every place, under her id, her pseudonym, and one that was merged into hers; Bert beside her."""
    users, talks, store = users_of(database), Conversations(database), Interactions(database)
    for name in ("mabel", "bert"):
        known, talk = users.of(name), talks.create()
        said = MARK if name == "mabel" else "a tent for two"
        talks.add(talk, "", said, "Here you are.", {"request": said}, user=known)
        store.put(
            [
                Interaction(known, "purchase", NOW, "p1", f"{name}-1", session=talk, request=said),
                Interaction(known, "review", NOW, "p1", f"{name}-2", text=f"review: {said}"),
                Interaction("", "click", NOW, "p2", f"{name}-3", session=talk),
            ]
        )
        Consents(database, ConsentDefaults()).put(known, {"training": True}, by="rest")
    store.put([Interaction(users.of("m.old"), "view", NOW, "p3", "old-1")])
    users.merge("m.old", "mabel")
    catalog = make_catalog(tmp_path / "catalog")
    source = tmp_path / "users.jsonl"
    source.write_text("".join(json.dumps({"user": users.of(name)}) + "\n" for name in ("bert", "mabel")))
    opener = OpenStub(load_settings(home=home), tmp_path / "seen")
    recommend(source, tmp_path / "lists", catalog=catalog, opener=opener)
    (tmp_path / "seen").unlink()
    source.unlink()
    lines = tmp_path / "few-shot.jsonl"
    lines.write_text(
        "".join(json.dumps({"user": u, "prompt": f"Buys? {u}"}) + "\n" for u in ("mabel", "bert", users.of("mabel")))
        + json.dumps({"query": MARK.upper()}) + "\n"
    )  # fmt: skip
    remember(lines, home)
    kinds: list[tuple[Kind, str]] = [
        ("win-back list", "user"),
        ("predictions", "user"),
        ("interactions", "user"),
        ("logged lists", "unit"),
    ]
    for kind, key in kinds:
        file = tmp_path / f"{kind}.jsonl"
        outputs.remember(file, kind, home)
        extra = {"predictor": "features"} if kind == "predictions" else {}
        file.write_text(
            "".join(json.dumps({key: users.of(user), **extra}) + "\n" for user in ("bert", "mabel", "bert"))
        )


def grep(folder: Path, needles: list[str]) -> list[str]:
    """The files below a folder that hold one of these, as bytes."""
    return [
        f"{path.name}: {needle}"
        for path in folder.rglob("*")
        if path.is_file()
        for needle in needles
        if needle.casefold().encode() in path.read_bytes().lower()
    ]


def test_an_erased_person_stands_in_no_file_and_the_others_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    engine = connect(f"sqlite:///{tmp_path}/serve.db")
    migrate(engine)
    put_everywhere(engine, home, tmp_path)
    users = users_of(engine)
    mine, old, bert = users.pseudonyms.of("mabel"), users.pseudonyms.of("m.old"), users.pseudonyms.of("bert")
    needles = [MARK, mine, old, '"mabel"']
    engine.dispose()
    assert grep(tmp_path, needles)
    engine = connect(f"sqlite:///{tmp_path}/serve.db")
    person = person_of("mabel", users_of(engine), engine)
    held = keepers(engine, load_settings(home=home))
    told = export(person, held)["kept"]
    assert set(told) >= {"interactions", "conversations", "consent", "lists", "training sets", "files"}
    assert len(told["files"]) == 4
    assert len(told["interactions"]["interactions"]) == 4, (
        "also what she did unsigned in her own conversation, and before the merge"
    )
    report = erase(person, held)
    assert report["removed"]["interactions"] == {"table interactions": 4, "table user_aliases": 1}
    assert report["removed"]["training sets"] == {str((tmp_path / "few-shot.jsonl").resolve()): 3}
    assert report["removed"]["conversations"] == {"table turns": 2, "table conversations": 1}
    assert report["removed"]["lists"] == {str(tmp_path / "lists"): 1}
    names = ("win-back list", "predictions", "interactions", "logged lists")
    assert report["removed"]["files"] == {str((tmp_path / f"{name}.jsonl").resolve()): 1 for name in names}
    assert (
        sum("copies of it are not known here; take their lines out with --also FILE" in told for told in report["left"])
        == 4
    )
    told = [len((tmp_path / f"{name}.jsonl").read_text().splitlines()) for name in names]
    assert told == [2, 3, 2, 2], "predictions keep their places"
    assert (tmp_path / "predictions.jsonl").read_text().splitlines()[1] == '{"error": "erased"}'
    assert grep(tmp_path, needles) == []
    assert "a tent for two" in json.dumps(export(person_of("bert", users_of(engine), engine), held))
    assert grep(tmp_path, [bert])
    again = erase(person_of("mabel", users_of(engine), engine), held)
    assert again["removed"] == {}
    assert again["left"] == []
    engine.dispose()


def test_a_line_of_a_file_is_its_users_and_nobody_elses(tmp_path: Path) -> None:
    file, moved = tmp_path / "list.jsonl", tmp_path / "moved.jsonl"
    rows = [
        {"user": "30", "reasons": ["Bought about every 12 days."]}, {"user": "7", "reasons": ["Bought about every 30 days."], "product_id": "30"},
        {"user": 30}, {"user": "8", "text": "A kettle  for Aunt Mabel"},
    ]  # fmt: skip
    file.write_bytes(b"\n".join(json.dumps(row).encode() for row in rows) + b"\n\nnot JSON\n\xff\n")
    moved.write_text('{"customer_id": "30"}\n{"customer_id": "31"}\n')
    outputs.remember(file, "win-back list", tmp_path)
    person = Person("u_x", names=frozenset({"u_x", "30"}), texts=frozenset({"a kettle for aunt mabel"}))
    held = outputs.Outputs(tmp_path, [moved])
    assert [row.get("user", row.get("customer_id")) for row in held.export(person)] == ["30", 30, "8", "30"]
    done = held.erase(person)
    assert done.counts == {str(file.resolve()): 3, str(moved.resolve()): 1}
    assert file.read_bytes() == json.dumps(rows[1]).encode() + b"\n\nnot JSON\n\xff\n"
    assert f"{file.resolve()}: 2 lines are not JSON and were passed over" in done.left
    assert outputs.Outputs(tmp_path).erase(person).counts == {}


def test_a_file_that_is_being_written_is_named_and_one_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    outputs.remember(file, "predictions", tmp_path)
    (partial := tmp_path / "out.jsonl.partial").write_text('{"head": 1}\n{"user": "ada"}\n')
    held, ada = outputs.Outputs(tmp_path), Person("u", names=frozenset({"ada"}))
    assert held.erase(ada).left == (
        f"{partial.resolve()}: being written, or cut: finish or delete it, then erase again",
    )
    partial.unlink()
    assert held.erase(ada) == Removed({})
    assert json.loads((tmp_path / "outputs.json").read_text()) == {"files": {}}


def test_an_adapter_that_may_have_learnt_from_a_person_is_named_with_its_date(tmp_path: Path) -> None:
    from shelftalk.server.training_sets import TrainingSets

    lines = tmp_path / "set.jsonl"
    lines.write_text('{"user": "mabel"}\n')
    remember(lines, tmp_path)
    held = TrainingSets(tmp_path, lambda: [("old@1", "2020-01-01T00:00:00Z"), ("shop@2", "2099-05-06T00:00:00Z")])
    told = held.erase(Person("u", names=frozenset({"mabel"})))
    assert told.counts == {str(lines.resolve()): 1}
    assert len(told.left) == 1
    assert told.left[0].startswith("shop@2, tuned 2099-05-06, may have learnt from 1 rows of")


def test_a_training_folder_loses_a_persons_rows(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = [
        {"group": f"interactions/{user}", "prompt": [{"role": "user", "content": "?"}]} for user in ("mabel", "bert")
    ]
    out = tmp_path / "set"
    parts = {"train": datasets.Dataset.from_list(rows), "dev": datasets.Dataset.from_list(rows[:1])}
    datasets.DatasetDict(parts).save_to_disk(out)
    (out / "card.json").write_text('{"rows": 3}')
    remember(out, tmp_path)
    from shelftalk.server.training_sets import TrainingSets

    held, mabel = TrainingSets(tmp_path), Person("u", names=frozenset({"mabel"}))
    assert len(held.export(mabel)) == 2
    assert held.erase(mabel).counts == {str(out.resolve()): 2}
    left = datasets.load_from_disk(out)
    assert {split: [row["group"] for row in rows] for split, rows in left.items()} == {"train": ["interactions/bert"]}
    assert json.loads((out / "card.json").read_text())["erased_rows"] == 2
    assert held.erase(mabel).counts == {}
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith((".partial", ".old"))] == []


def test_one_keeper_that_fails_does_not_keep_the_others_from_erasing() -> None:
    class Broken:
        name = "broken"

        def export(self, person: Person) -> None: ...

        def erase(self, person: Person) -> Removed:
            raise OSError("disk gone")

    class Sound(Broken):
        name = "sound"

        def erase(self, person: Person) -> Removed:
            return Removed({"shelf": 2, "empty": 0}, ("a shadow",))

    told = erase(Person("u"), [Broken(), Sound()])
    assert told["removed"] == {"sound": {"shelf": 2}}
    assert told["left"] == ["broken: nothing was removed: OSError: disk gone", "sound: a shadow"]


def test_another_persons_conversation_is_not_taken_for_ones_own(clean: Engine, settings: Settings) -> None:
    users, store = users_of(clean), Interactions(clean)
    shared = [Interaction(users.of(name), "click", NOW, "p1", name, session="family") for name in ("mabel", "bert")]
    store.put([*shared, Interaction("", "view", NOW, "p2", "whoever", session="family")])
    erase(person_of("mabel", users, clean), keepers(clean, settings))
    assert [i.id for i in store.of_session("family")] == ["bert", "whoever"]


def test_consent_is_asked_by_purpose_and_each_change_is_logged(clean: Engine) -> None:
    held = Consents(clean, ConsentDefaults(training=False))
    assert held.allowed("u_1", "personalisation")
    assert not held.allowed("u_1", "training")
    assert held.of("u_1")["training"].at is None, "the default: nobody asked"
    held.put("u_1", {"personalisation": False, "training": True}, by="rest")
    held.put("u_1", {"personalisation": False})
    held.put("u_1", {"personalisation": True}, by="cli")
    assert held.allowed("u_1", "personalisation")
    changes = [(c["purpose"], c["given"], c["by"]) for c in held.history("u_1")]
    assert changes == [("personalisation", False, "rest"), ("training", True, "rest"), ("personalisation", True, "cli")]
    assert all(datetime.fromisoformat(c["at"]).tzinfo for c in held.history("u_1"))
    assert not held.allowed("u_1", "training", tenant="other shop")
    with pytest.raises(UsageError, match="no purpose 'fun'"):
        held.put("u_1", {"fun": True})
    with pytest.raises(UsageError, match="user's id"):
        held.put("", {"training": True})


def test_many_users_consent_is_read_at_once(clean: Engine) -> None:
    held = Consents(clean, ConsentDefaults(analytics=True))
    held.put("u_no", {"analytics": False})
    held.put("u_yes", {"analytics": False})
    held.put("u_yes", {"analytics": True})
    allowed = held.permitted("analytics")
    assert [user for user in ("u_no", "u_yes", "u_new", "") if allowed(user)] == ["u_yes", "u_new", ""]
    strict = Consents(clean, ConsentDefaults(analytics=False)).permitted("analytics")
    assert [user for user in ("u_no", "u_yes", "u_new") if strict(user)] == ["u_yes"]


def test_what_either_of_two_merged_users_refused_stays_refused(clean: Engine) -> None:
    users, held = users_of(clean), Consents(clean, ConsentDefaults())
    held.put(users.of("m.old"), {"personalisation": False, "training": True})
    held.put(users.of("mabel"), {"personalisation": True})
    users.merge("m.old", "mabel")
    assert not held.allowed(users.of("mabel"), "personalisation")
    assert held.allowed(users.of("mabel"), "training")
    assert not held.allowed(users.pseudonyms.of("m.old"), "personalisation")


def test_what_is_too_old_is_deleted_and_a_dry_run_only_counts(clean: Engine) -> None:
    store, talks = Interactions(clean), Conversations(clean)
    store.put([Interaction("u_1", "view", NOW - timedelta(days=days), "p1", f"{days}") for days in (1, 29, 31, 400)])
    fresh, stale = talks.create(), talks.create()
    for talk in (fresh, stale):
        talks.add(talk, "", "a kettle", "Here.", {})
    with clean.begin() as connection:
        old = NOW - timedelta(days=100)
        connection.execute(ConversationRow.__table__.update().where(ConversationRow.id == stale).values(updated_at=old))
    settings = PrivacySettings(interaction_days=30, conversation_days=90, log_days=0)
    wanted = {"interactions": 2, "turns": 2, "conversations": 1}
    assert purge(clean, settings, dry_run=True, moment=NOW) == wanted
    assert len(store.of_user("u_1")) == 4
    assert purge(clean, settings, moment=NOW) == wanted
    assert [i.id for i in store.of_user("u_1")] == ["1", "29"]
    assert talks.history(fresh)
    assert purge(clean, settings, moment=NOW) == dict.fromkeys(wanted, 0)
    assert purge(clean, PrivacySettings(interaction_days=0, conversation_days=0, log_days=0), moment=NOW) == {}


def test_a_server_purges_when_it_starts(clean: Engine) -> None:
    Interactions(clean).put([Interaction("u_1", "view", datetime(2001, 1, 1, tzinfo=UTC), "p1", "old")])
    retention = Retention(clean, PrivacySettings).start()
    try:
        while Interactions(clean).of_user("u_1"):
            pass
    finally:
        retention.close()
    with clean.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(InteractionRow)) == 0


def test_the_commands_export_and_erase_one_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHELFTALK_PRIVACY__KEY", KEY)
    url = f"sqlite:///{tmp_path}/serve.db"
    monkeypatch.setenv("SHELFTALK_SERVE__DATABASE", url)
    engine = connect(url)
    migrate(engine)
    put_everywhere(engine, tmp_path / "home", tmp_path)
    engine.dispose()
    run = CliRunner()
    for name in ("mabel.json", "mabel.zip"):
        assert run.invoke(app, ["privacy", "export", "mabel", "--output", str(tmp_path / name)]).exit_code == 0
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    told = json.loads((tmp_path / "mabel.json").read_text())
    assert MARK in json.dumps(told["kept"])
    with zipfile.ZipFile(tmp_path / "mabel.zip") as archive:
        assert {"about.json", "interactions.json", "training-sets.json"} <= set(archive.namelist())
    (copy := tmp_path / "copy.jsonl").write_text('{"user": "mabel"}\n{"user": "bert"}\n')
    missing = run.invoke(app, ["privacy", "erase", "mabel", "--yes", "--also", str(tmp_path / "none")])
    assert "none: no such file" in str(missing.exception)
    asked = run.invoke(app, ["privacy", "erase", "mabel"])
    assert isinstance(asked.exception, UsageError)
    assert "interactions: 5" in asked.output
    done = json.loads(run.invoke(app, ["privacy", "erase", "mabel", "--yes", "--also", str(copy)]).stdout)
    assert copy.read_text() == '{"user": "bert"}\n'
    assert done["removed"]["files"][str(copy.resolve())] == 1
    assert done["removed"]["interactions"]["table interactions"] == 4
    for name in ("mabel.json", "mabel.zip"):
        (tmp_path / name).unlink()
    assert grep(tmp_path, [MARK]) == []
    said = json.loads(run.invoke(app, ["privacy", "consent", "bert", "--purpose", "training", "--no"]).stdout)
    assert said["purposes"]["training"]["given"] is False
    assert [c["given"] for c in said["changes"]] == [True, False]
    assert isinstance(run.invoke(app, ["privacy", "consent", "bert", "--yes"]).exception, UsageError)
    assert "interactions: 0 would be deleted" in run.invoke(app, ["privacy", "purge", "--dry-run"]).stdout
