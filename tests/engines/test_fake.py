"""The fake engine: what a test can count on."""

from __future__ import annotations

import pytest

from shelftalk.engines import Choice, Decoding, FakeEngine, Generation
from shelftalk.engines.fake import prompt
from shelftalk.errors import EngineError

HELLO = prompt("hello", system="be brief")


def test_replies_come_in_the_order_they_were_queued() -> None:
    engine = FakeEngine(["one"]).enqueue("two", "three")
    answers = engine.generate([HELLO, HELLO], Decoding()) + engine.generate([HELLO], Decoding())
    assert [answer.text for answer in answers] == ["one", "two", "three"]


def test_it_remembers_every_prompt_and_how_it_was_asked() -> None:
    engine = FakeEngine(["text", {"A": -1.0}])
    engine.generate([HELLO], Decoding(max_tokens=7))
    engine.choose([prompt("which?")], ["A", "B"])
    assert [call.kind for call in engine.calls] == ["generate", "choose"]
    assert engine.calls[0].text == "be brief\nhello"
    assert engine.calls[0].decoding == Decoding(max_tokens=7)
    assert engine.calls[1].labels == ("A", "B")
    assert engine.prompts[1] == prompt("which?")


def test_an_empty_queue_says_which_prompt_found_no_reply() -> None:
    with pytest.raises(EngineError, match="no reply left for this prompt: 'be brief\\\\nhello'"):
        FakeEngine().generate([HELLO], Decoding())


def test_the_default_answers_when_the_queue_is_empty_and_may_read_the_prompt() -> None:
    engine = FakeEngine(["first"], default=lambda asked: asked.messages[-1].content.upper())
    assert [g.text for g in engine.generate([HELLO, HELLO], Decoding())] == ["first", "HELLO"]


def test_a_queued_error_is_raised() -> None:
    with pytest.raises(EngineError, match="gone"):
        FakeEngine([EngineError("gone")]).generate([HELLO], Decoding())


def test_labels_without_a_log_probability_are_unlikely_but_there() -> None:
    choice = FakeEngine([{"B": -0.1}]).choose([HELLO], ["A", "B"])[0]
    assert choice.best == "B"
    assert choice.logprobs["A"] < -50


def test_a_single_label_is_the_choice() -> None:
    assert FakeEngine(["B"]).choose([HELLO], ["A", "B"])[0].best == "B"


def test_a_reply_that_names_a_label_not_offered_is_a_mistake_of_the_test() -> None:
    with pytest.raises(ValueError, match="not offered: \\['C'\\]"):
        FakeEngine([{"C": 0.0}]).choose([HELLO], ["A", "B"])


def test_a_text_that_no_real_engine_could_write_under_the_schema_is_a_mistake_of_the_test() -> None:
    held = Decoding(schema={"type": "object", "required": ["colour"]})
    with pytest.raises(ValueError, match="does not obey the schema: 'colour' is a required property"):
        FakeEngine(["{}"]).generate([HELLO], held)
    with pytest.raises(ValueError, match="does not obey the schema"):
        FakeEngine(["not json"]).generate([HELLO], held)


def test_a_ready_generation_or_choice_is_given_as_it_is() -> None:
    cut, choice = Generation('{"colour', "length"), Choice({"A": 0.0})
    engine = FakeEngine([cut, choice])
    assert engine.generate([HELLO], Decoding(schema={"type": "object"})) == [cut]
    assert engine.choose([HELLO], ["A"]) == [choice]


def test_long_texts_are_cut_at_max_tokens_and_say_so() -> None:
    answer = FakeEngine(["one two three, four"]).generate([HELLO], Decoding(max_tokens=3))[0]
    assert (answer.text, answer.finish, answer.tokens.completion) == ("one two three", "length", 3)
