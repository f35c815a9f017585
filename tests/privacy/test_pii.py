"""E-mail addresses, phone, card and account numbers go; what a shop's numbers look like stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shelftalk.errors import UsageError
from shelftalk.privacy import pii
from shelftalk.privacy.pii import PLACEHOLDER, analysis, find, note_of, scrub, scrub_request
from shelftalk.privacy.pii.measure import Labelled, Rate, measure, read
from shelftalk.values import Intent, Request, Turn

SET = Path(__file__).resolve().parents[2] / "data" / "suites" / "pii.jsonl"


@pytest.mark.parametrize(
    ("text", "left", "taken"),
    [
        ("mail jane.doe@example.com, a kettle", "mail [...], a kettle", "email"),
        ("mail jane dot doe at example dot com, a kettle", "mail [...], a kettle", "email"),
        ("it is jane (at) example [dot] com", "it is [...]", "email"),
        ("mail ｊａｎｅ＠example.com", "mail [...]", "email"),
        ("mail ja\u200bne@exam\u200bple.com now", "mail [...] now", "email"),
        ("call +49 (0) 170 / 123 45 67 please", "call [...] please", "phone"),
        ("call me on ０７７００ ９００１２３", "call me on [...]", "phone"),
        ("الهاتف +٩٧١ ٥٠ ١٢٣ ٤٥٦٧", "الهاتف [...]", "phone"),
        ("我的手机是138 0013 8000，冰箱", "我的手机是[...]，冰箱", "phone"),
        ("gate code 12, text +353 20 912 3456", "gate code 12, text [...]", "phone"),
        ("order it to +44 7700 900111", "order it to [...]", "phone"),
        ("(415) 555-0132 is mine", "[...] is mine", "phone"),
        ("card 4111 1111 1111 1111, a tent", "card [...], a tent", "card"),
        ("card 4111-1111-1111-1111, a tent", "card [...], a tent", "card"),
        ("amex 378282246310005", "amex [...]", "card"),
        ("refund to DE89 3704 0044 0532 0130 00 please", "refund to [...] please", "iban"),
        ("refund to de89370400440532013000 please", "refund to [...] please", "iban"),
    ],
)
def test_personal_data_is_taken_out_and_the_rest_stays(text: str, left: str, taken: str) -> None:
    told = scrub(text)
    assert told.text == left
    assert told.taken == (taken,)


@pytest.mark.parametrize(
    "text",
    [
        "a rain jacket under 120",
        "EAN 4006381333931 and UPC 036000291452",
        "power bank 20000 mAh, 22.5 W",
        "size 42-44, rug 200 x 300, tyre 205/55 R16 91V",
        "order 112-4567890-1234567 and order number 4500123987",
        "1 299 000 or 1.299,00 or 30,000円から50,000円",
        "between 2026-11-30 and 24.12.2026, 2019-2023 models",
        "WH-1000XM5, SM-G991B/DS, RTX 4090 24GB, MZ-V9P2T0BW",
        "IMEI 356938035643809",  # ends in Luhn's check digit, as every IMEI does
        "4111 1111 1111 1112",  # a card's digits without its check digit
        "DE88 3704 0044 0532 0130 00",  # an account's without its own
        "2 @ 15.99 each, 4K@60Hz, f/1.8@50mm, 3200 MHz@1.35V",
        "at dot com they have it for 79",
        "generator 5000-6000 W for 100-240V",
    ],
)
def test_numbers_of_products_stay(text: str) -> None:
    assert scrub(text) == analysis.Scrubbed(text)


def test_an_ordinary_request_is_not_analysed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> None:
        raise AssertionError("analysed")

    monkeypatch.setattr(analysis, "_analyzer", never)
    for text in ("a quiet fridge under 1200, 60 cm wide", "boots in 42-44 with 20000 steps", "ein Zelt für 2 Personen"):
        assert find(text) == []
    with pytest.raises(AssertionError, match="analysed"):
        find("write to me@example.com")


def test_what_was_scrubbed_holds_nothing_more() -> None:
    for row in read(SET):
        once = scrub(row.text)
        assert scrub(once.text).taken == (), row.text


def test_a_long_text_is_read_whole() -> None:
    filler = "a warm jacket for long walks in the rain, "
    for before in (1975, 1990, 1999, 3590, 3999):
        text = (filler * 200)[:before] + " call +44 20 7946 0958 or jane.doe@example.com " + filler * 40
        assert {f.label for f in find(text)} == {"phone", "email"}
        assert "7946" not in scrub(text).text
        assert "doe" not in scrub(text).text


def test_a_text_of_hundreds_of_numbers_keeps_none() -> None:
    numbers = [f"07700 900{n:03}" for n in range(300)]
    assert not re.search(r"\d", scrub(", ".join(numbers)).text)


def test_words_without_spaces_and_text_around_stay_as_they_were() -> None:
    text = "電話番号は090-1234-5678です。ﬁne Ⅷ ½"
    assert scrub(text).text == "電話番号は[...]です。ﬁne Ⅷ ½"


def test_the_placeholder_names_nothing_that_a_shop_may_sell() -> None:
    assert not re.search(r"\w", PLACEHOLDER)


def test_a_request_is_scrubbed_with_its_turns_and_its_intent() -> None:
    asked = Request(
        "call 07700 900123 or mail me@example.com: a tent",
        history=(Turn("user", "I am me@example.com"), Turn("assistant", "Hello")),
        intent=Intent(query="tent me@example.com", preferences=("ring 07700 900123",)),
    )
    told = scrub_request(asked)
    assert told.taken == ("email", "phone")
    assert told.request == "call [...] or mail [...]: a tent"
    assert told.history[0].content == "I am [...]"
    assert told.history[1] == asked.history[1]
    assert told.intent is not None
    assert (told.intent.query, told.intent.preferences) == ("tent [...]", ("ring [...]",))
    assert scrub_request(told) is told
    plain = Request("a tent for two")
    assert scrub_request(plain) is plain


def test_the_shopper_is_told_what_was_taken_out() -> None:
    assert note_of(["email"]) == "An e-mail address was taken out of your message."
    told = note_of(["email", "phone", "card"])
    assert told == "An e-mail address, a phone number and a card number were taken out of your message."


def test_the_labelled_set_is_what_it_says() -> None:
    rows = read(SET)
    assert len(rows) == len({r.text for r in rows}) == 300
    assert {(h, bool(s)): sum(r.half == h and bool(r.spans) == s for r in rows) for h in ("dev", "test") for s in (0, 1)} == {
        ("dev", False): 75, ("dev", True): 75, ("test", False): 75, ("test", True): 75,
    }  # fmt: skip
    assert {s.label for r in rows for s in r.spans} == set(pii.LABELS)


def test_recall_and_precision_on_the_test_half() -> None:
    found = measure(r for r in read(SET) if r.half == "test")
    assert found.recall["all"].of == 77
    assert found.recall["all"].hits >= 74
    assert found.precision["all"].value >= 0.98
    assert found.clean.hits == 75


def test_a_measure_counts_what_is_left_and_what_is_wrong() -> None:
    row = Labelled("1", "mail me@example.com now", (pii.Found(5, 19, "email"),))
    assert measure([row], lambda text: [pii.Found(5, 10, "email")]).recall["email"] == Rate(0, 1)
    wrong = measure([row], lambda text: [pii.Found(0, 4, "phone"), pii.Found(5, 19, "email")])
    assert wrong.precision["phone"] == Rate(0, 1)
    assert wrong.recall["all"] == Rate(1, 1)
    assert wrong.wrong == (("1", "mail"),)
    low, high = Rate(74, 77).interval
    assert (round(low, 3), round(high, 3)) == (0.892, 0.987)  # Wilson, as published tables have it


def test_a_labelled_set_that_is_wrong_is_told_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text('{"text": "a", "spans": []}\n{"text": "a", "spans": [{"start": 0, "end": 9, "label": "email"}]}\n')
    with pytest.raises(UsageError, match=r"line 2: span 0 to 9 is not within the text"):
        read(file)
