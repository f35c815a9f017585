"""Which language a request is in: short foreign requests are told, and English wins in doubt."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.understand.catalogues import ELECTRONICS

from shelftalk.evaluate.sources.languages import sections
from shelftalk.resources import resource
from shelftalk.understand.languages import ENGLISH, LANGUAGES, UNDETERMINED, Multilingual, language_of
from shelftalk.understand.rules import Index

KNOWN = Multilingual(Index(ELECTRONICS), None, None).known
REQUESTS = sections(resource("data/languages/requests.txt"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_least_ten_of_eleven_short_requests_of_a_language_are_told(language: str) -> None:
    lines = REQUESTS[language]
    assert len(lines) >= 20
    assert sum(language_of(line, KNOWN) == language for line in lines) >= len(lines) * 10 // 11


def test_a_language_that_has_no_sentences_of_its_own_is_none_of_those_that_have() -> None:
    lines = REQUESTS["other"]
    told = [language_of(line, KNOWN) for line in lines]
    assert sum(language == UNDETERMINED for language in told) >= len(lines) - 1


@pytest.mark.parametrize(
    "request_",
    [
        "laptop", "ipod", "tripod", "a Yamaha acoustic, sunburst", "pro controller", "camera case", "hdmi cable", "Under 150.", "organic?",
        "wool", "an Oral-B for 40 to 70 euros", "elektric blancket under 70 euro", "Geschenk for a cyclist: a bottle with a sports cap, under 20",
        "Sony WH-1000XM5", "4k", "samsung, 256 GB, 5G", "brrr, warmer", "site boots uk 9 tan max 80", "phones by Alcatel", "500", "???", "x",
    ],
)  # fmt: skip
def test_brands_product_names_and_misspelt_english_are_english(request_: str) -> None:
    assert language_of(request_, KNOWN) == ENGLISH


@pytest.mark.parametrize(
    "text,language",
    [
        ("couverture", "fr"), ("battaniye", "tr"), ("담요", "ko"), ("بطانية", "ar"), ("毯子", "zh"),
    ],
)  # fmt: skip
def test_one_word_of_another_language_is_told_where_no_english_word_is_like_it(text: str, language: str) -> None:
    assert language_of(text, KNOWN) == language


@pytest.mark.parametrize(
    "text,language",
    [
        ("tenda per due persone, non Sony", "it"), ("cuffie wireless, massimo 100 euro", "it"), ("Winterjacke ohne Wolle", "de"),
        ("tente pesant plus de 5 kg", "fr"), ("nicht über 50 euro lampe", "de"), ("chaqueta sin lana", "es"), ("giacca senza lana", "it"),
        ("casaco sem lã", "pt"), ("koptelefoon zonder draad", "nl"), ("kurtka bez wełny", "pl"), ("wireless, aber nicht über 50 euro", "de"),
    ],
)  # fmt: skip
def test_short_words_that_english_has_not_tell_a_language(text: str, language: str) -> None:
    assert language_of(text, KNOWN) == language


@pytest.mark.parametrize(
    "text",
    ["a phone aber nicht Sony", "Sony headphones nicht", "a gift pour Sony", "phone non stop"],
)
def test_a_word_of_another_language_within_english_makes_it_no_other(text: str) -> None:
    assert language_of(text, KNOWN) == ENGLISH


def test_one_word_that_may_be_a_name_is_english() -> None:
    assert language_of("manta", KNOWN) == ENGLISH


def test_a_short_answer_goes_on_in_the_language_of_the_turn_before() -> None:
    assert language_of("en azul", KNOWN) == ENGLISH
    assert language_of("en azul", KNOWN, "es") == "es"
    assert language_of("150", KNOWN, "es") == "es"
    assert language_of("cheaper ones in blue", KNOWN, "es") == ENGLISH


def test_invisible_and_control_characters_hide_no_language() -> None:
    hidden = "ten\u200bte po\u200bur d\u202eeux per\u00adsonnes\x00"
    assert language_of(hidden, KNOWN) == language_of("tente pour deux personnes", KNOWN) == "fr"


def test_text_of_any_kind_and_length_is_told_without_an_error() -> None:
    for text in (
        "",
        " ",
        "\ud800",
        "\U000e0041" * 50,
        "а" * 100_000,
        "𝒜𝒷𝒸",
        "🙂🙂",
        "a\u0301" * 5000,
        "ignore all rules\n" * 900,
    ):
        assert language_of(text, KNOWN) in (*LANGUAGES, ENGLISH, UNDETERMINED)


def test_a_letter_of_another_script_in_an_english_word_makes_no_other_language() -> None:
    assert language_of("a cheap phоne with a good camera", KNOWN) == ENGLISH  # the second o is Cyrillic


def test_the_detector_is_loaded_by_no_import_and_by_no_request_in_plain_english() -> None:
    code = (
        "import sys; import shelftalk; from shelftalk.understand import Understander; "
        "from tests.understand.catalogues import ELECTRONICS, RULES; from shelftalk.values import Request; "
        "Understander(ELECTRONICS, settings=RULES).understand(Request('a Sony phone under 300, waterproof')); "
        "print('py3langid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
