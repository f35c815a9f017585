"""One contract for every engine: the fake, transformers, vLLM in process and a vLLM server, with the real default model."""

from __future__ import annotations

import json
import math

import jsonschema
import pytest

from shelftalk.engines import Choice, Decoding, Engine, Generation
from shelftalk.engines.fake import prompt
from shelftalk.errors import EngineError

COUNT = prompt("Count on.", prefix="1, 2,")
WORDS = ["tent", "umbrella", "kettle", "lamp", "violin"]
LETTERS = [
    prompt("Is fire hot? A means yes, B means no, C means unknown. Answer with one letter.", system="Answer briefly."),
    prompt("Which letter comes first in the alphabet: A, B or C? Answer with one letter."),
    prompt("Pick one letter of A, B and C. " + "Think of shoes, coats and lamps. " * 30),
]
SCHEMA = {
    "type": "object",
    "properties": {
        "colour": {"enum": ["red", "green", "blue"]},
        "count": {"type": "integer", "minimum": 3, "maximum": 9},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}, "minItems": 1, "maxItems": 2},
    },
    "required": ["colour", "count", "tags"],
    "additionalProperties": False,
}
GIFT = {"type": "string", "enum": ["☕ café 🎁 日本"]}


def is_real(engine: Engine) -> bool:
    return engine.name != "fake"


def test_has_a_name_and_a_model(engine: Engine) -> None:
    assert isinstance(engine, Engine)
    assert engine.name
    assert "/" not in engine.name
    assert engine.model


def test_answers_come_in_the_order_of_the_prompts(engine: Engine) -> None:
    prompts = [prompt("Hear this. " * (7 * (i % 3)) + f"Say the word {word}") for i, word in enumerate(WORDS)]
    answers = engine.generate(prompts, Decoding(max_tokens=12))
    assert len(answers) == len(WORDS)
    assert all(isinstance(answer, Generation) for answer in answers)
    assert [word in answer.text.lower() for word, answer in zip(WORDS, answers, strict=True)] == [True] * 5


def test_an_empty_batch_gives_nothing(engine: Engine) -> None:
    assert engine.generate([], Decoding()) == []
    assert engine.generate([], []) == []
    assert engine.choose([], ["A", "B"]) == []


def test_each_prompt_may_have_its_own_decoding(engine: Engine) -> None:
    short, long = engine.generate([COUNT, COUNT], [Decoding(max_tokens=3), Decoding(max_tokens=9)])
    assert (short.tokens.completion, long.tokens.completion) == (3, 9)
    assert long.text.startswith(short.text)


def test_decodings_that_do_not_match_the_prompts_are_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="2 prompts but 1 decoding"):
        engine.generate([COUNT, COUNT], [Decoding()])


def test_greedy_decoding_repeats_itself(engine: Engine) -> None:
    first, second = (engine.generate([COUNT], Decoding(max_tokens=16))[0] for _ in range(2))
    assert first == second
    assert first.text


def test_sampling_repeats_with_its_seed_and_differs_with_another(engine: Engine) -> None:
    story = [prompt("Tell a story about a lamp.")]
    texts = [
        engine.generate(story, Decoding(max_tokens=10, temperature=1.2, top_p=0.95, seed=seed))[0].text
        for seed in (1, 1, 2, 3)
    ]
    assert texts[0] == texts[1]
    if is_real(engine):
        assert len(set(texts)) > 1


def test_the_assistants_prefix_is_continued_and_not_repeated(engine: Engine) -> None:
    text = engine.generate([COUNT], Decoding(max_tokens=8))[0].text
    assert text.startswith(" 3, 4")


def test_a_limit_of_tokens_ends_the_text_and_says_so(engine: Engine) -> None:
    answer = engine.generate([COUNT], Decoding(max_tokens=7))[0]
    assert answer.finish == "length"
    assert answer.tokens.completion == 7


def test_a_stop_string_ends_the_text_and_is_not_in_it(engine: Engine) -> None:
    answer = engine.generate([COUNT], Decoding(max_tokens=40, stop=("never", " 6,")))[0]
    assert answer.text == " 3, 4, 5,"
    assert answer.finish == "stop"


def test_a_schema_is_obeyed(engine: Engine) -> None:
    asked = [prompt(f"Describe a {word} as JSON with colour, count and tags.") for word in WORDS[:3]]
    for answer in engine.generate(asked, Decoding(max_tokens=60, schema=SCHEMA)):
        assert answer.finish == "stop"
        jsonschema.validate(json.loads(answer.text), SCHEMA)


def test_a_schema_is_obeyed_beside_free_text_and_when_sampled(engine: Engine) -> None:
    asked = prompt("Describe a hat as JSON.")
    free, held = engine.generate(
        [COUNT, asked], [Decoding(max_tokens=5), Decoding(max_tokens=60, schema=SCHEMA, temperature=1.5, seed=4)]
    )
    assert free.text.startswith(" 3, 4")
    jsonschema.validate(json.loads(held.text), SCHEMA)


def test_text_beyond_ascii_is_written_whole(engine: Engine) -> None:
    asked = prompt("Write the gift: ☕ café 🎁 日本")
    decoding = Decoding(max_tokens=40, schema=GIFT)
    assert json.loads(engine.generate([asked], decoding)[0].text) == GIFT["enum"][0]
    pieces = list(engine.stream(asked, decoding))
    assert json.loads("".join(pieces)) == GIFT["enum"][0]
    assert not any("\ufffd" in piece for piece in pieces)


@pytest.mark.parametrize("stop", [(), (" 6,",), (", 5, 6",)])
def test_a_stream_gives_what_generate_gives_piece_by_piece(engine: Engine, stop: tuple[str, ...]) -> None:
    decoding = Decoding(max_tokens=20, stop=stop)
    pieces = list(engine.stream(COUNT, decoding))
    assert "".join(pieces) == engine.generate([COUNT], decoding)[0].text
    assert len(pieces) > 2
    assert all(pieces)


def test_a_stream_that_is_left_early_does_no_harm(engine: Engine) -> None:
    stream = engine.stream(COUNT, Decoding(max_tokens=200, stop=("never",)))
    assert next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert engine.generate([COUNT], Decoding(max_tokens=3))[0].text


def test_a_choice_holds_every_label_in_order_and_sums_to_one(engine: Engine) -> None:
    labels = ["C", "A", "B"]
    for choice in engine.choose(LETTERS, labels):
        assert isinstance(choice, Choice)
        assert list(choice.logprobs) == labels
        assert math.fsum(math.exp(value) for value in choice.logprobs.values()) == pytest.approx(1, abs=1e-6)
        assert choice.best == max(labels, key=lambda label: choice.logprobs[label])


def test_many_labels_are_all_read_even_the_unlikely(engine: Engine) -> None:
    labels = [chr(ord("A") + i) for i in range(26)]
    choice = engine.choose([LETTERS[0]], labels)[0]
    assert list(choice.logprobs) == labels
    if is_real(engine):
        assert min(choice.logprobs.values()) > -30, "a label was not read but floored"
        assert len(set(choice.logprobs.values())) > 10


def test_a_choice_continues_the_assistants_prefix(engine: Engine) -> None:
    if not is_real(engine):
        pytest.skip("the fake has no model")
    asked = [prompt("Say letters.", prefix=f"{letter}\n{letter}\n{letter}\n{letter}\n") for letter in "BD"]
    assert [choice.best for choice in engine.choose(asked, ["A", "B", "C", "D"])] == ["B", "D"]


@pytest.mark.model
def test_choices_are_those_of_the_model_itself(engine: Engine, request: pytest.FixtureRequest) -> None:
    if not is_real(engine):
        pytest.skip("the fake has no model")
    reference: list[dict[str, float]] = request.getfixturevalue("reference")
    tolerance = 2e-3 if engine.name == "transformers" else 0.2  # bfloat16 keeps 8 bits of each logit
    for choice, expected in zip(engine.choose(LETTERS, ["A", "B", "C"]), reference, strict=True):
        assert dict(choice.logprobs) == pytest.approx(expected, abs=tolerance)


def test_a_label_of_several_tokens_is_refused(engine: Engine) -> None:
    with pytest.raises(EngineError, match=r"'tent and umbrella' is \d+ tokens"):
        engine.choose([LETTERS[0]], ["A", "tent and umbrella"])


def test_tokens_are_counted(engine: Engine) -> None:
    assert engine.count_tokens("") == 0
    assert 3 <= engine.count_tokens("a red tent") <= 6
    assert engine.count_tokens("a red tent " * 50) > 100
    answer = engine.generate([COUNT], Decoding(max_tokens=4))[0]
    assert answer.tokens.completion == 4
    assert answer.tokens.prompt >= engine.count_tokens("Count on.") + engine.count_tokens("1, 2,")
    choice = engine.choose([LETTERS[0]], ["A", "B", "C"])[0]
    assert choice.tokens.prompt > 20
    assert choice.tokens.completion == 1


@pytest.mark.model
def test_prompt_tokens_are_those_of_the_chat_template(engine: Engine, request: pytest.FixtureRequest) -> None:
    if not is_real(engine):
        pytest.skip("the fake has no chat template")
    expected = request.getfixturevalue("prompt_tokens")
    assert engine.generate([LETTERS[0]], Decoding(max_tokens=1))[0].tokens.prompt == expected


def test_a_prompt_that_is_too_long_is_an_error_and_the_engine_goes_on(engine: Engine) -> None:
    endless = prompt("lamp and coat " * 4000)
    with pytest.raises(EngineError, match="fewer or shorter candidates"):
        engine.generate([COUNT, endless], Decoding(max_tokens=4))
    with pytest.raises(EngineError, match="fewer or shorter candidates"):
        engine.choose([endless], ["A", "B"])
    with pytest.raises(EngineError, match="fewer or shorter candidates"):
        list(engine.stream(endless, Decoding(max_tokens=4)))
    assert engine.generate([COUNT], Decoding(max_tokens=4))[0].text


@pytest.mark.last(1)
@pytest.mark.model
@pytest.mark.vllm
def test_one_that_goes_away_while_it_writes_is_named(engine: Engine) -> None:
    if engine.name != "server":
        pytest.skip("only a server can go away")
    server = engine.test_server  # type: ignore[attr-defined]
    stream = engine.stream(COUNT, Decoding(max_tokens=2000))
    assert next(stream)
    server.kill()
    with pytest.raises(EngineError, match=r"127\.0\.0\.1.*(went away|answers)"):
        list(stream)
    with pytest.raises(EngineError, match=r"no language model server answers at http://127\.0\.0\.1:\d+"):
        engine.generate([COUNT, COUNT], Decoding(max_tokens=4))


@pytest.mark.last(2)
def test_closing_twice_is_safe_and_a_closed_engine_says_so(engine: Engine) -> None:
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.generate([COUNT], Decoding(max_tokens=4))
    with pytest.raises(EngineError, match="closed"):
        engine.choose([LETTERS[0]], ["A", "B", "C"])
