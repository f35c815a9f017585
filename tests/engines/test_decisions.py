"""A server's decisions API: found once, held to, left where it does not answer. systemone.json was recorded from vLLM 0.32; the
other two shapes are those of the openai package (3.54, checked here) and of SGLang 0.5.23's protocol.py."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from shelftalk.engines.call import Call, opened
from shelftalk.engines.decisions import SHAPES, DecisionQuestion
from shelftalk.engines.fake import prompt
from shelftalk.engines.server_engine import ServerEngine
from shelftalk.errors import EngineError
from shelftalk.evaluate.identity import server_decisions
from shelftalk.settings import load_settings

RECORDED = json.loads((Path(__file__).parent / "systemone.json").read_text(encoding="utf-8"))
GRADES = ("0", "1", "2", "3")
CARD = prompt(RECORDED["card"]["sent"]["state"], system="How does the product fit? Cite facts as [1].", prefix="grade:")
EVEN = dict.fromkeys(GRADES, 0.25)
Answer = Callable[[str, dict[str, Any]], httpx.Response]


class Server:
    """An engine over a stand-in: `answers` by path below /v1, log-probabilities that say "3" where chat is asked."""

    def __init__(self, answers: dict[str, Answer], **options: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.engine = ServerEngine("http://shop:8000", transport=httpx.MockTransport(self._answer), **options)

    def count(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1")
        if path == "/models":
            return httpx.Response(200, json={"data": [{"id": "tiny-qwen3"}]})
        body = json.loads(request.content)
        self.asked.append((path, body))
        if path == "/chat/completions":
            content = [{"token": "3", "logprob": -0.1, "top_logprobs": [{"token": "0", "logprob": -3.0}]}]
            return httpx.Response(200, json={"choices": [{"logprobs": {"content": content}}]})
        answer = self.answers.get(path)
        return answer(path, body) if answer else httpx.Response(404, json={"detail": "Not Found"})


def said(name: str) -> httpx.Response:
    return httpx.Response(RECORDED[name]["status"], json=RECORDED[name]["answer"])


def systemone(probabilities: dict[str, Any] | None = None) -> Answer:
    """As vLLM answers: even over the options, or as given."""

    def answer(path: str, body: dict[str, Any]) -> httpx.Response:
        labels = body["questions"]["q"]["criteria"]
        even = {label: 1 / len(labels) for label in labels}
        found = even if probabilities is None or len(labels) < 3 else probabilities
        text = json.dumps({"answers": {"q": {"type": "choice", "probabilities": found}}})
        return httpx.Response(200, text=text)

    return answer


def openai(path: str, body: dict[str, Any]) -> httpx.Response:
    """As OpenAI's API and vLLM 0.33 answer, and refuse what is not of their shape."""
    if not isinstance(body["questions"][0].get("choices"), list):
        return httpx.Response(400, json={"error": {"message": "questions.0.choices: Field required"}})
    values = [choice["value"] for choice in body["questions"][0]["choices"]]
    probabilities = [{"value": v, "probability": 0.7 if v == "1" else 0.3 / (len(values) - 1)} for v in values]
    answer = {"type": "choice", "name": "q", "choice": "1", "probabilities": probabilities, "confidence": 0.7}
    details = {"input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}}
    details |= {"output_tokens_details": {"reasoning_tokens": 0}}
    usage = {"input_tokens": 90, "output_tokens": 1, "total_tokens": 91, **details}
    return httpx.Response(200, json={"model": "m", "answers": [answer], "usage": usage})


def sglang(path: str, body: dict[str, Any]) -> httpx.Response:
    """As SGLang 0.5.23 answers at the same path, where every field that it does not know is refused."""
    question = body["questions"][0]
    if question.keys() != {"type", "id", "question", "options"} or not question["question"].strip():
        return httpx.Response(400, json={"object": "error", "message": "Extra inputs are not permitted", "code": 400})
    names = [option["name"] for option in question["options"]]
    found = {name: 0.6 if name == "0" else 0.4 / (len(names) - 1) for name in names}
    answer = {"type": "choice", "probabilities": found, "label_mass": 0.9, "choice": "0", "score": None}
    usage = {"prompt_tokens": 80, "total_tokens": 80, "completion_tokens": 0}
    sent = {"object": "decisions", "model": "m", "prompt_format_version": 1, "answers": {"q": answer}, "usage": usage}
    return httpx.Response(200, json=sent)


def test_vllm_is_asked_as_it_was_recorded_and_its_answer_is_read() -> None:
    server = Server({"/systemone": lambda path, body: said("card")}, decisions="systemone")
    choice = server.engine.choose([CARD], GRADES)[0]
    assert server.asked == [("/systemone", RECORDED["card"]["sent"])]
    recorded = RECORDED["card"]["answer"]["answers"]["q"]["probabilities"]
    assert {label: math.exp(value) for label, value in choice.logprobs.items()} == pytest.approx(recorded)
    assert list(choice.logprobs) == list(GRADES)
    assert (choice.tokens.prompt, choice.tokens.completion) == (152, 1)


@pytest.mark.parametrize(
    "answers, way, best",
    [
        ({"/systemone": systemone(EVEN | {"2": 0.5, "1": 0.0})}, "systemone", "2"),
        ({"/decisions": openai}, "openai", "1"),
        ({"/decisions": sglang}, "sglang", "0"),
        ({}, None, "3"),
        ({"/systemone": lambda path, body: said("not for this model")}, None, "3"),
        ({"/systemone": lambda path, body: httpx.Response(405)}, None, "3"),
        ({"/systemone": lambda path, body: said("not for this model"), "/decisions": openai}, "openai", "1"),
        ({"/decisions": lambda path, body: said("not for this model")}, None, "3"),
        ({"/systemone": lambda path, body: httpx.Response(200, text="<html>")}, None, "3"),
    ],
)
def test_the_way_is_found_once_and_kept(answers: dict[str, Answer], way: str | None, best: str) -> None:
    server = Server(answers)
    assert server.engine.decides_by() == way
    probes = len(server.asked)
    for _ in range(2):
        assert [c.best for c in server.engine.choose([CARD] * 3, GRADES)] == [best] * 3
    decided = sum(path in ("/systemone", "/decisions") for path, _ in server.asked[probes:])
    assert probes <= 3
    assert decided == (6 if way else 0)


def test_bodies_are_those_of_openais_own_package() -> None:
    types = pytest.importorskip("openai.types.decision_create_params")
    from openai.types.decision import Decision
    from pydantic import TypeAdapter

    body = {"model": "m", **SHAPES["openai"].body(DecisionQuestion.of(CARD), GRADES)}
    read = TypeAdapter(types.DecisionCreateParams).validate_python(body)
    assert [choice["value"] for question in body["questions"] for choice in question["choices"]] == list(GRADES)
    assert read["input"] == CARD.messages[1].content
    assert Decision.model_validate(openai("", body).json()).answers[0].type == "choice"


def test_a_server_that_changes_its_mind_is_asked_for_log_probabilities_from_then_on() -> None:
    server = Server({"/systemone": systemone()})
    assert server.engine.choose([CARD], GRADES)[0].logprobs["3"] == pytest.approx(math.log(0.25))
    server.answers["/systemone"] = lambda path, body: said("not for this model")
    assert [c.best for c in server.engine.choose([CARD] * 2, GRADES)] == ["3", "3"]
    asked = server.count("/systemone")
    server.engine.choose([CARD], GRADES)
    assert server.count("/systemone") == asked
    assert server.engine.decides_by() is None


def test_a_prompt_that_it_refuses_takes_its_whole_batch_to_log_probabilities_once() -> None:
    def answer(path: str, body: dict[str, Any]) -> httpx.Response:
        return said("too long") if len(body["state"]) > 1000 else systemone()(path, body)

    server = Server({"/systemone": answer})
    assert [c.best for c in server.engine.choose([CARD, prompt("word " * 900)], GRADES)] == ["3", "3"]
    assert server.engine.choose([CARD], GRADES)[0].logprobs["3"] == pytest.approx(math.log(0.25))


@pytest.mark.parametrize(
    "probabilities, why",
    [
        (EVEN | {"4": 0.0}, "its labels are 0, 1, 2, 3, 4"),
        ({"0": 0.5, "1": 0.5}, "its labels are 0, 1"),
        (EVEN | {"0": math.nan}, "the probability of 0 is nan"),
        (EVEN | {"0": math.inf}, "the probability of 0 is inf"),
        (EVEN | {"0": -0.25}, "the probability of 0 is -0.25"),
        (EVEN | {"0": None}, "the probability of 0 is None"),
        (EVEN | {"0": 0.9}, "they sum to 1.65"),
        ([0.25] * 4, "AttributeError"),
    ],
)
def test_what_are_no_probabilities_is_an_error_that_says_so(probabilities: Any, why: str) -> None:
    server = Server({"/systemone": systemone(probabilities)})
    with pytest.raises(EngineError, match=rf"POST /v1/systemone at http://shop:8000 gives no .*{why}.*'off'"):
        server.engine.choose([CARD], GRADES)


def test_a_refusal_of_openai_is_an_error() -> None:
    answer = {"answers": [{"type": "refusal", "name": "q"}]}
    server = Server({"/decisions": lambda path, body: httpx.Response(200, json=answer)}, decisions="openai")
    with pytest.raises(EngineError, match="declines"):
        server.engine.choose([CARD], GRADES)


@pytest.mark.parametrize("way", ["systemone", "openai", "sglang"])
@pytest.mark.parametrize("name", ["not for this model", "too long"])
def test_a_forced_way_does_not_give_way(way: str, name: str) -> None:
    server = Server({SHAPES[way].path: lambda path, body: said(name)}, decisions=way)
    with pytest.raises(EngineError, match=rf"server_decisions is '{way}', but .* tiny-qwen3 \((501|400): .*'off'"):
        server.engine.choose([CARD], GRADES)
    assert server.count("/chat/completions") == 0


def test_a_forbidden_way_is_not_looked_for() -> None:
    server = Server({"/systemone": systemone()}, decisions="off")
    assert server.engine.choose([CARD], GRADES)[0].best == "3"
    assert server.count("/systemone") == 0
    with pytest.raises(EngineError, match="'maybe' is not one of auto, off, systemone, openai, sglang"):
        Server({}, decisions="maybe")


def test_keys_and_failures_are_those_of_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server({"/systemone": lambda path, body: httpx.Response(401)}, decisions="systemone", api_key="s3cret")
    with pytest.raises(EngineError, match="refuses the API key"):
        server.engine.choose([CARD], GRADES)

    async def wait(seconds: float) -> None:
        pass

    monkeypatch.setattr("shelftalk.engines.server_engine._pause", wait)
    busy = Server({"/systemone": lambda path, body: httpx.Response(503)})
    with pytest.raises(EngineError, match=r"failed \(503\)"):
        busy.engine.choose([CARD], GRADES)
    busy.answers["/systemone"] = systemone()
    assert busy.engine.decides_by() == "systemone", "a busy server has not said no"


def test_tenants_stay_apart() -> None:
    with opened(Call(tenant="one")) as call:
        vllm = Server({"/systemone": systemone()})
        vllm.engine.choose([CARD], GRADES)
        assert vllm.asked[-1][1]["cache_salt"] == call.salt
        assert Server({"/decisions": openai}).engine.choose([CARD], GRADES)[0].best == "3"
        with pytest.raises(EngineError, match="takes no cache_salt"):
            Server({"/decisions": openai}, decisions="openai").engine.choose([CARD], GRADES)


def test_an_evaluation_knows_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(server="http://shop:8000")
    ways: dict[str, Answer] = {"/systemone": systemone()}
    monkeypatch.setattr("shelftalk.engines.load.server_engine", lambda settings, timeout: Server(ways).engine)
    assert server_decisions(settings) == "systemone"
    ways.clear()
    assert server_decisions(settings) == "off"
    assert server_decisions(settings.model_copy(update={"server_decisions": "openai"})) == "openai"
