"""The official clients of others work as they come: OpenAI's for the chat, Cohere's for ordering texts."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.server.obedient import Obedient

from shelftalk.pipeline import NOTHING_FITS, Shelf
from shelftalk.server.app import create_app
from shelftalk.settings import Settings

JACKET = "a rain jacket under 80"


@pytest.fixture
def openai(client: TestClient) -> Any:
    found = pytest.importorskip("openai", reason="needs openai, of the extra dev")
    return found.OpenAI(base_url="http://testserver/v1", api_key="none", http_client=client, max_retries=0)


def _say(openai: Any, *texts: str, **more: Any) -> Any:
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]
    return openai.chat.completions.create(model="shelftalk", messages=messages, **more)


def test_a_message_comes_with_the_picks_in_an_extra_field(openai: Any) -> None:
    reply = _say(openai, JACKET)
    assert reply.choices[0].finish_reason == "stop"
    picks = reply.shelftalk["picks"]
    assert len(picks) == 3
    for pick in picks:
        assert (
            f"{pick['rank']}. {pick['title']} - {pick['price']} EUR [{pick['product_id']}]"
            in reply.choices[0].message.content
        )
        assert pick["reason"] in reply.choices[0].message.content


def test_a_stream_adds_up_to_the_same_message(openai: Any) -> None:
    whole = _say(openai, JACKET)
    chunks = list(_say(openai, JACKET, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert [c.usage for c in chunks if c.usage] == [chunks[-1].usage]
    last = next(c for c in chunks if c.choices and c.choices[0].finish_reason)
    assert [p["product_id"] for p in last.shelftalk["picks"]] == [p["product_id"] for p in whole.shelftalk["picks"]]
    assert len([c for c in chunks if c.choices and c.choices[0].delta.content]) >= 3, "pick by pick"


def test_later_turns_go_on_from_the_earlier_ones(openai: Any) -> None:
    machine = "the most expensive power banks"
    first = _say(openai, machine)
    lowest = min(float(p["price"]) for p in first.shelftalk["picks"])
    then = _say(openai, machine, first.choices[0].message.content, "cheaper ones")
    assert then.shelftalk["picks"]
    assert all(float(p["price"]) < lowest for p in then.shelftalk["picks"])
    second = first.shelftalk["picks"][1]
    asked = _say(openai, machine, first.choices[0].message.content, "what does the second one cost?")
    assert second["price"].removesuffix(".00") in asked.choices[0].message.content


def test_that_nothing_fits_is_said_first_and_all_notes_are_sentences(openai: Any) -> None:
    text = _say(openai, "a tent for two under 20 in black").choices[0].message.content
    notes = [line for line in text.splitlines() if not line[:1].isdigit() and not line.startswith("   ")]
    assert text.splitlines()[0] == notes[0] == NOTHING_FITS
    assert text.count(NOTHING_FITS) == 1
    assert all(line[0] == line[0].upper() and line.endswith(".") for line in notes)


def test_a_stream_says_before_the_first_pick_that_nothing_fits(openai: Any) -> None:
    request = "a tent for two under 20 in black"
    pieces = [c.choices[0].delta.content for c in _say(openai, request, stream=True) if c.choices]
    assert next(p for p in pieces if p).strip() == NOTHING_FITS
    assert "".join(p or "" for p in pieces) == _say(openai, request).choices[0].message.content


def test_tokens_of_the_language_model_are_counted(server_settings: Settings, tmp_path: Any) -> None:
    found = pytest.importorskip("openai", reason="needs openai, of the extra dev")
    settings = server_settings.model_copy(deep=True)
    settings.explain = settings.explain.model_copy(update={"mode": "model"})
    settings.serve = settings.serve.model_copy(update={"database": f"sqlite:///{tmp_path}/serve.db"})
    with (
        Shelf.open(settings.catalog, settings=settings, engine=Obedient()) as shelf,
        TestClient(create_app(settings, shelf)) as client,
    ):
        while client.get("/readyz").status_code != 200:
            pass
        openai = found.OpenAI(base_url="http://testserver/v1", api_key="none", http_client=client)
        usage = _say(openai, JACKET).usage
        assert usage.completion_tokens > 0
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_models_are_listed_and_errors_are_the_clients_own(openai: Any) -> None:
    found = pytest.importorskip("openai")
    assert [m.id for m in openai.models.list()] == ["shelftalk"]
    assert openai.models.retrieve("shelftalk").id == "shelftalk"
    with pytest.raises(found.NotFoundError):
        openai.models.retrieve("another")
    with pytest.raises(found.BadRequestError, match="a message of the user's"):
        openai.chat.completions.create(model="shelftalk", messages=[{"role": "system", "content": "x"}])
    with pytest.raises(found.UnprocessableEntityError):
        _say(openai, JACKET, n=3)


def test_settings_that_have_no_meaning_here_are_taken(openai: Any) -> None:
    more = {
        "temperature": 0.2,
        "max_completion_tokens": 50,
        "user": "u-1",
        "seed": 7,
        "response_format": {"type": "text"},
    }
    assert _say(openai, JACKET, **more).shelftalk["picks"]


@pytest.mark.filterwarnings("ignore:You should not use the .timeout. argument")
@pytest.mark.parametrize("kind", ["Client", "ClientV2"])
def test_coheres_client_orders_texts(client: TestClient, kind: str) -> None:
    cohere = pytest.importorskip("cohere", reason="needs cohere, which is tried where it is installed")
    made = getattr(cohere, kind)(api_key="none", base_url="http://testserver", httpx_client=client)
    found = made.rerank(model="any", query="dry feet", documents=["a lamp", "rubber boots", "a spoon"], top_n=2)
    assert found.results[0].index == 1
    assert len(found.results) == 2
    assert found.results[0].relevance_score > found.results[1].relevance_score
