"""A limit is read in the shop's own currency, however its customers write it, and in no other's words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.understand.catalogues import RULES

from shelftalk.catalog.facets import collect
from shelftalk.explain.named import taken_as
from shelftalk.understand import Understander
from shelftalk.values import Facet, Facets, Product, Request


def shop(code: str) -> Understander:
    prices = (60, 90, 130, 200)
    return Understander(
        collect(Product(str(p), f"Vase {p}", price=Decimal(p), currency=code, categories=("Vases",)) for p in prices),
        settings=RULES,
    )


SAID = {
    "CHF": ("100 CHF", "100 francs", "100 swiss francs", "Fr. 100", "SFr. 100", "100 Franken"),
    "SEK": ("100 SEK", "100 kr", "kr 100", "100 kronor", "100kr"),
    "PLN": ("100 PLN", "100 zł", "100 zl", "100 zlotys", "PLN 100"),
    "TRY": ("100 TRY", "100 TL", "₺100", "100 lira"),
    "AED": ("100 AED", "AED 100", "100 dirhams", "Dhs 100"),
    "BRL": ("100 BRL", "R$100", "R$ 100", "100 reais", "100 real", "100 brazilian reais"),
    "KES": ("100 KES", "KES 100", "KSh 100", "Ksh100", "100 shillings", "100 kenyan shillings", "100 bob"),
    "BDT": ("100 BDT", "৳100", "100 taka", "Tk 100", "Tk. 100"),
    "INR": ("100 INR", "Rs. 100", "Rs.100", "₹ 100", "100 rupees", "100/-"),
    "ZAR": ("R100", "R 100", "100 rand"),
    "MYR": ("RM100", "100 ringgit"),
    "NGN": ("₦100", "100 naira", "NGN 100"),
    "MXN": ("$100", "100 pesos", "MX$100"),
    "CAD": ("$100", "C$100", "100 canadian dollars"),
    "HUF": ("100 Ft", "100 forint"),
    "DKK": ("100 kr.", "100 kroner"),
    "EGP": ("EGP 100", "100 egyptian pounds", "LE 100"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "said"), [(code, said) for code, ways in SAID.items() for said in ways])
def test_every_usual_way_of_writing_it_is_a_limit_in_the_shops_currency(code: str, said: str) -> None:
    request = f"a vase under {said}"
    intent = shop(code).understand(Request(request)).intent
    assert [(c.field, c.operator, c.value) for c in intent.constraints] == [("price", "<", 100)]
    assert taken_as(intent, code, request) == (), "no other currency was named"


@pytest.mark.parametrize(
    ("code", "said", "limit"),
    [
        ("CHF", "1'000 CHF", 1000), ("CHF", "Fr. 1’299.50", 1299.5), ("CHF", "120.-", 120), ("PLN", "1 000 zł", 1000), ("PLN", "1 299,50 zł", 1299.5),
        ("PLN", "500 złotych", 500), ("SEK", "2 500 kronor", 2500), ("SEK", "2 500", 2500), ("SEK", "2\u00a0500 kr", 2500), ("SEK", "99:-", 99),
        ("TRY", "3.000 lira", 3000), ("TRY", "3.000,50 TL", 3000.5), ("BRL", "R$ 1.299", 1299), ("BRL", "25,50 reais", 25.5), ("CZK", "12 000 Kč", 12000),
        ("KES", "Kshs. 50,000", 50000), ("AED", "1000 د.إ", 1000), ("INR", "1,00,000 rupees", 100000), ("KWD", "1.500 KWD", 1.5),
        ("EUR", "1.500 euros", 1500), ("USD", "12.50 dollars", 12.5),
    ],
)  # fmt: skip
def test_thousands_and_decimals_are_read_as_the_country_writes_them(code: str, said: str, limit: float) -> None:
    intent = shop(code).understand(Request(f"a vase under {said}")).intent
    assert [(c.field, c.operator, c.value) for c in intent.constraints] == [("price", "<", limit)]
    answered = shop(code).understand(Request(f"I need a vase under {said} please"))
    assert not [n for n in answered.notes if "not read" in n], "no part of the amount is left over"


def test_both_ends_of_a_range_are_written_alike() -> None:
    intent = shop("SEK").understand(Request("a vase between 1 000 and 2 500 kronor")).intent
    assert [(c.field, c.operator, c.value) for c in intent.constraints] == [("price", "between", (1000, 2500))]


def test_an_amount_of_other_thousands_in_another_currency_is_told_as_it_was_written() -> None:
    request = "a vase under €1.500"
    (note,) = taken_as(shop("CHF").understand(Request(request)).intent, "CHF", request)
    assert "€1.500' was taken as an amount in CHF" in note


@pytest.mark.parametrize("said", ["2 500 ml vases", "vase 128 256", "vase 1.500 kg", "vase 12'6"])
def test_numbers_beside_no_currency_are_not_put_together(said: str) -> None:
    assert all(v.value not in (2500, 128256, 1500) for v in shop("SEK").understand(Request(said)).intent.constraints)


@pytest.mark.parametrize("said", ["100 rand", "R 100", "100 shillings", "100 bob", "100 won"])
def test_words_that_are_another_countrys_money_are_no_price_here(said: str) -> None:
    assert shop("EUR").understand(Request(f"a vase under {said}")).intent.constraints == ()


def test_a_currencys_own_word_is_no_slip_of_anothers() -> None:
    shop = Facets(
        (Facet("categories", "list", 9, 1, (("Boots", 9),)), Facet("price", "money", 9, 9, (), 90.0, 2000.0)),
        9,
        1,
        "NOK",
    )
    understood = Understander(shop, settings=RULES).understand(Request("boots up to 1000 kroner"))
    assert [(c.field, c.operator, c.value) for c in understood.intent.constraints if c.field == "price"] == [
        ("price", "<=", 1000)
    ]
    assert not understood.notes
