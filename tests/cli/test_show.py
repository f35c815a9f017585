"""An answer on the terminal: in which order, with nothing lost where it breaks off, and no text that steers the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.console import Console

from shelftalk.cli.show import print_events
from shelftalk.errors import EngineError
from shelftalk.pipeline import Event
from shelftalk.values import Answer, Claim, Criterion, Evidence, FollowUp, Intent, Pick, Product

KETTLE = Product("k-1", "Orsk Kettle", price=Decimal("19.90"), currency="EUR", attributes={"noise_db": 60})
CLAIM = Claim("It makes 60 dB.", (Evidence("noise_db", 60),), "quiet", True)
ANSWER = Answer(
    "", "a quiet kettle",
    Intent(criteria=(Criterion("noise_db", "low", None, 2, "quiet"),), unanswered=("pretty",), kinds=("Kettles",)),
    (Pick(KETTLE, 1, 1.0, CLAIM.text, (CLAIM,), "quietest"), Pick(replace(KETTLE, id="k-2", title="Tarn"), 2, 0.5, CLAIM.text, (CLAIM,))),
    opening="Both make 60 dB.",
    follow_up=FollowUp("Which matters more?", (("low noise", "a quiet kettle"), ("low price", "a cheap kettle"))),
)  # fmt: skip


def _steps(answer: Answer) -> Iterator[Event]:
    yield Event("understood", answer.intent)
    for pick in answer.picks:
        yield Event("pick", replace(pick, reason="", claims=(), label=""))
    for pick in answer.picks:
        yield Event("reason", replace(pick, label=""))
    yield Event("answer", answer)


def _printed(steps: Iterator[Event]) -> list[str]:
    out = io.StringIO()
    print_events(steps, Console(file=out, width=200), Console(file=io.StringIO()))
    return [line for line in out.getvalue().splitlines() if line.strip()]


def test_the_sentence_over_all_comes_first_the_label_behind_its_title_and_the_question_after_the_picks() -> None:
    lines = _printed(_steps(ANSWER))
    assert lines[0] == "Understood: looking in Kettles; quiet: low noise; no data: pretty"
    assert lines[1] == "Both make 60 dB."
    assert lines[2] == "1. Orsk Kettle (quietest)  19.90 EUR"
    assert lines[5] == "2. Tarn  19.90 EUR"
    assert lines[8] == "Which matters more? 1) low noise 2) low price"


def test_what_was_checked_is_printed_though_the_answer_breaks_off() -> None:
    def broken() -> Iterator[Event]:
        yield from list(_steps(ANSWER))[:4]
        raise EngineError("the server went away")

    out = io.StringIO()
    with pytest.raises(EngineError):
        print_events(broken(), Console(file=out, width=200), Console(file=io.StringIO()))
    assert "1. Orsk Kettle" in out.getvalue()
    assert "It makes 60 dB." in out.getvalue()
    assert "2. Tarn" not in out.getvalue()


def test_no_text_of_an_answer_reaches_the_terminal_as_anything_but_text() -> None:
    evil = "\x1b[2J[red]x[/red]\u202e\nnext"
    answer = replace(
        ANSWER, intent=Intent(criteria=(Criterion("a", "is", evil, 2, evil),), unanswered=(evil,), kinds=(evil,)), opening=evil,
        picks=tuple(replace(pick, label=evil) for pick in ANSWER.picks), follow_up=FollowUp(evil, ((evil, evil), (evil, evil))),
    )  # fmt: skip
    lines = _printed(_steps(answer))
    assert lines[1] == "[2J[red]x[/red] next"
    assert lines[2] == "1. Orsk Kettle ([2J[red]x[/red] next)  19.90 EUR"
    assert not {"\x1b", "\u202e"} & set("".join(lines))
