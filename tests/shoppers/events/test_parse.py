"""One record becomes one interaction, whole; or it is refused for a reason that can be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.shoppers.events import BadEvent, EventParser, kind_of
from shelftalk.shoppers.events.records import record_of
from shelftalk.values import Interaction

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MADE = Pseudonyms("k" * 32)
PARSER = EventParser(MADE, now=lambda: NOW)
DERIVED = EventParser(MADE, derived=True, now=lambda: NOW)
VIEW = {"kind": "view", "product_id": "p1", "at": "2026-05-31T10:00:00Z"}


def read(**record: Any) -> Interaction:
    return PARSER.read(VIEW | record)


def refused(parser: EventParser = PARSER, **record: Any) -> tuple[str, str, str]:
    with pytest.raises(BadEvent) as error:
        parser.read(VIEW | record)
    return error.value.reason, error.value.field, str(error.value)


def test_every_field_arrives_and_a_record_made_of_it_is_read_as_the_same() -> None:
    one = PARSER.read(
        {
            "id": "k1", "user": "ada", "kind": "dismiss", "at": "2026-05-31T12:00:00.25+02:00", "product_id": "p/1", "value": 1.5,
            "price": "19.90", "currency": "eur", "text": "too dear", "why": "price", "session": "visit 1", "place": "DE",
            "device": "phone", "request": "a tent",
        }
    )  # fmt: skip
    assert one == Interaction(
        MADE.of("ada"), "dismiss", datetime(2026, 5, 31, 10, 0, 0, 250000, UTC), "p/1", "k1", 1.5, Decimal("19.90"), "EUR", "too dear",
        "price", "visit 1", "DE", "phone", "a tent",
    )  # fmt: skip
    assert PARSER.read(record_of(one)) == one


def test_the_raw_id_of_a_user_is_in_nothing_that_leaves_the_parser() -> None:
    one = read(user="ada@example.org", id="ada@example.org:42", session="visit of ada@example.org")
    assert "ada" not in repr(one)
    assert one.id.startswith("i_")
    assert one.session.startswith("s_")
    assert one == read(user="ada@example.org", id="ada@example.org:42", session="visit of ada@example.org")
    assert one.id != read(user="ada@example.org", id="ada@example.org:43").id
    assert read(user=MADE.of("ada"), id="k").user == MADE.of("ada")
    assert EventParser(MADE, "b").read(VIEW | {"user": "ada"}).user == MADE.of("ada", "b")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-05-31", "2026-05-31T00:00:00"), ("2026-05-31 10:00:00 UTC", "2026-05-31T10:00:00"),
        ("2026-05-31 10:00:00 -0400", "2026-05-31T14:00:00"), ("2026-05-31T10:00", "2026-05-31T10:00:00"),
        (1780221600, "2026-05-31T10:00:00"), ("1780221600", "2026-05-31T10:00:00"), (1780221600123, "2026-05-31T10:00:00.123"),
        (1780221600123456, "2026-05-31T10:00:00.123456"), ("1780221600123456", "2026-05-31T10:00:00.123456"),
        (1780221600.5, "2026-05-31T10:00:00.5"), (datetime(2026, 5, 31, 10), "2026-05-31T10:00:00"),
        (1780221600123456789, "2026-05-31T10:00:00.123456"),
    ],
)  # fmt: skip
def test_moments_are_read_as_they_are_written(written: Any, meant: str) -> None:
    assert read(at=written).at == datetime.fromisoformat(meant).replace(tzinfo=UTC)


def test_a_moment_without_an_offset_is_in_the_zone_that_is_told() -> None:
    parser = EventParser(MADE, zone=ZoneInfo("Europe/Berlin"), now=lambda: NOW)
    assert parser.read(VIEW | {"at": "2026-05-31 10:00"}).at.hour == 8
    assert parser.read(VIEW | {"at": "2026-05-31 10:00Z"}).at.hour == 10


def test_a_clock_a_little_ahead_is_now_and_one_far_ahead_is_refused() -> None:
    assert read(at=NOW + timedelta(minutes=5)).at == NOW
    assert read(at=None).at == NOW
    reason, field, told = refused(at=NOW + timedelta(minutes=5, seconds=1))
    assert (reason, field) == ("future", "at")
    assert "ahead of this server's clock (2026-06-01T12:00:00Z) by more than 5 minutes" in told


@pytest.mark.parametrize(
    ("record", "reason", "field", "told"),
    [
        ({"kind": "bang"}, "unknown_kind", "kind", "kind 'bang' is not known; one of view, click"),
        ({"kind": None}, "unknown_kind", "kind", "kind is missing"),
        ({"product_id": ""}, "no_product", "product_id", "product_id is missing"),
        ({"product_id": True}, "bad_text", "product_id", "must be a text, not yes or no"),
        ({"product_id": "x" * 513}, "too_long", "product_id", "has 513 characters; 512 are taken"),
        ({"product_id": "a\x00"}, "bad_text", "product_id", "is no text"),
        ({"user": "\udcff"}, "bad_text", "user", "broken encoding"),
        ({"at": "yesterday"}, "bad_time", "at", "'yesterday' is no moment; write one like"),
        ({"at": "0001-01-01T00:00+14:00"}, "bad_time", "at", "is no moment"),
        ({"at": "1969-01-01"}, "bad_time", "at", "before 1971"),
        ({"at": ["2026"]}, "bad_time", "at", "is no moment"),
        ({"at": 10**30}, "bad_time", "at", "is no moment"),
        ({"value": -1}, "negative", "value", "value is -1; negative values are not taken"),
        ({"price": "-0.01"}, "negative", "price", "price is -0.01"),
        ({"price": "free"}, "bad_number", "price", "'free' is no number"),
        ({"value": float("nan")}, "bad_number", "value", "is no number"),
        ({"value": "Infinity"}, "bad_number", "value", "is no number"),
        ({"value": 10**13}, "bad_number", "value", "is over 10^12"),
        ({"value": []}, "bad_number", "value", "must be a number, not a list"),
        ({"currency": "euro"}, "bad_currency", "currency", "'EURO' is no ISO 4217 code"),
        ({"kind": "dismiss", "why": "ugly"}, "bad_why", "why", "why 'ugly' is not known; one of brand, price"),
        ({"why": "price"}, "bad_why", "why", "belongs to a dismiss, not to a view"),
        ({"kind": "rating"}, "bad_value", "value", "value is missing: the rating, 1 to 5"),
        ({"kind": "rating", "value": 6}, "bad_value", "value", "value 6 of a rating is not within 1 and 5"),
        ({"kind": "dwell"}, "bad_value", "value", "in seconds"),
        ({"kind": "purchase", "value": 0}, "bad_value", "value", "0 is none"),
        ({"kind": "search", "text": "a tent"}, "bad_product", "product_id", "a search is of no product"),
        ({"kind": "search", "product_id": None}, "no_text", "text", "the words that were searched for"),
        ({"kind": "review"}, "no_text", "text", "the words of the review"),
        ({"conversation": "visit"}, "unknown_conversation", "conversation", "must be the id of one"),
        ({"conversation": "0" * 32, "session": "s"}, "two_sessions", "session", "not both"),
        ({"prodct": "x"}, "unknown_field", "prodct", "there is no field 'prodct'"),
    ],
)  # fmt: skip
def test_what_is_no_interaction_is_refused_with_reason_field_and_words(
    record: dict[str, Any], reason: str, field: str, told: str
) -> None:
    assert refused(**record)[:2] == (reason, field)
    assert told in refused(**record)[2]


def test_a_search_a_review_and_a_rating_hold_what_they_are() -> None:
    assert PARSER.read({"kind": "search", "text": "a tent"}).product_id == ""
    assert read(kind="review", text="It leaks.", value=2).value == 2.0
    assert read(kind="rating", value="4.5").value == 4.5
    assert read(kind="dwell", value=0).value == 0.0
    assert read(product_id=17).product_id == "17"


def test_names_that_shops_give_to_kinds_are_known() -> None:
    names = {
        "Add to Cart": "cart",
        "bought": "purchase",
        "more_like": "like",
        "addtocart": "cart",
        "buy": "purchase",
        "view_item": "view",
    }
    assert {name: kind_of(name) for name in names} == names
    assert kind_of("refund") is None


def test_a_record_without_an_id_gets_the_one_that_its_content_has() -> None:
    one = {"kind": "view", "product_id": "p1", "user": "ada", "at": "2026-05-31T10:00:00Z"}
    first = DERIVED.read(one)
    assert first.id == DERIVED.read({**one, "at": "2026-05-31T12:00:00+02:00"}).id
    others = [
        {**one, "user": "eve"},
        {**one, "product_id": "p2"},
        {**one, "kind": "click"},
        {**one, "at": "2026-05-31T10:00:01Z"},
        {**one, "value": 2},
    ]
    assert len({first.id, *(DERIVED.read(other).id for other in others), DERIVED.read(one, line="2").id}) == 7
    assert DERIVED.read({**one, "id": "own"}).id == "own"
    assert PARSER.read(one).id != PARSER.read(one).id
    assert refused(DERIVED, at=None)[:2] == ("bad_time", "at")
    ahead = {**one, "at": NOW + timedelta(minutes=1)}
    later = EventParser(MADE, derived=True, now=lambda: NOW + timedelta(hours=1))
    assert DERIVED.read(ahead).id == later.read(ahead).id, "whenever it is read"


def test_texts_that_a_shopper_wrote_go_through_what_takes_personal_data_out() -> None:
    parser = EventParser(MADE, texts=lambda text: text.replace("ada@example.org", "[email]"), now=lambda: NOW)
    one = parser.read(VIEW | {"kind": "review", "text": "write to ada@example.org", "request": "from ada@example.org"})
    assert (one.text, one.request) == ("write to [email]", "from [email]")
