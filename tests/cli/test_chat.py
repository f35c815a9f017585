"""A chat in the terminal: requests, and questions about what they brought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import PRODUCTS
from typer.testing import CliRunner

from shelftalk.catalog import Catalog
from shelftalk.cli.main import app
from shelftalk.pipeline import Event, Shelf
from shelftalk.values import Answer, FollowUp, Request


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    Catalog.open(tmp_path / "shop", create=True, embedder=HashEmbedder()).upsert(PRODUCTS)
    monkeypatch.setattr("shelftalk.catalog.embed.load_embedder", lambda *_: HashEmbedder())
    for name, value in (("EXPLAIN__MODE", "record"), ("UNDERSTAND__MODE", "rules"), ("RANK__STRATEGY", "none")):
        monkeypatch.setenv(f"SHELFTALK_{name}", value)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop"


def say(shop: Path, *turns: str) -> list[str]:
    """What was printed after each turn."""
    done = CliRunner().invoke(app, ["chat", "--catalog", str(shop)], input="\n".join(turns) + "\n")
    assert done.exit_code == 0, done.exception
    return done.stdout.split("\n> ")[1:]


def test_a_question_about_a_pick_is_answered_from_its_record_and_not_with_new_picks(shop: Path) -> None:
    _, cordless, more, absent = say(
        shop, "the cheapest kettle", "is it cordless?", "tell me more about the second", "is it waterproof?"
    )[:4]
    assert "No. Cordless: no." in cordless
    assert "id: k2" in more
    assert "Rating: 4.5" in " ".join(more.split())
    assert "says nothing" in absent
    assert "id: k2" in absent  # the product last spoken of
    assert "1. " not in cordless + more + absent  # its place is that of the list above


def test_cheaper_ones_after_a_question_are_cheaper_than_all_that_was_listed(shop: Path) -> None:
    *_, cheaper = say(shop, "a kettle over 25", "is the second cordless?", "cheaper ones")[:3]
    assert "price < 29.9" in " ".join(cheaper.split())


def test_why_and_why_not_are_answered_for_the_request_before(shop: Path) -> None:
    _, first, failed, unknown = say(shop, "a kettle under 35", "why the first?", "why not k4?", "why not the Zyx?")[:4]
    assert "Picked, number 1" in first
    assert "fails a limit" in failed
    assert "59.90 EUR" in failed
    assert unknown.strip()


def test_after_starting_over_a_question_has_nothing_to_refer_to(shop: Path) -> None:
    *_, again = say(shop, "the cheapest kettle", "/new", "why the first?")[:3]
    assert "Picked, number" not in again


@pytest.mark.parametrize("typed", ["2", "2)", "A low PRICE."])
def test_an_answer_to_the_question_back_is_sent_by_its_number_or_its_text(
    shop: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    whole = Shelf.stream
    asked: list[str] = []
    question = FollowUp(
        "Which matters more?", (("a high rating", "the best kettle"), ("a low price", "a kettle under 35"))
    )

    def stream(self: Shelf, request: Request, **options: Any) -> Iterator[Event]:
        asked.append(request.request)
        for event in whole(self, request, **options):
            value = event.value
            yield replace(event, value=replace(value, follow_up=question)) if isinstance(value, Answer) else event

    monkeypatch.setattr(Shelf, "stream", stream)
    first, then, *_ = say(shop, "a kettle", typed, "/new", typed)
    assert "Which matters more? 1) a high rating 2) a low price" in first
    assert "a kettle under 35" in then.splitlines()[0]
    assert asked[:2] == ["a kettle", "a kettle under 35"]
    assert asked[2:] == [typed], "after starting over there is no question to answer"
