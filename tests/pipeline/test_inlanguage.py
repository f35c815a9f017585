"""What a shopper who writes in another language gets: what names and numbers find, said in that language, and no confident nonsense."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest

from shelftalk import Shelf, Turn, load_settings
from shelftalk.catalog import Catalog
from shelftalk.prompts import PromptLibrary
from shelftalk.retrieve import Shelves
from shelftalk.schema import json_schema
from shelftalk.server.chat_text import chat_text
from shelftalk.understand.languages import LANGUAGES, PROBES, rules
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import PRODUCTS


class Knowing(HashEmbedder):
    """A hashing embedder that also knows French: its sentences, and what a kettle is called."""

    def encode_query(self, text: str) -> np.ndarray:
        rule = rules("fr")
        assert rule is not None
        known = dict(zip(rule.probe, PROBES, strict=True))
        return super().encode_query(known.get(text, text.replace("bouilloire", "kettle")))


STATES = ("meaning", "model", "words", "nothing", "unclear", "follow", "talk")


def opened(folder, embedder: HashEmbedder) -> Shelf:
    catalog = Catalog.open(folder / "catalog", create=True, embedder=embedder)
    catalog.upsert(PRODUCTS)
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    return Shelf(catalog, settings, PromptLibrary.default(), None)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("english"), HashEmbedder()) as one:
        yield one


@pytest.fixture(scope="module")
def french(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("french"), Knowing()) as one:
        yield one


def ids(answer) -> list[str]:
    return [pick.product.id for pick in answer.picks]


def test_where_nothing_is_known_of_what_is_wanted_nothing_is_shown_and_the_answer_says_so(shelf) -> None:
    answer = shelf.ask("un jeu de société à deux, moins de 30 euros")
    assert answer.picks == ()
    assert answer.no_match
    assert answer.language == "fr"
    assert answer.notes[0].startswith("Cette recherche ne comprend pas encore le français.")
    assert "moins de 30 euros" in answer.notes[0]


def test_what_a_name_and_a_number_find_is_shown_with_a_note(shelf) -> None:
    answer = shelf.ask("etwas von Orsk unter 25 Euro, bitte")
    assert ids(answer) == ["k1"]
    assert answer.notes[0].startswith("Diese Suche versteht Deutsch noch nicht: Gezeigt wird nur")
    assert "Orsk" in answer.notes[0]
    assert "unter 25 Euro" in answer.notes[0]


def test_a_word_that_stands_in_a_product_is_found_by_full_text(shelf) -> None:
    answer = shelf.ask("eine Teekanne, auf Englisch teapot, für meine Großmutter")
    assert ids(answer)[:1] == ["t1"]
    assert answer.language == "de"


def test_a_name_that_is_not_wanted_is_nothing_to_go_by(shelf) -> None:
    assert shelf.ask("irgendetwas Schönes, nicht von Orsk").picks == ()


def test_an_embedder_that_knows_the_language_finds_by_meaning(french) -> None:
    answer = french.ask("une bouilloire pour ma cuisine, moins de 35 euros")
    assert set(ids(answer)) == {"k1", "k2"}
    assert answer.notes[0].startswith("La recherche s'est faite sur le sens de votre demande.")
    assert "moins de 35 euros" in answer.notes[0]
    german = french.ask("ein Wasserkocher für meine Küche, unter 35 Euro")
    assert german.picks == ()


def test_the_cheapest_is_ordered_by_price_in_another_language(french) -> None:
    assert ids(french.ask("la bouilloire la moins chère"))[0] == "k1"


def test_the_cheapest_of_what_is_not_understood_is_not_shown(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(
        Shelves, "called", lambda self, text: ["Lamps"]
    )  # the search finds kettles, and no name is near
    with opened(tmp_path, Knowing()) as one:
        answer = one.ask("le truc le moins cher pour ma grand-mère")
    assert answer.picks == ()
    assert answer.notes[0].startswith("Le produit recherché n'a pas été compris, rien n'est donc affiché.")


@pytest.mark.parametrize(
    "text,language",
    [("danke!", "de"), ("merci beaucoup", "fr"), ("schreib mir ein Gedicht über Zelte", "de"), ("谢谢", "zh")],
)
def test_thanks_and_other_tasks_are_no_requests_in_any_language(shelf, text: str, language: str) -> None:
    answer = shelf.ask(text)
    assert answer.picks == ()
    assert not answer.intent.shopping
    assert answer.language == language
    assert len(answer.notes) == 1


def test_a_later_turn_that_is_not_read_is_said_not_to_be(shelf) -> None:
    history = (Turn("user", "etwas von Orsk, bitte"), Turn("assistant", "1. Orsk kettle, red, k1 - 19.90 EUR [k1]"))
    answer = shelf.ask("günstiger bitte", history=history)
    assert answer.notes[0].startswith("Diese Nachfrage wurde nicht verstanden")
    assert answer.language == "de"


def test_an_english_turn_after_one_that_nothing_here_understands_shows_nothing(shelf) -> None:
    history = (Turn("user", "ein Spiel für meine Kinder unter 300 Euro"), Turn("assistant", "Nichts."))
    answer = shelf.ask("cheaper ones", history=history)
    assert answer.picks == ()
    assert answer.notes[0].startswith("It was not understood which product you are looking for")


def test_an_amount_that_was_not_read_is_named(shelf) -> None:
    assert "Nicht als Vorgabe verstanden: 2 kg." in shelf.ask("etwas von Orsk, der nicht 2 kg wiegt").notes[0]


def test_the_answer_in_another_language_keeps_the_documented_form(shelf) -> None:
    wire = shelf.ask("etwas von Orsk unter 25 Euro, bitte").to_dict()
    assert wire["language"] == "de"
    jsonschema.validate(wire, json_schema("answer"))
    assert shelf.ask("a red kettle").to_dict()["language"] == "en"


def test_a_conversation_in_another_language_goes_on(shelf) -> None:
    history = (Turn("user", "etwas von Orsk, bitte"), Turn("assistant", "1. Orsk kettle, red, k1 - 19.90 EUR [k1]"))
    answer = shelf.ask("aber nicht mehr als 25 Euro", history=history)
    assert ids(answer) == ["k1"]
    assert answer.language == "de"


def test_the_chat_says_it_once_and_in_the_shoppers_language(shelf) -> None:
    text = chat_text(shelf.ask("un jeu de société à deux, moins de 30 euros"))
    assert text.count("Cette recherche ne comprend pas encore le français.") == 1
    assert "Nothing in the catalogue fits" not in text


def test_a_language_of_no_sentences_is_spoken_to_in_english(shelf) -> None:
    answer = shelf.ask("olcsó hátizsák laptoptartóval a nagymamámnak")
    assert answer.language == "und"
    assert answer.notes[0].startswith("This search does not understand this language yet.")


def test_each_language_says_each_thing_in_words_of_its_own() -> None:
    template = PromptLibrary.default().get("answer/language")
    told = set()
    for language in (*LANGUAGES, "und"):
        for state in STATES:
            said = template.render(language=language, state=state, read=["< 30"], kind="", unread=["2 kg"])
            said = said.messages[0].content
            assert "< 30" in said
            assert "2 kg" in said
            told.add(said)
    assert len(told) == len(STATES) * (len(LANGUAGES) + 1)
