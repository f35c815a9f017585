"""POST /v1/predictions: pairs in order, errors in their places, a tenant's own shoppers alone; and the command over the same database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from tests.catalog.fakes import HashEmbedder
from tests.shoppers.predict_world import shop
from typer.testing import CliRunner

from shelftalk.catalog import Catalog
from shelftalk.cli.main import app as commands
from shelftalk.privacy.keepers import Person
from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.prompts import PromptLibrary
from shelftalk.server import failures
from shelftalk.server.auth import needs
from shelftalk.server.db import Consents, Interactions, Users, connect, migrate
from shelftalk.server.db.consented import Consented
from shelftalk.server.db.keys import Caller
from shelftalk.server.outputs import Outputs
from shelftalk.server.predicting import FRESH_S, Predicting
from shelftalk.server.routes import predictions
from shelftalk.settings import Settings

KEY = "k" * 64


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An indexed catalogue of tents, and a database with the shoppers of tenant "a"."""
    folder = tmp_path_factory.mktemp("predictions")
    tiny, events = shop()
    Catalog.open(folder / "catalog", create=True, embedder=HashEmbedder()).upsert(list(tiny.products()))
    url = f"sqlite:///{folder}/serve.db"
    engine = connect(url)
    migrate(engine)
    keys = Pseudonyms(KEY)
    Users(engine, keys)
    from dataclasses import replace

    Interactions(engine).put([replace(e, user=keys.of(e.user, "a")) for e in events], tenant="a")
    engine.dispose()
    return folder / "catalog", url


@pytest.fixture(scope="module")
def state(stored: tuple[Path, str]) -> SimpleNamespace:
    """What the server's state holds of it."""
    engine = connect(stored[1])
    shelf = SimpleNamespace(catalog=Catalog.open(stored[0], embedder=HashEmbedder()), prompts=PromptLibrary.default())
    defaults = Settings().privacy.consent_default
    return SimpleNamespace(
        shelf=shelf, interactions=Interactions(engine), users=Users(engine, Pseudonyms(KEY)),
        serving=lambda purpose: Consented(engine, purpose, defaults), consents=Consents(engine, defaults),
    )  # fmt: skip


def client_of(state: SimpleNamespace, tenant: str) -> TestClient:
    """The route alone, for a caller of that tenant."""

    class Pool:
        async def call(self, work, limit_s):  # type: ignore[no-untyped-def]
            return work(state.shelf)

    app = FastAPI()
    failures.install(app, lambda *_: None)
    app.include_router(predictions.router)
    app.state.server = SimpleNamespace(
        predicting=Predicting(state), pool=Pool(), settings=SimpleNamespace(serve=SimpleNamespace(limit_s=60))
    )
    for route in app.routes:
        for found in getattr(getattr(route, "dependant", None), "dependencies", []):
            app.dependency_overrides[found.call] = lambda: Caller("key", tenant, frozenset({"ask"}))
    return TestClient(app)


def ask(client: TestClient, *pairs: object) -> list[dict]:
    reply = client.post("/v1/predictions", json={"pairs": list(pairs)})
    assert reply.status_code == 200, reply.text
    return reply.json()["predictions"]


def test_pairs_are_answered_in_order_by_the_shops_own_ids(state: SimpleNamespace) -> None:
    blue, wrong, red = ask(
        client_of(state, "a"),
        {"id": "1", "user": "u1", "product_id": "blue11"}, {"id": "2", "user": "u1", "product_id": "none"},
        {"id": "3", "user": "u1", "product_id": "red11"},
    )  # fmt: skip
    assert blue["probability"] > red["probability"]
    assert (blue["id"], wrong["id"], red["id"]) == ("1", "2", "3")
    assert "no product 'none'" in wrong["error"]
    assert blue["calibrated"]
    assert blue["basis"] in ("history", "stated")


def test_a_tenant_sees_nothing_of_anothers_shoppers(state: SimpleNamespace) -> None:
    (alone,) = ask(client_of(state, "b"), {"user": "u1", "product_id": "blue11"})
    assert alone["basis"] == "product"
    assert not alone["calibrated"]


def test_who_refuses_to_be_personalised_is_predicted_by_the_product_alone(state: SimpleNamespace) -> None:
    who = state.users.of("u9", "a")
    state.consents.put(who, {"personalisation": False}, tenant="a")
    refuses, consents = ask(
        client_of(state, "a"), {"user": "u9", "product_id": "blue11"}, {"user": "u1", "product_id": "blue11"}
    )
    assert refuses["basis"] == "product"
    assert consents["basis"] != "product"


def test_what_has_not_happened_yet_is_no_history(state: SimpleNamespace) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    [told] = ask(
        client_of(state, "a"),
        {"history": [{"product_id": "red11", "kind": "purchase", "at": later}], "product_id": "blue11"},
    )
    assert "'history' entry 1: 'at' lies in the future" in told["error"]


def test_bodies_of_another_form_are_refused(state: SimpleNamespace) -> None:
    client = client_of(state, "a")
    assert client.post("/v1/predictions", json={"pairs": []}).status_code == 422
    assert client.post("/v1/predictions", json={"pairs": [{"user": "u", "prodct_id": "x"}]}).status_code == 422
    assert client.post("/v1/predictions", json={"pairs": [{"user": "u\x00", "product_id": "x"}]}).status_code == 422
    assert client.post("/v1/predictions", json={"pairs": [{"user": "u"}] * 257}).status_code == 422


def test_what_is_learnt_is_kept_for_a_while_and_then_learnt_anew(state: SimpleNamespace) -> None:
    now = [0.0]
    predicting = Predicting(state, clock=lambda: now[0])
    first = predicting._of("a")
    now[0] = FRESH_S - 1
    assert predicting._of("a") is first
    now[0] = FRESH_S + 1
    assert predicting._of("a") is not first


def test_a_long_past_is_not_read_where_the_latest_is_enough(
    monkeypatch: pytest.MonkeyPatch, state: SimpleNamespace
) -> None:
    from datetime import timedelta

    from shelftalk.server import predicting

    whole = list(predicting.latest(state.interactions, "a"))
    end = whole[-1].at
    monkeypatch.setattr(predicting, "now", lambda: end + timedelta(seconds=1))
    some = list(predicting.latest(state.interactions, "a", most=20))
    assert 20 <= len(some) < len(whole)
    assert some == whole[-len(some) :]


def test_needs_the_scope_to_ask() -> None:
    route = next(r for r in predictions.router.routes if getattr(r, "path", "") == "/v1/predictions")
    assert needs("ask").__qualname__ in {d.call.__qualname__ for d in route.dependant.dependencies}  # type: ignore[attr-defined]


def test_the_command_reads_the_same_database_and_goes_on_where_it_stopped(
    stored: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHELFTALK_PRIVACY__KEY", KEY)
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path / "home"))
    (tmp_path / "pairs.jsonl").write_text(
        '{"user": "u1", "product_id": "blue11"}\nnonsense\n{"user": "u1", "product_id": "red11"}\n'
    )
    told = ["predict", "--input", "pairs.jsonl", "--output", "out.jsonl", "--catalog", str(stored[0])]
    done = CliRunner().invoke(commands, [*told, "--database", stored[1], "--tenant", "a"])
    assert done.exit_code == 8, done.output
    blue, wrong, red = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines())
    assert blue["probability"] > red["probability"]
    assert "error" in wrong
    assert blue["user"] == red["user"] == Pseudonyms(KEY).of("u1", "a")
    person = Person("", names=frozenset({blue["user"]}))
    assert Outputs(tmp_path / "home").erase(person).counts == {str((tmp_path / "out.jsonl").resolve()): 2}
    kept = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert kept == [{"error": "erased"}, wrong, {"error": "erased"}]
    assert "2 predicted" in done.output
    assert "1 lines with an error" in done.output


def test_the_command_takes_a_file_of_interactions_instead(
    stored: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, events = shop()
    rows = [{"user": e.user, "kind": e.kind, "at": e.at.isoformat(), "product_id": e.product_id} for e in events]
    (tmp_path / "did.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "pairs.jsonl").write_text('{"user": "u1", "product_id": "blue11"}\n')
    told = ["predict", "--input", "pairs.jsonl", "--output", "out.jsonl", "--catalog", str(stored[0])]
    done = CliRunner().invoke(commands, [*told, "--interactions", "did.jsonl"])
    assert done.exit_code == 0, done.output
    told_of = json.loads((tmp_path / "out.jsonl").read_text())
    assert told_of["calibrated"]
    assert told_of["user"] == "u1"
    wrong = CliRunner().invoke(commands, [*told, "--predictor", "oracle"])
    assert "unknown predictor 'oracle'" in str(wrong.exception)
