"""What is exact in another language is put into English for the rules: amounts with their comparators, and names."""

from __future__ import annotations

import pytest

from shelftalk.understand.languages import LANGUAGES, Rewritten, rewritten, rules


class Names:
    """A catalogue with two brands, a category and a field."""

    currency: str | None = "EUR"

    def value(self, words: tuple[str, ...]) -> bool:
        return words in (("torvik",), ("soni",), ("bluetooth",), ("power", "bank"))

    def field(self, word: str) -> bool:
        return word == "cri"

    def known(self, word: str) -> bool:
        return word in ("rain", "jacket", "waterproof", "cri", "for", "sony")

    def own(self, word: str) -> bool:
        return word in ("jacket", "cri", "sony")


def read(language: str, text: str, names: Names | None = None) -> Rewritten:
    return rewritten(text, rules(language), names or Names())


@pytest.mark.parametrize(
    "language,text,english",
    [
        ("de", "Bürostuhl unter 1.299,50 €", "under 1299.5 euros"),
        ("de", "Stuhl bis zu 1.500 Euro", "at most 1500 euros"),
        ("de", "nicht mehr als 80 Euro", "at most 80 euros"),
        ("de", "Lampe mit mindestens 700 Lumen", "at least 700 lumens"),
        ("es", "por menos de treinta euros", "under 30 euros"),
        ("es", "mochila de entre 30 y 50 litros", "between 30 and 50 litres"),
        ("fr", "un jeu de société à deux, moins de 30 euros", "for 2 people, under 30 euros"),
        ("fr", "casque, 1 299,00 € maximum", "at most 1299 euros"),
        ("fr", "tente pour trois ou quatre personnes", "for 3 or 4 people"),
        ("pt", "até 300 €", "at most 300 euros"),
        ("pt", "de 100 a 250 euros", "between 100 and 250 euros"),
        ("it", "a meno di 100 euro", "under 100 euros"),
        ("it", "almeno due metri", "at least 2 metres"),
        ("nl", "onder de 100 euro", "under 100 euros"),
        ("nl", "tent voor twee personen", "for 2 people"),
        ("pl", "słuchawki do 100 euro", "at most 100 euros"),
        ("tr", "100 avrodan ucuz kulaklık", "under 100 euros"),
        ("tr", "en az 20 saat", "at least 20 hours"),
        ("ru", "наушники до 100 евро", "at most 100 euros"),
        ("ru", "не менее двух литров", "at least 2 litres"),
        ("ar", "سماعات بأقل من 100 يورو", "under 100 euros"),
        ("ar", "حتى ٣٠٠ يورو", "at most 300 euros"),
        ("zh", "30欧元以下", "at most 30 euros"),
        ("zh", "三十到五十欧元", "between 30 and 50 euros"),
        ("zh", "４３码跑鞋", "size 43"),
        ("ja", "100ユーロ以下", "at most 100 euros"),
        ("ja", "2人用テント", "for 2 people"),
        ("ko", "100유로 이하 이어폰", "at most 100 euros"),
        ("ko", "20시간 이상", "at least 20 hours"),
        ("de", "Lampe, CRI von mindestens 94", "cri at least 94"),
        ("es", "la tienda más barata", "cheapest"),
    ],
)  # fmt: skip
def test_an_amount_means_the_same_in_every_language(language: str, text: str, english: str) -> None:
    assert read(language, text).english == english


@pytest.mark.parametrize(
    "language,text",
    [
        ("de", "Hochzeitsgeschenk für zwei leidenschaftliche Köche"),
        ("de", "die drei Lampen"),
        ("de", "ein Zelt"),
        ("zh", "全家一起玩"),
        ("ru", "до 5000 рублей"),  # the prices are in euros, and no exchange is made
        ("de", "mindestens 94"),
    ],
)
def test_a_number_that_limits_nothing_for_sure_is_left_alone(language: str, text: str) -> None:
    assert read(language, text).english == ""


def test_a_currency_of_the_shop_is_read_whatever_it_is() -> None:
    names = Names()
    names.currency = "RUB"
    assert read("ru", "наушники до 5000 рублей", names).parts == (("at most 5000 euros", "до 5000 рублей"),)


@pytest.mark.parametrize(
    "language,text,english,own",
    [
        ("fr", "casque Sony", "sony", "Sony"),
        ("de", "Kopfhörer, aber nicht von Torvik", "without torvik", "nicht von Torvik"),
        ("zh", "耳机，不要Torvik的", "without torvik", "不要 Torvik"),
        ("ja", "Torvik以外のイヤホン", "without torvik", "Torvik 以外"),
        ("es", "auriculares sin bluetooth", "without bluetooth", "sin bluetooth"),
        ("ru", "наушники Sony", "sony", "Sony"),
    ],
)
def test_a_name_of_the_catalogue_is_read_and_so_is_its_denial(language: str, text: str, english: str, own: str) -> None:
    assert read(language, text).parts == ((english, own),)


def test_english_that_stands_in_a_sentence_of_another_language_is_read_as_english() -> None:
    assert read("de", "Haben Sie eine waterproof rain jacket für Kinder?").english == "waterproof rain jacket"
    assert read("de", "Haben Sie eine jacket für Kinder?").english == ""


def test_what_is_read_is_taken_out_of_the_text_to_search_for() -> None:
    found = read("fr", "Une gourde en inox d'au moins un litre, moins de 30 euros")
    assert found.rest == "Une gourde en inox"
    assert [own for _, own in found.parts] == ["d'au moins un litre", "moins de 30 euros"]


def test_words_of_the_language_are_not_looked_for_in_english_texts() -> None:
    assert read("fr", "une main pour le coin").words == ""
    assert read("de", "ein Kind mit Powerbank").words == "powerbank"
    assert read("zh", "蓝牙耳机 Bluetooth").words == "bluetooth"


def test_a_language_without_rules_still_has_its_names_read() -> None:
    assert rewritten("Sony hörlurar under 100 kronor", None, Names()).english == "sony"


def test_hostile_text_is_rewritten_without_an_error_and_in_no_time_that_grows() -> None:
    for language in LANGUAGES:
        for text in (
            "",
            "1" * 4000,
            "1,1.1 " * 600,
            "bis " * 900,
            "\u202e30 €\u202c",
            "от от от 5",
            "0" * 300,
            "万千" * 900,
        ):
            assert isinstance(read(language, text[:4000]).english, str)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_its_words(language: str) -> None:
    rule = rules(language)
    assert rule is not None
    assert len(rule.probe) == len(set(rule.probe)) == 6
    assert {2, 3, 4, 5} <= set(rule.numbers.values())
