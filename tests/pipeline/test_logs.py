"""The log tells what became of a request, stage by stage, and nothing of what the shopper wrote."""

from __future__ import annotations

import logging
import re

import pytest

from shelftalk import Request, Shelf, Turn
from shelftalk.engines.call import Call, opened
from shelftalk.render import assistant_turn
from shelftalk.server.logs import configure

WORDS = re.compile(r"[^\W_]{3,}")


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [vars(r) for r in caplog.records if r.name == "shelftalk.pipeline"]


def test_each_stage_has_a_line_with_the_requests_id_and_what_became_of_it(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "shelftalk")
    with opened(Call(id="r-1")):
        answer = shelf.ask("a kettle under 35 that holds at least 1.5 litres")
    told = lines(caplog)
    assert [line["stage"] for line in told] == ["understand", "retrieve", "rank", "explain"]
    assert {line["request_id"] for line in told} == {"r-1"}
    understood, retrieved, ranked, explained = told
    assert "price <" in understood["constraints"]  # type: ignore[operator]
    assert "capacity_l >=" in understood["constraints"]  # type: ignore[operator]
    assert retrieved["matching"] == 1
    assert retrieved["relaxed"] == []
    assert ranked["strategy"] == "none"
    assert (explained["picks"], explained["dropped"]) == (len(answer.picks), 0)
    assert all(isinstance(line["ms"], float) for line in told)


def test_what_was_given_up_is_told_by_its_field(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shelftalk")
    shelf.ask("a kettle under 10 euros")
    retrieved = next(line for line in lines(caplog) if line["stage"] == "retrieve")
    assert retrieved["relaxed"] == ["price"]
    assert retrieved["no_match"] is True


@pytest.mark.parametrize("streamed", [False, True])
def test_requests_without_a_server_have_an_id_each(
    shelf: Shelf, caplog: pytest.LogCaptureFixture, streamed: bool
) -> None:
    caplog.set_level(logging.INFO, "shelftalk")
    for text in ("a red kettle", "a teapot"):
        if streamed:
            list(shelf.stream(text))
        else:
            shelf.ask(text)
    numbers = [line["request_id"] for line in lines(caplog)]
    assert len(numbers) == 8
    assert len(set(numbers)) == 2


def test_no_line_at_info_holds_a_word_or_number_of_the_shoppers(
    shelf: Shelf, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is logged for requests of every kind, as the server writes it, held against every word of theirs."""
    root, handlers, level = logging.getLogger(), list(logging.getLogger().handlers), logging.getLogger().level
    configure("json")
    try:
        asked = [
            "a crimson kettle under 47 euros for Zebediah, at least 1.3 litres, not Orsk",
            "xylophone quartet",
            "compose sonnets about harbours",
            "the cheapest Velm thing beneath 9.87 dollars",
        ]
        answers = [shelf.ask(text) for text in asked]
        history = (Turn("user", asked[0]), assistant_turn(answers[0]))
        follow_ups = ["why not the Fizzwhistle gadget?", "is the first one cordless?", "cheaper, in burgundy"]
        for text in follow_ups:
            list(shelf.stream(Request(text, history=history)))
        said = capsys.readouterr().err.lower()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.getLogger("shelftalk").setLevel(logging.NOTSET)
    assert said.count('"stage": "explain"') >= len(asked) + len(follow_ups)
    words = {w for text in [*asked, *follow_ups] for w in WORDS.findall(text.lower())} | {"47", "1.3", "9.87"}
    told_of = {"the", "one", "not", "why", "cordless"}  # words of ours, and a field's name
    logged = set(re.findall(r"[^\W_]{3,}|\d+\.\d+|\b47\b", re.sub(r'"(?:request_id|timestamp|ms)": [^,}]+', "", said)))
    assert not (words - told_of) & logged
