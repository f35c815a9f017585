"""A limit is read in the shop's own currency, however its customers write it, and in no other's words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.understand.catalogues import RULES

from shelftalk.catalog.facets import collect
from shelftalk.explain.named import taken_as
from shelftalk.understand import Understander
from shelftalk.values import Product, Request


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


@pytest.mark.parametrize("said", ["100 rand", "R 100", "100 shillings", "100 bob", "100 won"])
def test_words_that_are_another_countrys_money_are_no_price_here(said: str) -> None:
    assert shop("EUR").understand(Request(f"a vase under {said}")).intent.constraints == ()
