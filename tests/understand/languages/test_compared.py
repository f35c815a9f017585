"""Comparators of other languages: denied ones are turned round, and what cannot be told limits nothing."""

from __future__ import annotations

import pytest
from tests.understand.languages.test_rewrite import read

from shelftalk.understand.languages import LANGUAGES

# At most 50 euros and at most 1 kg, said by denying more; at least 2 kg, said by denying less.
DENIED = [
    ("de", "Kopfhörer, die nicht mehr kosten sollen als 50 Euro", "at most 50 euros"),
    ("de", "Rucksack nicht schwerer als 1 kg", "at most 1 kg"),
    ("de", "nicht leichter als 2 kg", "at least 2 kg"),
    ("de", "Kopfhörer, der 50 Euro nicht übersteigt", "at most 50 euros"),
    ("es", "auriculares que no cuesten más de 50 euros", "at most 50 euros"),
    ("es", "auriculares no más caros que 50 euros", "at most 50 euros"),
    ("es", "que no pesen más de 200 gramos", "at most 200 grams"),
    ("es", "mochila que no pese menos de 2 kg", "at least 2 kg"),
    ("fr", "un casque qui ne coûte pas plus de 50 euros", "at most 50 euros"),
    ("fr", "un casque pas plus cher que 50 euros", "at most 50 euros"),
    ("fr", "un sac qui ne pèse pas moins de 2 kg", "at least 2 kg"),
    ("pt", "fones que não custem mais de 50 euros", "at most 50 euros"),
    ("pt", "mochila que não seja mais pesada do que 1 kg", "at most 1 kg"),
    ("pt", "mochila que não pese menos do que 2 kg", "at least 2 kg"),
    ("it", "cuffie che non costino più di 50 euro", "at most 50 euros"),
    ("it", "cuffie non più care di 50 euro", "at most 50 euros"),
    ("it", "zaino che non pesi meno di 2 kg", "at least 2 kg"),
    ("nl", "koptelefoon niet duurder dan 50 euro", "at most 50 euros"),
    ("nl", "rugzak die niet zwaarder mag zijn dan 1 kg", "at most 1 kg"),
    ("nl", "niet lichter dan 2 kg", "at least 2 kg"),
    ("pl", "słuchawki, które nie kosztują więcej niż 50 euro", "at most 50 euros"),
    ("pl", "plecak nie cięższy niż 1 kg", "at most 1 kg"),
    ("pl", "plecak nie lżejszy niż 2 kg", "at least 2 kg"),
    ("tr", "kulaklık 50 eurodan fazla olmasın", "at most 50 euros"),
    ("tr", "1 kilodan ağır olmayan çanta", "at most 1 kilos"),
    ("tr", "2 kilodan daha hafif olmayan çanta", "at least 2 kilos"),
    ("tr", "50 euroyu geçmesin", "at most 50 euros"),
    ("ru", "чтобы наушники не стоили больше 50 евро", "at most 50 euros"),
    ("ru", "наушники не дороже 50 евро", "at most 50 euros"),
    ("ru", "рюкзак не тяжелее чем 1 кг", "at most 1 kilos"),
    ("ru", "не легче 2 кг", "at least 2 kilos"),
    ("ar", "سماعات سعرها ليس أكثر من 50 يورو", "at most 50 euros"),
    ("ar", "حقيبة ليست أثقل من 2 كيلو", "at most 2 kilos"),
    ("ar", "ليس أقل من 20 ساعة", "at least 20 hours"),
    ("zh", "耳机不要超过50欧元", "at most 50 euros"),
    ("zh", "背包不重于1公斤", "at most 1 kilos"),
    ("zh", "不要少于20小时", "at least 20 hours"),
    ("ja", "50ユーロを超えないヘッドホン", "at most 50 euros"),
    ("ja", "1キロより重くないバッグ", "at most 1 kilos"),
    ("ja", "2キロより軽くないバッグ", "at least 2 kilos"),
    ("ko", "50유로를 넘지 않는 헤드폰", "at most 50 euros"),
    ("ko", "1킬로보다 무겁지 않은 가방", "at most 1 kilos"),
    ("ko", "2킬로보다 가볍지 않은 가방", "at least 2 kilos"),
]


@pytest.mark.parametrize("language,text,english", DENIED)
def test_a_denied_comparator_is_turned_round(language: str, text: str, english: str) -> None:
    assert read(language, text).english == english


def test_both_denials_are_tested_in_every_language() -> None:
    for word in ("at most", "at least"):
        assert {language for language, _, english in DENIED if english.startswith(word)} == set(LANGUAGES)


@pytest.mark.parametrize(
    "language,text,english",
    [
        ("de", "Rucksack schwerer als 1 kg", "over 1 kg"),
        ("de", "Zelt nicht länger als 2 m und nicht kleiner als 1 m", "at most 2 m, at least 1 m"),
        ("es", "mochila que pese menos que 1 kg", "under 1 kg"),
        ("fr", "sac à dos moins lourd que 1 kg", "under 1 kg"),
        ("fr", "sac à dos plus léger que 1 kg", "under 1 kg"),
        ("fr", "tente pesant plus de 5 kg", "over 5 kg"),
        ("pt", "fones que custem mais do que 50 euros", "over 50 euros"),
        ("it", "batteria che dura più di 30 ore", "over 30 hours"),
        ("nl", "rugzak lichter dan 1 kg", "under 1 kg"),
        ("pl", "plecak cięższy niż 1 kg", "over 1 kg"),
        ("tr", "50 eurodan pahalı", "over 50 euros"),
        ("tr", "çadır 150 euro altında", "under 150 euros"),
        ("tr", "çadır 150 euro altı", "under 150 euros"),
        ("tr", "150 euroya kadar çadır", "at most 150 euros"),
        ("ru", "тяжелее 1 кг", "over 1 kilos"),
        ("zh", "超过20小时", "over 20 hours"),
        ("ja", "1キロより重い", "over 1 kilos"),
        ("ko", "50유로보다 싼", "under 50 euros"),
    ],
)
def test_comparatives_of_one_word_and_of_two_are_read(language: str, text: str, english: str) -> None:
    assert read(language, text).english == english


def test_what_a_name_is_denied_for_is_no_denial_of_the_limit() -> None:
    assert read("de", "Kopfhörer nicht von Torvik über 50 Euro").english == "without torvik, over 50 euros"
    assert read("es", "auriculares, no Torvik, más de 30 horas").english == "without torvik, over 30 hours"
    assert read("de", "Lampe, nicht schwarz, über 50 Euro").english == "over 50 euros"


@pytest.mark.parametrize(
    "language,text,unread",
    [
        ("de", "Lampe nicht schwarz über 50 Euro", "50 Euro"),
        ("fr", "une lampe aussi grande que 40 cm", "40 cm"),
        ("pl", "plecak nie grubszy niż 20 cm", "20 cm"),
        ("de", "Rucksack, der nicht 2 kg wiegt", "2 kg"),
        ("tr", "50 eurodan beter", "50 euro"),
        ("tr", "100 liradan ucuz", "100 lira"),
        ("ja", "50ユーロを割る", "50 ユーロ"),
        ("ko", "50유로를 밑도는", "50 유로"),
    ],
)
def test_an_amount_whose_comparator_or_currency_is_not_known_limits_nothing(
    language: str, text: str, unread: str
) -> None:
    found = read(language, text)
    assert found.english == ""
    assert found.unread == (unread,)


@pytest.mark.parametrize(
    "language,text",
    [
        ("de", "das billigste Zelt"),
        ("es", "la tienda más barata"),
        ("fr", "la tente la moins chère"),
        ("pt", "a tenda mais barata"),
        ("it", "la tenda più economica"),
        ("nl", "de goedkoopste tent"),
        ("pl", "najtańszy namiot"),
        ("tr", "en ucuz çadır"),
        ("ru", "самая дешёвая палатка"),
        ("ar", "أرخص خيمة"),
        ("zh", "最便宜的帐篷"),
        ("ja", "一番安いテント"),
        ("ko", "가장 싼 텐트"),
    ],
)
def test_the_cheapest_is_asked_for_in_every_language(language: str, text: str) -> None:
    assert "cheapest" in read(language, text).english
