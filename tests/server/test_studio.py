"""The studio: behind its scope, it shows what happened without the words unless told to keep them, and tries variants out."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.server.obedient import Obedient

from shelftalk.engines.fake import FakeEngine
from shelftalk.pipeline import Shelf
from shelftalk.prompts import PromptLibrary
from shelftalk.server.app import create_app
from shelftalk.server.db import Keys, connect
from shelftalk.server.routes.studio import Variant, varied
from shelftalk.settings import Settings

WORDS = "a tent for two that my sister likes"
NEEDS = (
    "the milk goes off before I am home",
    "something to keep warm at the bus stop",
    "a present for someone who cooks",
)


def _settings(base: Settings, folder: Path, mode: str = "record", **serve: Any) -> Settings:
    changed = {"database": f"sqlite:///{folder}/studio.db", **serve}
    update = {
        "serve": base.serve.model_copy(update=changed),
        "explain": base.explain.model_copy(update={"mode": mode}),
    }
    return base.model_copy(update=update)


def _client(settings: Settings, shelf: Shelf | None = None) -> TestClient:
    return TestClient(create_app(settings, shelf), raise_server_exceptions=False)


def _ready(client: TestClient) -> None:
    end = time.monotonic() + 60
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < end, client.get("/readyz").text
        time.sleep(0.05)


@pytest.fixture
def studio(server_settings: Settings, tmp_path: Path) -> Iterator[TestClient]:
    with _client(_settings(server_settings, tmp_path)) as client:
        _ready(client)
        yield client


def test_requests_are_shown_with_their_times_and_without_their_words(studio: TestClient) -> None:
    asked = studio.post("/v1/recommendations", json={"request": WORDS})
    page = studio.get("/studio")
    assert page.status_code == 200
    assert asked.headers["X-Request-Id"][:12] in page.text
    assert "sister" not in page.text
    assert 'class="retrieve"' in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "style=" not in page.text


def test_where_the_record_speaks_alone_no_adapter_is_said_to_answer(studio: TestClient) -> None:
    rows = " ".join(re.sub(r"<[^>]+>", " ", studio.get("/studio").text).split())
    assert "Language model none: the record speaks Adapter none" in rows


def test_a_failure_is_shown_as_one(studio: TestClient) -> None:
    assert studio.post("/v1/recommendations", json={"request": "x" * 5000}).status_code == 400
    page = studio.get("/studio").text
    assert "invalid_request" in page
    assert 'class="failed" x=' in page


def test_feedback_is_counted(studio: TestClient) -> None:
    product = studio.post("/v1/recommendations", json={"request": WORDS}).json()["picks"][0]["product_id"]
    for kind in ("bought", "dismissed", "bought"):
        studio.post("/v1/interactions", json={"product_id": product, "kind": kind})
    page = " ".join(studio.get("/studio").text.split())
    assert '<th scope="row">purchase</th><td>2</td><td>2</td>' in page
    assert '<th scope="row">dismiss</th><td>1</td><td>1</td>' in page


def test_words_and_prompts_are_kept_where_the_setting_says_so(server_settings: Settings, tmp_path: Path) -> None:
    settings = _settings(server_settings, tmp_path, "model", keep_requests=True)
    with (
        Shelf.open(settings.catalog, settings=settings, engine=Obedient()) as shelf,
        _client(settings, shelf) as client,
    ):
        _ready(client)
        client.post("/v1/recommendations", json={"request": f"{WORDS} <script>alert(1)</script>"})
        page = client.get("/studio").text
    assert WORDS in page
    assert settings.explain.prompt in page
    assert ">system: How does the product fit?" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_two_variants_answer_the_same_request(server_settings: Settings, tmp_path: Path) -> None:
    settings = _settings(server_settings, tmp_path, "model")
    with (
        Shelf.open(settings.catalog, settings=settings, engine=Obedient()) as shelf,
        _client(settings, shelf) as client,
    ):
        _ready(client)
        sides = [{"explain": "record"}, {"explain": "model", "prompts": {"explain": "explain/reason@1"}}]
        reply = client.post("/studio/try", json={"request": WORDS, "variants": sides})
        wrong = client.post("/studio/try", json={"request": WORDS, "variants": [{"prompts": {"rank": "../x"}}, {}]})
    assert reply.status_code == 200, reply.text
    a, b = reply.json()["answers"]
    assert a["prompts"] == {}
    assert b["prompts"] == {"explain": "explain/reason@1"}
    assert [p["product_id"] for p in a["picks"]] == [p["product_id"] for p in b["picks"]]
    assert a["tokens"]["completion"] == 0 < b["tokens"]["completion"]
    assert {c["source"] for p in a["picks"] for c in p["claims"]} == {"record"}
    assert "model" in {c["source"] for p in b["picks"] for c in p["claims"]}
    assert wrong.status_code == 422


def test_grades_and_the_prompts_of_wishes_and_needs_are_tried_as_variants(
    server_settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "prompts"
    shutil.copytree(PromptLibrary.default().folder, folder)
    for name in ("wishes", "kinds"):
        own = (folder / "understand" / f"{name}@1.jinja").read_text(encoding="utf-8")
        own = own.replace("version: 1", "version: 90\ntrial: true", 1)
        (folder / "understand" / f"{name}@90.jinja").write_text(own, encoding="utf-8")
    engine = FakeEngine(default=lambda prompt: {"1": 0.0} if prompt.template.startswith("rank/") else "none")
    settings = _settings(server_settings, tmp_path, database=None)
    wishes, needs = "understand/wishes@90", "understand/kinds@90"
    mine = {"understand": "wishes", "prompts": {"wishes": wishes, "needs": needs}}
    with (
        Shelf.open(settings.catalog, settings=settings, engine=engine, prompts=PromptLibrary(folder)) as shelf,
        _client(settings, shelf) as client,
    ):
        _ready(client)
        page = client.get("/studio").text
        asked: set[str] = set()
        for words in ("a tent for windy nights", *NEEDS):
            engine.calls.clear()
            reply = client.post("/studio/try", json={"request": words, "variants": [mine, {"strategy": "graded"}]})
            assert reply.status_code == 200, reply.text
            asked |= {prompt.template for prompt in engine.prompts}
        crossed = client.post("/studio/try", json={"request": WORDS, "variants": [{"prompts": {"wishes": needs}}, {}]})
    assert asked == {wishes, needs, "rank/graded@1"}
    assert crossed.status_code == 422
    assert '<option value="graded">' in page
    assert page.count(f'<option value="{wishes}">') == page.count(f'<option value="{needs}">') == 2


def test_another_strategy_asks_with_its_own_prompt(server_settings: Settings) -> None:
    rank = server_settings.rank.model_copy(update={"strategy": "listwise", "prompt": "listwise@1"})
    settings = server_settings.model_copy(update={"rank": rank})
    assert varied(settings, Variant(strategy="graded")).rank.prompt is None
    assert varied(settings, Variant(strategy="listwise")).rank.prompt == "listwise@1"
    own = Variant(strategy="pointwise", prompts={"rank": "rank/pointwise@2"})
    assert varied(settings, own).rank.prompt == "pointwise@2"


def test_the_prompts_that_wishes_are_read_with_are_named(server_settings: Settings, tmp_path: Path) -> None:
    settings = _settings(server_settings, tmp_path)
    settings.understand = settings.understand.model_copy(update={"mode": "wishes"})
    with (
        Shelf.open(settings.catalog, settings=settings, engine=Obedient()) as shelf,
        _client(settings, shelf) as client,
    ):
        _ready(client)
        rows = " ".join(re.sub(r"<[^>]+>", " ", client.get("/studio").text).split())
    assert "Prompt of wishes understand/wishes@1 Prompt of needs understand/kinds@1" in rows


def test_a_language_model_that_breaks_in_an_unforeseen_way_is_tried_again_and_told_of(
    server_settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Breaks(Obedient):
        broken = True

        def generate(self, *given: Any) -> Any:
            if self.broken:
                raise ValueError("an error of no class of ours")
            return super().generate(*given)

    engine = Breaks()
    settings = _settings(server_settings, tmp_path, "model")
    with (
        Shelf.open(settings.catalog, settings=settings, engine=engine) as shelf,
        _client(settings, shelf) as client,
    ):
        end = time.monotonic() + 30
        while "ValueError" not in (told := client.get("/readyz")).text:
            assert time.monotonic() < end, told.text
        assert told.status_code == 503
        assert "of no class of ours" in caplog.text
        assert "of no class of ours" not in told.text
        engine.broken = False
        _ready(client)


def test_it_opens_for_its_scope_alone(server_settings: Settings, tmp_path: Path) -> None:
    with _client(_settings(server_settings, tmp_path)) as client:
        keys = Keys(connect(f"sqlite:///{tmp_path}/studio.db"))
        ask, run = keys.create("till", ["ask"]), keys.create("owner", ["studio"])
        body = {"request": WORDS, "variants": [{}, {}]}
        assert client.get("/studio").status_code == 401
        assert "Recent requests" not in client.get("/studio").text
        for key, status in ((ask, 403), (run, 200)):
            headers = {"Authorization": f"Bearer {key}"}
            assert client.get("/studio", headers=headers).status_code == status
            assert client.post("/studio/try", headers=headers, json=body).status_code == status


def test_feedback_under_the_shops_key_is_seen_with_the_owners(server_settings: Settings, tmp_path: Path) -> None:
    """The keys that docs/operations.md creates: one for the shop's own servers, one for whoever runs the server."""
    made = re.findall(
        r"^shelftalk keys create (\w+) (.*)$", Path("docs/operations.md").read_text("utf-8"), re.MULTILINE
    )
    with _client(_settings(server_settings, tmp_path)) as client:
        keys = Keys(connect(f"sqlite:///{tmp_path}/studio.db"))
        shop, owner = (
            {"Authorization": f"Bearer {keys.create(name, re.findall(r'--scope (.+?)(?: |$)', rest))}"}
            for name, rest in made
        )
        asked = client.post("/v1/recommendations", headers=shop, json={"request": WORDS}).json()
        body = {"product_id": asked["picks"][0]["product_id"], "kind": "bought"}
        assert client.post("/v1/interactions", headers=shop, json=body).status_code == 201
        page = " ".join(client.get("/studio", headers=owner).text.split())
    assert '<th scope="row">purchase</th><td>1</td><td>1</td>' in page


def test_a_variant_that_needs_a_model_is_refused_where_there_is_none(studio: TestClient) -> None:
    body = {"request": WORDS, "variants": [{"explain": "model"}, {}]}
    reply = studio.post("/studio/try", json=body)
    assert reply.status_code == 409
    assert reply.json()["error"]["type"] == "no_model"


def test_the_exposure_of_products_is_shown_by_tenth_of_the_catalogue(studio: TestClient) -> None:
    assert "No answer has shown a product yet." in studio.get("/studio").text
    for _ in range(3):
        studio.post("/v1/recommendations", json={"request": WORDS})
    assert studio.app.state.server.shown.flush()  # type: ignore[attr-defined]
    text = studio.get("/studio").text
    assert "Share of the exposure by tenth of the catalogue, the most shown first: 100%, 0%" in text
    rows = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    assert "3 of 630 products shown" in rows
    assert "of it to new products" in rows
