"""A model that the catalogue lists nothing for is a limit that nothing meets, and said; other models are not shown as if they were it."""

from __future__ import annotations

import pytest
from tests.understand.hardware import left, understood

from shelftalk.understand.rules.leftover import unread
from shelftalk.values import Intent


@pytest.mark.parametrize("text, model", [
    ("nova 9 case", "nova 9"), ("case for a Nova 12", "Nova 12"), ("nova9 cover", "nova9"), ("nova 7 plus case", "nova 7 plus"), ("nova 8 pro cover", "nova 8 pro"),
    ("orbit s4 case", "orbit s4"), ("a phone case for my nova 6 under 30", "nova 6"), ("Orbit S3 Ultra cover", "Orbit S3 Ultra"), ("a case for our Nova 10", "Nova 10"), ("nova 11, a clear cover", "nova 11"),
])  # fmt: skip
def test_an_unknown_model_is_limited_to_and_said(text, model):
    told = understood(text)
    assert ("fits_device", "=", model) in [(c.field, c.operator, c.value) for c in told.intent.constraints]
    assert f"nothing here is listed for '{model}'" in told.notes


@pytest.mark.parametrize("text, expected", [
    ("nova 7 case", {"case-Nova7"}), ("nova 7 lite case", {"case-Nova7Lite"}), ("a case for my nova 8", {"case-Nova8"}), ("nova8 cover", {"case-Nova8"}), ("orbit s3 case", {"case-OrbitS3"}),
])  # fmt: skip
def test_a_known_model_is_its_own_alone(text, expected):
    assert left(text) == expected
    assert not any("nothing here" in note for note in understood(text).notes)


def test_a_model_that_is_turned_down_limits_nothing():
    assert left("a phone case, not for nova 9") >= {"case-Nova7", "case-Nova8"}


@pytest.mark.parametrize("request_text, expected", [
    ("a Nova 9 cover", "nothing here is called 'Nova 9'"), ("a Nova 7 cover", "'7' was not read as a limit"), ("a plum 9 cover", "'9' was not read as a limit"),
])  # fmt: skip
def test_where_only_titles_tell_of_models_another_number_is_said_too(request_text, expected):
    titles = {"Nova": {"7", "8"}}
    notes = unread(request_text, Intent(), numbered=lambda word: titles.get(word, set()))
    assert notes[0].startswith(expected)
