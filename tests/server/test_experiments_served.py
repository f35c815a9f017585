"""Variants on a running server: each user gets his own, exposures are logged where they count, and trouble takes an experiment out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import validate

from shelftalk.errors import UsageError
from shelftalk.experiments.definition import Arm, Definition
from shelftalk.experiments.experiment import Unit
from shelftalk.prompts import PromptLibrary
from shelftalk.schema import json_schema
from shelftalk.server.app import create_app
from shelftalk.server.arms import check, first_stage, path_variant
from shelftalk.server.experimenting import Experimenting
from shelftalk.settings import Settings, load_settings

TENT = "a light tent for two"
PLAN = Definition("fewer", (Arm("control"), Arm("one", "k=1")), window=timedelta(days=1))
USERS = [f"user-{i}" for i in range(12)]


@pytest.fixture
def client(server_settings: Settings, tmp_path: Path) -> Iterator[TestClient]:
    serve = server_settings.serve.model_copy(update={"database": f"sqlite:///{tmp_path}/trial.db"})
    settings = server_settings.model_copy(update={"serve": serve})
    settings.explore = settings.explore.model_copy(update={"share": 0.0})
    with TestClient(create_app(settings), raise_server_exceptions=False, client=("127.0.0.1", 5000)) as made:
        end = time.monotonic() + 120
        while made.get("/readyz").status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.05)
        yield made


def server(client: TestClient) -> Any:
    return client.app.state.server  # type: ignore[attr-defined]


def begun(client: TestClient, plan: Definition = PLAN) -> Any:
    made = server(client).experiments.start(plan)
    server(client).experimenting.refresh()
    return made


def ask(client: TestClient, user: str | None, request: str = TENT, **more: Any) -> dict[str, Any]:
    sent = client.post("/v1/recommendations", json={"request": request, "user": user, **more})
    assert sent.status_code == 200, sent.text
    return dict(sent.json())


def unit(client: TestClient, user: str) -> Unit:
    return Unit("", server(client).users.of(user))


def test_each_user_is_answered_by_his_variant_and_the_answer_names_it(client: TestClient) -> None:
    made = begun(client)
    seen = set()
    for user in USERS:
        answer = ask(client, user)
        variant = made.variant(unit(client, user))
        assert answer["experiment"] == {"name": "fewer", "variant": variant}
        assert len(answer["picks"]) == (1 if variant == "one" else 3)
        validate(answer, json_schema("answer"))
        seen.add(variant)
    assert seen == {"control", "one"}
    assert sum(server(client).experiments.counts("fewer").values()) == len(USERS)
    again = ask(client, USERS[0])
    assert again["experiment"]["variant"] == made.variant(unit(client, USERS[0]))


def test_the_stored_exposure_holds_a_pseudonym_and_who_is_not_known_is_told_apart_by_conversation(
    client: TestClient,
) -> None:
    made = begun(client)
    ask(client, "anna@example.org")
    talks = [client.post("/v1/conversations").json()["id"] for _ in range(8)]
    for talk in talks:
        assert ask(client, None, conversation=talk)["experiment"]["variant"] == made.variant(Unit("", "", talk))
    assert "experiment" not in ask(client, None), "nobody to assign"
    kept = json.dumps(server(client).experiments.export(server(client).users.of("anna@example.org")), default=str)
    assert '"variant"' in kept
    assert "anna" not in kept


def test_streams_and_openais_clients_get_the_variant_too(client: TestClient) -> None:
    made = begun(client)
    for user in USERS[:6]:
        variant = made.variant(unit(client, user))
        told = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": TENT}], "user": user})
        assert told.json()["shelftalk"]["experiment"]["variant"] == variant
        for path, body in (
            ("/v1/recommendations", {"request": TENT}),
            ("/v1/chat/completions", {"messages": [{"role": "user", "content": TENT}]}),
        ):
            stream = client.post(path, json={**body, "user": user, "stream": True}).text
            assert f'"variant":"{variant}"' in stream.replace(": ", ":").replace(", ", ",")
    assert sum(server(client).experiments.counts("fewer").values()) == 18


def test_only_answers_to_which_the_variant_could_have_made_a_difference_count(client: TestClient) -> None:
    begun(client)
    assert "experiment" not in ask(client, USERS[0], "thank you")
    assert server(client).experiments.counts("fewer") == {}


def test_stopped_or_not_taking_part_users_are_answered_as_all_others(client: TestClient) -> None:
    begun(client, replace(PLAN, share=0.5))
    inside = [user for user in USERS if server(client).experimenting.assign(unit(client, user))]
    assert 0 < len(inside) < len(USERS)
    outside = next(user for user in USERS if user not in inside)
    assert "experiment" not in ask(client, outside)
    server(client).experiments.stop("fewer")
    server(client).experimenting.refresh()
    for user in inside:
        answer = ask(client, user)
        assert "experiment" not in answer
        assert len(answer["picks"]) == 3


def test_an_experiment_that_cannot_be_served_whole_is_not_served_and_says_why(client: TestClient) -> None:
    begun(client, replace(PLAN, variants=(Arm("control"), Arm("tuned", "explain=model,prompt.explain=gone@7"))))
    assert server(client).experimenting.serving == []
    assert "gone" in server(client).experimenting.trouble["fewer"]
    answer = ask(client, USERS[0])
    assert "experiment" not in answer
    assert server(client).experiments.counts("fewer") == {}


def test_a_running_server_takes_up_what_another_process_starts(client: TestClient) -> None:
    server(client).experiments.start(PLAN)
    end = time.monotonic() + 60
    while server(client).experimenting.serving != ["fewer"]:
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize(
    "given, stage",
    [
        ("mode=rules", "understand"), ("prompt.understand=intent", "understand"), ("retrieve.rrf_k=3", "retrieve"),
        ("k=2", "rank"), ("rank.depth=3,explain=record", "rank"), ("explain=record", "explain"), ("adapter=none", "understand"),
        ("shoppers.weight=0", "understand"), ("", "understand"),
    ],
)  # fmt: skip
def test_the_first_stage_that_differs_decides_who_counts(given: str, stage: str) -> None:
    assert first_stage(replace(PLAN, variants=(Arm("control"), Arm("other", given)))) == stage


@pytest.mark.parametrize(
    "given, told",
    [
        ("model=other", "one of"), ("server=http://x", "one of"), ("k=1|2", "2 variants"), ("nonsense=1", "unknown key"),
        ("k=500", "setting k"), ("prompt.rank=nothing@1", "nothing"), ("privacy.key=x", "unknown key"), ("serve.port=1", "unknown key"),
    ],
)  # fmt: skip
def test_a_variant_that_cannot_be_served_is_refused_at_the_start_with_its_name(given: str, told: str) -> None:
    plan = replace(PLAN, variants=(Arm("control"), Arm("other", given)))
    with pytest.raises(Exception, match=r"other|unknown") as raised:
        check(plan, load_settings(), PromptLibrary.default())
    assert told in str(raised.value)


def test_another_adapter_is_refused_where_the_process_cannot_hold_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = replace(PLAN, variants=(Arm("control"), Arm("tuned", "adapter=none")))
    settings = load_settings(home=tmp_path)
    monkeypatch.setattr("shelftalk.server.arms.choose_engine", lambda settings, batch: ("vllm", "set"))
    with pytest.raises(UsageError, match=r"variant 'tuned'.*serve\.vllm"):
        check(plan, settings, PromptLibrary.default())
    monkeypatch.setattr("shelftalk.server.arms.choose_engine", lambda settings, batch: ("transformers", "set"))
    check(plan, settings, PromptLibrary.default())
    missing = replace(PLAN, variants=(Arm("control"), Arm("tuned", "adapter=gone@1")))
    with pytest.raises(Exception, match="variant 'tuned': no adapter 'gone@1'"):
        check(missing, settings, PromptLibrary.default())
    away = settings.model_copy(update={"serve": settings.serve.model_copy(update={"vllm": ("http://127.0.0.1:1",)})})
    check(missing, away, PromptLibrary.default())  # the server has the adapters, and is asked


def test_variants_of_one_language_model_share_it_and_anothers_own_is_closed_when_nobody_uses_it_any_more(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shelftalk.engines.fake import FakeEngine
    from shelftalk.server.live import Model

    base = server(client)
    engines: list[FakeEngine] = []

    def made(settings: Settings, closing: Any) -> Model:
        engines.append(FakeEngine(default="fine", model=str(settings.adapter)))
        return Model(engines[-1])

    monkeypatch.setattr("shelftalk.server.arms.open_model", made)
    monkeypatch.setattr("shelftalk.server.arms._adapter", lambda *given: None)
    clock = [0.0]
    ours = FakeEngine(default="fine", model="ours")
    settings = base.settings.model_copy(update={"explain": base.settings.explain.model_copy(update={"mode": "model"})})
    shelf = type(base.shelf)(base.shelf.catalog, settings, base.shelf.prompts, ours)
    experimenting = Experimenting(base.experiments, lambda: (settings, shelf), clock=lambda: clock[0])
    base.experiments.start(replace(PLAN, variants=(Arm("control"), Arm("same", "k=2"), Arm("tuned", "adapter=other"))))
    experimenting.refresh()
    shelves = {
        assigned.variant: assigned.shelf
        for assigned in (experimenting.assign(Unit("", f"u{i}")) for i in range(60))
        if assigned
    }
    assert shelves["control"].loaded is ours
    assert shelves["same"].loaded is ours
    assert shelves["tuned"].loaded is engines[0]
    assert engines[0].model == "other"
    base.experiments.stop("fewer")
    experimenting.refresh()
    assert not engines[0].closed, "a request may still be using it"
    clock[0] = settings.serve.limit_s + 1
    experimenting.refresh()
    assert engines[0].closed
    assert not ours.closed


def test_a_variant_is_read_as_eval_run_spells_it() -> None:
    assert path_variant(Arm("a", "explain=record,k=2")).settings().k == 2
    assert path_variant(Arm("a")).given == {}
