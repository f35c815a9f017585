"""Writes src/shelftalk/words/cldr.json from CLDR, as Babel has it: python scripts/currencies.py.

Reading it at run time would cost two seconds and 110 MB: every currency's signs and names in every official language of where it
is tender. tests/catalog/test_money.py holds the file against Babel.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel import localedata
from babel.core import get_global
from babel.languages import get_official_languages

from shelftalk.catalog.currencies import CURRENCIES

FILE = Path(__file__).resolve().parents[1] / "src" / "shelftalk" / "words" / "cldr.json"


def tables(code: str) -> Iterator[dict[str, Any]]:
    """The data of each official language of where a currency is tender."""
    names = set()
    for territory, rows in get_global("territory_currencies").items():
        if any(row[0] == code and row[2] is None and row[3] for row in rows):
            for language in get_official_languages(territory, de_facto=True):
                names.add(next((n for n in (f"{language}_{territory}", language) if localedata.exists(n)), "root"))
    return (localedata.load(name) for name in sorted(names))


def collected() -> dict[str, Any]:
    """`words`: the codes of each sign and name, letter for letter; `comma`: currencies with a decimal comma everywhere;
    `decimals`: how many decimals prices have in daily use, where they are not two."""
    words: dict[str, set[str]] = {}
    comma = []
    for code in sorted(CURRENCIES):
        for table in (localedata.load("en"), *(home := list(tables(code)))):
            said = [table["currency_symbols"].get(code), table["currency_names"].get(code)]
            said += (table["currency_names_plural"].get(code) or {}).values()
            for word in filter(None, said):
                words.setdefault(word, set()).add(code)
        marks = {table["number_symbols"].get("latn", {}).get("decimal") for table in home}
        if marks - {None} == {","}:
            comma.append(code)
    fractions = get_global("currency_fractions")
    places = {code: min(fractions[code][0], fractions[code][2]) for code in sorted(CURRENCIES) if code in fractions}
    return {
        "words": {word: " ".join(sorted(codes)) for word, codes in sorted(words.items()) if word.strip("\u200b")},
        "comma": " ".join(comma),
        "decimals": {code: digits for code, digits in places.items() if digits != 2},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(collected(), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
