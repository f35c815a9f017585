"""Turns that ask for no product: a question to the shop is answered from its page, small talk by a sentence that fits, both without picks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shelftalk.errors import UsageError
from shelftalk.pipeline import Shelf
from shelftalk.pipeline.about import LONGEST, passages
from shelftalk.server.chat_text import chat_text
from shelftalk.settings import Settings, load_settings
from shelftalk.values import Answer, Turn
from tests.server.helpers import recorded

PAGE = """---
title: About us
---
Kestrel Outdoor, a shop in Leipzig since 1998.

# Delivery
We send parcels to all countries of the EU. Delivery takes **three days** and costs 4.90 EUR.

## Returns and exchanges
You may send anything back within [30 days](https://kestrel.example/returns), unused.
- We pay the postage.
- The money is back within a week.

Guarantee
---------
Everything carries a guarantee of two years.

# Payment
PayPal, credit card, or by invoice. <!-- no cash -->
"""
JACKETS = "a rain jacket under 80"


def _settings(catalog: Path, about: Path | None) -> Settings:
    settings = recorded(load_settings(catalog=catalog))
    return settings.model_copy(update={"shop": settings.shop.model_copy(update={"about": about})})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "about.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def shelf(demo_catalog: Path, page: Path) -> Iterator[Shelf]:
    with Shelf.open(settings=_settings(demo_catalog, page)) as shelf:
        yield shelf


@pytest.fixture(scope="module")
def shown(shelf: Shelf) -> tuple[Answer, tuple[Turn, ...]]:
    """An answer with picks, and the turns that it makes."""
    first = shelf.ask(JACKETS)
    assert len(first.picks) > 1
    return first, (Turn("user", JACKETS), Turn("assistant", chat_text(first)))


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("do you ship to Spain?", 'The shop says of "Delivery": We send parcels to all countries of the EU.'),
        ("do you ship tents to Spain?", 'The shop says of "Delivery": We send parcels'),
        ("what does shipping cost", 'The shop says of "Delivery": We send parcels'),
        ("how much does it cost to send it to France", 'The shop says of "Delivery": We send parcels'),
        ("do you match prices?", "the answer is not known here"),
        ("can I return it?", 'The shop says of "Returns and exchanges": You may send anything back within 30 days, unused.'),
        ("until when may I bring it back", "The money is back within a week."),
        ("how long is the warranty", 'The shop says of "Guarantee": Everything carries a guarantee of two years.'),
        ("can I use paypal?", "PayPal, credit card, or by invoice."),
        ("where is my order", "the answer is not known here"),
        ("is there a student discount?", "the answer is not known here"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("later", [False, True])
def test_a_question_to_the_shop_is_answered_from_its_page(
    shelf: Shelf, shown: tuple[Answer, tuple[Turn, ...]], question: str, quoted: str, later: bool
) -> None:
    answer = shelf.ask(question, history=shown[1] if later else ())
    assert not answer.picks
    assert not answer.no_match
    assert len(answer.notes) == 1
    assert quoted in answer.notes[0]


def test_without_a_page_nothing_is_made_up(demo_catalog: Path) -> None:
    with Shelf.open(settings=_settings(demo_catalog, None)) as shelf:
        answer = shelf.ask("do you ship to Spain?")
        assert not answer.picks
        assert "the answer is not known here" in answer.notes[0]


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("Hello!", "Hello. What are you looking for?"),
        ("thanks, that's great", "You are welcome. Say it whenever you are looking for something else."),
        ("thank you, bye", "You are welcome. Goodbye."),
        ("who are you?", "This is a program that finds products"),
        ("hi, how are you", "Hello. All is well here, thank you. What are you looking for?"),
        ("no thanks", "All right."),
        ("okay", "Say it whenever you are looking for something."),
        ("write me a poem", "This asks for no product"),
    ],
)
@pytest.mark.parametrize("later", [False, True])
def test_small_talk_gets_a_sentence_that_fits_and_no_picks(
    shelf: Shelf, shown: tuple[Answer, tuple[Turn, ...]], said: str, answered: str, later: bool
) -> None:
    answer = shelf.ask(said, history=shown[1] if later else ())
    assert not answer.picks
    assert answer.notes[0].startswith(answered)
    assert len(answer.notes) == 1


@pytest.mark.parametrize(
    "said", ["you're stupid", "I love you", "what a lovely day", "hm, that's weird", "not sure yet", "please"]
)
def test_a_remark_does_not_repeat_the_last_picks_and_forgets_nothing(
    shelf: Shelf, shown: tuple[Answer, tuple[Turn, ...]], said: str
) -> None:
    answer = shelf.ask(said, history=shown[1])
    assert not answer.picks
    assert len(answer.notes) == 1
    after = shelf.ask("only blue ones", history=(*shown[1], Turn("user", said), Turn("assistant", chat_text(answer))))
    assert after.intent == shelf.ask("only blue ones", history=shown[1]).intent


@pytest.mark.parametrize(
    "said", ["these look dull", "show me again", "something more cheerful", "and stylish", "I'm always cold"]
)
def test_what_changes_the_wish_or_asks_for_the_list_is_no_remark(
    shelf: Shelf, shown: tuple[Answer, tuple[Turn, ...]], said: str
) -> None:
    assert shelf.ask(said, history=shown[1]).picks


@pytest.mark.parametrize(
    "request_",
    ["a suitcase that ships with a lock", "shoes I can return to after an injury", "a tent with a guarantee of five years",
     "something to send to my mother", "do you have tents for two?"],
)  # fmt: skip
@pytest.mark.parametrize("later", [False, True])
def test_a_request_that_only_looks_like_one_stays_a_request(
    shelf: Shelf, shown: tuple[Answer, tuple[Turn, ...]], request_: str, later: bool
) -> None:
    answer = shelf.ask(request_, history=shown[1] if later else ())
    assert answer.intent.shopping
    assert answer.picks


def test_return_to_in_a_description_leads_back_to_nothing(shelf: Shelf, shown: tuple[Answer, tuple[Turn, ...]]) -> None:
    answer = shelf.ask("running shoes I can return to after an injury", history=shown[1])
    assert all("Shoes" in pick.product.title for pick in answer.picks)
    assert not [note for note in answer.notes if "asked for before" in note]


def test_the_talk_goes_on_from_the_picks_before_the_question(
    shelf: Shelf, shown: tuple[Answer, tuple[Turn, ...]]
) -> None:
    first, turns = shown
    aside = shelf.ask("do you ship to Spain?", history=turns)
    later = (*turns, Turn("user", aside.request), Turn("assistant", chat_text(aside)))
    told = shelf.ask("how heavy is the second one?", history=later)
    assert [p.product.id for p in told.picks] == [first.picks[1].product.id]


def test_a_field_of_the_products_shown_answers_before_the_page(
    shelf: Shelf, shown: tuple[Answer, tuple[Turn, ...]]
) -> None:
    first, turns = shown
    told = shelf.ask("how heavy is it?", history=turns)
    assert [p.product.id for p in told.picks] == [first.picks[0].product.id]


def test_a_page_that_changes_is_read_again_and_one_that_goes_is_kept(demo_catalog: Path, tmp_path: Path) -> None:
    path = tmp_path / "about.md"
    path.write_text("# Delivery\nTo Spain in five days.\n", encoding="utf-8")
    with Shelf.open(settings=_settings(demo_catalog, path)) as shelf:
        assert "five days" in shelf.ask("do you ship to Spain?").notes[0]
        path.write_text("# Delivery\nTo Spain in no more than nine days.\n", encoding="utf-8")
        assert "nine days" in shelf.ask("do you ship to Spain?").notes[0]
        path.unlink()
        assert "nine days" in shelf.ask("do you ship to Spain?").notes[0]


def test_a_page_that_is_not_there_is_said_at_the_start(demo_catalog: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"setting shop\.about: .*nowhere\.md cannot be read"):
        Shelf.open(settings=_settings(demo_catalog, tmp_path / "nowhere.md"))


def test_passages_are_what_stands_below_a_heading_without_marks() -> None:
    found = {p.heading: p.text for p in passages(PAGE)}
    assert found == {
        "": "Kestrel Outdoor, a shop in Leipzig since 1998.",
        "Delivery": "We send parcels to all countries of the EU. Delivery takes three days and costs 4.90 EUR.",
        "Returns and exchanges": "You may send anything back within 30 days, unused. We pay the postage. The money is back within a week.",
        "Guarantee": "Everything carries a guarantee of two years.",
        "Payment": "PayPal, credit card, or by invoice.",
    }


def test_a_long_section_is_parted_between_paragraphs_and_marks_within_words_stay() -> None:
    text = (
        "# Terms\n"
        + "\n\n".join(f"Paragraph {n}: {'word ' * 50}" for n in range(4))
        + "\n\nwrite to a_b_c@kestrel.example, 2 * 3"
    )
    found = passages(text)
    assert [p.heading for p in found] == ["Terms"] * len(found)
    assert len(found) > 1
    assert all(len(p.text) <= LONGEST for p in found)
    assert found[-1].text.endswith("write to a_b_c@kestrel.example, 2 * 3")
    assert passages("") == passages("# Only a heading\n") == []
