"""Lists from the shelf itself, from histories in rows and in the server's database, and through the command."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from shelftalk.catalog import Catalog
from shelftalk.cli.main import app
from shelftalk.errors import PARTIAL
from shelftalk.lists import Options, recommend
from shelftalk.lists.make import here
from shelftalk.pipeline import Shelf
from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.prompts import PromptLibrary
from shelftalk.schema import json_schema
from shelftalk.server.db import Consents, Interactions, Profiles, Users, connect, migrate
from shelftalk.server.known import InDatabase
from shelftalk.settings import ConsentDefaults, Settings, load_settings
from shelftalk.values import Interaction, Product
from tests.catalog.fakes import HashEmbedder
from tests.lists.stub import OpenStub, lines_in, write_users
from tests.pipeline.shop import kettle

AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
NAMES = Pseudonyms(KEY)


@dataclass(frozen=True)
class OpenSmall:
    settings: Settings

    def __call__(self, catalog: Path) -> Shelf:
        return Shelf(Catalog.open(catalog, embedder=HashEmbedder()), self.settings, PromptLibrary.default(), None)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """Kettles and mugs; ids say what they are."""
    kettles = [kettle(f"k{i}", f"{20 + 5 * i}.00", 1 + i / 10, ("Orsk", "Velm")[i % 2], ("red", "blue")[i % 2], rating=4.0 + i / 20, review_count=5 * i) for i in range(10)]  # fmt: skip
    mugs = [Product(id=f"m{i}", title=f"Mug {i}", categories=("Kitchen", "Mugs"), rating=3.0, review_count=300 + i, attributes={"colour": "white"}) for i in range(10)]  # fmt: skip
    folder = tmp_path_factory.mktemp("shop") / "catalog"
    Catalog.open(folder, create=True, embedder=HashEmbedder()).upsert([*kettles, *mugs])
    return folder


@pytest.fixture
def opener(tmp_path) -> OpenSmall:
    return OpenSmall(
        load_settings(
            home=tmp_path / "home", explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"}
        )
    )


def made(folder: Path) -> list[dict]:
    return [json.loads(line) for line in lines_in(folder)]


def bought(user: str, product: str, days: int, key: str = "") -> Interaction:
    return Interaction(
        NAMES.of(user), "purchase", AT - timedelta(days=days), product, key or f"{user}-{product}-{days}"
    )


def valid(line: dict) -> None:
    name = "list_failure" if "error" in line else "list"
    jsonschema.validate(line, json_schema(name), cls=jsonschema.Draft202012Validator)


def test_a_history_in_the_row_makes_the_list_and_is_cited(opener, shop, tmp_path) -> None:
    kettles = [{"product_id": f"k{i}", "kind": "purchase", "at": f"2026-09-0{i + 1}"} for i in (0, 2, 4)]
    source = write_users(
        tmp_path / "users.jsonl", {"user": "cold", "history": []}, {"user": "warm", "history": kettles}, "{"
    )
    options = Options(k=3, at=AT, name=NAMES.of)
    report = recommend(source, tmp_path / "out", catalog=shop, opener=opener, options=options)
    cold, warm, failed = made(tmp_path / "out")
    assert (report.lists, report.errors) == (2, 1)
    assert (cold["user"], warm["user"]) == (NAMES.of("cold"), NAMES.of("warm"))
    for line in (cold, warm, failed):
        valid(line)
    for line in (cold, warm):
        assert len(line["picks"]) == 3
        assert all(pick["reason"] and pick["claims"] for pick in line["picks"])
    liked = [source for pick in warm["picks"] for source in pick["sources"] if source["source"] == "liked"]
    assert liked
    assert all(set(source["because"]) <= {"history-1", "history-3", "history-2"} for source in liked)
    assert not {pick["product_id"] for pick in warm["picks"]} & {"k0", "k2", "k4"}
    assert not [source for pick in cold["picks"] for source in pick["sources"] if source["source"] == "liked"]


def test_the_database_knows_who_comes_without_a_history(opener, shop, tmp_path) -> None:
    """What was done before the list's moment counts, as corrected; a history in the row, an empty one too, goes before it."""
    url = f"sqlite:///{tmp_path}/serve.db"
    engine = connect(url)
    migrate(engine)
    for user in ("a", "b", "c"):
        Interactions(engine).put([bought(user, "k0", 20), bought(user, "k2", 10), bought(user, "k4", -5)])
    Profiles(engine).forget(NAMES.of("c"), at=AT - timedelta(days=1))
    Interactions(engine).put([bought("d", "k0", 3)])
    Consents(engine, ConsentDefaults()).put(NAMES.of("d"), {"personalisation": False})
    Users(engine, NAMES).merge("old", "a")
    rows = [
        {"user": "a"},
        {"user": "b", "history": []},
        {"user": "c"},
        {"user": "nobody"},
        {"user": "d"},
        {"user": "old"},
    ]
    options = Options(k=20, at=AT, name=NAMES.of, known=InDatabase(url))
    recommend(
        write_users(tmp_path / "users.jsonl", *rows), tmp_path / "out", catalog=shop, opener=opener, options=options
    )
    lists = made(tmp_path / "out")
    picked = [{pick["product_id"] for pick in line["picks"]} for line in lists]
    assert not picked[0] & {"k0", "k2"}
    assert "k2" in picked[1]
    because = {i for pick in lists[0]["picks"] for source in pick["sources"] for i in source["because"]}
    assert because
    assert because <= {"a-k0-20", "a-k2-10"}
    assert lists[5]["picks"] == lists[0]["picks"]
    for line in lists[1:5]:
        assert not [source for pick in line["picks"] for source in pick["sources"] if source["because"]]


@pytest.fixture
def command(tmp_path, monkeypatch):
    """`shelftalk recommend`, with what stands for a shelf."""
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHELFTALK_PRIVACY__KEY", KEY)
    monkeypatch.setattr("shelftalk.lists.OpenShelf", lambda settings: OpenStub(settings, tmp_path / "seen"))
    return lambda *words: CliRunner().invoke(app, ["recommend", *map(str, words)], env={"COLUMNS": "200"})


def test_the_command_makes_lists_and_says_what_it_made(command, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", {"user": "ann"}, {"user": "bob"})
    words = ("--users", source, "--output", tmp_path / "out", "--catalog", small_catalog, "--k", 2)
    result = command(*words)
    assert result.exit_code == 0, result.output
    assert "2 lists with 4 picks" in result.stderr
    assert [line["user"] for line in made(tmp_path / "out")] == [NAMES.of("ann"), NAMES.of("bob")]
    assert "ann" not in "".join(path.read_text() for path in (tmp_path / "out").glob("[_p]*"))
    again = command(*words)
    assert "2 users by an earlier run" in again.stderr
    given = command(*words, "--ids", "given")
    assert "differs in ids (pseudonyms before, given now)" in str(given.exception)
    assert command(*words, "--ids", "given", "--again").exit_code == 0
    assert [line["user"] for line in made(tmp_path / "out")] == ["ann", "bob"]


def test_rows_with_an_error_are_told_by_the_exit_code(command, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", {"user": "ann"}, {"name": "bob"})
    result = command("--users", source, "--output", tmp_path / "out", "--catalog", small_catalog)
    assert result.exit_code == PARTIAL
    assert "1 rows with an error" in result.stderr


def test_the_command_says_what_is_missing_or_wrong(command, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", {"user": "ann"})
    assert "--users FILE --output DIR" in str(command("--users", source).exception)
    words = ("--users", source, "--output", tmp_path / "out", "--catalog", small_catalog)
    assert "is no moment" in str(command(*words, "--at", "noon").exception)
    assert command(*words, "--engine", "spark").exit_code == 2


def test_explain_says_who_words_the_reasons(command, small_catalog, tmp_path, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(
        "shelftalk.lists.OpenShelf", lambda s: asked.append(s.explain.mode) or OpenStub(s, tmp_path / "seen")
    )
    source = write_users(tmp_path / "users.jsonl", {"user": "ann"})
    for mode in ("record", "model"):
        command("--users", source, "--output", tmp_path / mode, "--catalog", small_catalog, "--explain", mode)
    assert asked == ["record", "model"]


def test_a_run_of_another_key_is_another_run(command, small_catalog, tmp_path, monkeypatch) -> None:
    source = write_users(tmp_path / "users.jsonl", {"user": "ann"})
    words = ("--users", source, "--output", tmp_path / "out", "--catalog", small_catalog)
    command(*words)
    monkeypatch.setenv("SHELFTALK_PRIVACY__KEY", KEY[::-1])
    assert "differs in key" in str(command(*words).exception)


def test_all_that_goes_to_a_worker_can_be_sent(command, small_catalog, tmp_path, monkeypatch) -> None:
    sent = []

    class Maker:
        def __init__(self, *how: object) -> None:
            self.how = how

        def __call__(self, run, opener):
            sent.append(pickle.loads(pickle.dumps((run, opener))))
            return here(*sent[0])

    monkeypatch.setattr("shelftalk.lists.OnRay", Maker)
    monkeypatch.setattr("shelftalk.lists.OpenShelf", lambda settings: OpenStub(settings, tmp_path / "seen"))
    connect(f"sqlite:///{tmp_path}/serve.db").connect().close()
    source = write_users(tmp_path / "users.jsonl", {"user": "ann", "history": []})
    words = ("--users", source, "--output", tmp_path / "out", "--catalog", small_catalog, "--engine", "ray")
    result = command(*words, "--database", f"sqlite:///{tmp_path}/serve.db")
    assert result.exit_code == 0, result.output
    assert [line["user"] for line in made(tmp_path / "out")] == [NAMES.of("ann")]
    run, _ = sent[0]
    assert run.options.known == InDatabase(f"sqlite:///{tmp_path}/serve.db")


def test_mails_are_rendered_for_who_has_an_address(command, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", {"user": "ann"}, {"user": "bob"})
    command("--users", source, "--output", tmp_path / "out", "--catalog", small_catalog)
    people = write_users(tmp_path / "people.jsonl", {"user": "ann", "email": "ann@mail.example"})
    words = (
        "--list",
        tmp_path / "out",
        "--addresses",
        people,
        "--output",
        tmp_path / "mails",
        "--from",
        "Shop <news@shop.example>",
    )
    result = command("render", *words, "--unsubscribe", "https://shop.example/stop?u={user}")
    assert result.exit_code == 0, result.output
    assert "1 mails, 1 users without an address, 0 lines without picks" in result.stderr
    (mail,) = (tmp_path / "mails").glob("*.eml")
    assert b"To: ann@mail.example" in mail.read_bytes()
    people.write_text(json.dumps({"user": "ann", "email": "ann@mail.example, x@y.example"}) + "\n")
    assert command("render", *words, "--unsubscribe", "https://shop.example/stop?u={user}").exit_code == PARTIAL
