"""What a row may hold, and what becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from shelftalk.lists.parts import Row, split
from shelftalk.lists.users import MOST, asked_of

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


def asked(record: object):
    return asked_of(Row(1, "users.jsonl line 1", json.dumps(record).encode()), lambda user: f"h-{user}", NOW)


def test_a_user_alone_is_known_by_the_pseudonym_and_has_no_history_of_the_row() -> None:
    found = asked({"user": 7})
    assert (found.user, found.known, found.error) == ("7", False, "")
    assert (found.shopper.user, found.shopper.history, found.shopper.context.at) == ("h-7", (), NOW)
    assert asked({"user": 7, "history": []}).known


def test_product_ids_alone_were_chosen_the_last_of_them_last() -> None:
    history = asked({"user": "a", "history": ["p1", 2, "p3"]}).shopper.history
    assert [(one.product_id, one.kind, one.user, one.id) for one in history] == [
        ("p3", "like", "h-a", "history-3"), ("2", "like", "h-a", "history-2"), ("p1", "like", "h-a", "history-1"),
    ]  # fmt: skip
    assert all(one.at < NOW for one in history)


def test_interactions_are_read_by_the_names_that_exports_use() -> None:
    (rated, bought) = asked({
        "user": "a",
        "history": [
            {"product": "p1", "event": "buy", "time": "2026-05-02T10:00:00+02:00", "price": "19.90", "currency": "eur"},
            {"product_id": "p2", "rating": 4, "at": 1777800000, "id": "e9"},
        ],
    }).shopper.history  # fmt: skip
    assert (bought.kind, str(bought.price), bought.currency, bought.at) == (
        "purchase",
        "19.90",
        "EUR",
        datetime(2026, 5, 2, 8, tzinfo=UTC),
    )
    assert (rated.kind, rated.value, rated.id) == ("rating", 4.0, "e9")


def test_what_is_later_than_the_list_had_not_happened() -> None:
    history = asked(
        {"user": "a", "history": [{"product_id": "p1", "at": "2027-01-01"}, {"product_id": "p2", "at": "2026-01-01"}]}
    )
    assert [one.product_id for one in history.shopper.history] == ["p2"]


def test_the_newest_interactions_are_kept() -> None:
    history = asked({"user": "a", "history": [f"p{i}" for i in range(MOST + 5)]}).shopper.history
    assert (len(history), history[0].product_id, history[-1].product_id) == (MOST, f"p{MOST + 4}", "p5")


def test_context_is_read() -> None:
    found = asked(
        {
            "user": "a",
            "context": {
                "at": "2026-12-24T18:00:00Z",
                "place": "AT",
                "season": "winter",
                "device": "phone",
                "within_days": 3,
            },
        }
    )
    context = found.shopper.context
    assert (context.at.day, context.place, context.season, context.device) == (24, "AT", "winter", "phone")
    assert context.within_days == 3


@pytest.mark.parametrize("record, words", [
    ({"user": True}, "'user' must be"), ({"user": " "}, "'user' must be"), ([1], "JSON object"), ({"user": "a", "history": [1.5]}, "entry 1"),
    ({"user": "a", "history": ["p", {"kind": "view"}]}, "entry 2: product_id is missing"), ({"user": "a", "context": "AT"}, "'context' must"),
    ({"user": "a", "context": {"within_days": "soon"}}, "within_days 'soon' is no number of days"),
    ({"user": "a", "history": [{"product_id": "p", "price": -1}]}, "price is -1"),
    ({"user": "a", "history": [{"product_id": "p", "value": "x"}]}, "value 'x'"),
    ({"user": "a", "history": [{"product_id": "p", "kind": "dismiss", "why": "mood"}]}, "why 'mood' is not known"),
    ({"user": "a", "history": ["p"] * 100_001}, "100001 entries"), ({"user": "a", "history": {"p": 1}}, "'history' must be a list"),
])  # fmt: skip
def test_a_bad_row_says_where_and_what(record, words) -> None:
    found = asked(record)
    assert found.shopper is None
    assert found.error.startswith("users.jsonl line 1: ")
    assert words in found.error


def test_an_error_shows_no_control_characters_of_the_input() -> None:
    assert "\x1b" not in asked({"user": "a", "context": {"season": "\x1b[31mred"}}).error


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_split_alike_however_the_blocks_fall(size) -> None:
    raw = b"one\n\nthree is long\r\n4\nlast"
    blocks = [raw[i : i + size] for i in range(0, len(raw), size)]
    found = list(split(blocks, longest=10))
    assert [line for line, _ in found] == [b"one", b"", None, b"4", b"last"]
    assert sum(length for _, length in found) == len(raw)
