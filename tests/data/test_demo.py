"""The bundled demo data: its own evaluator, written apart from the generator, holds every judgment against the records."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DEMO / name).read_text(encoding="utf-8").splitlines()]


PRODUCTS = {p["id"]: p for p in rows("products.jsonl")}
REQUESTS = rows("requests.jsonl")
SHOPPING = [r for r in REQUESTS if r["intent"]["shopping"]]
USERS = rows("users.jsonl")
EVENTS = rows("interactions.jsonl")


def read_qrels(split: str) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (DEMO / f"qrels.{split}.txt").read_text(encoding="utf-8").splitlines():
        request, zero, product, grade = line.split()
        assert zero == "0"
        assert product not in grades[request], f"{request} judges {product} twice"
        grades[request][product] = int(grade)
    return grades


QRELS = {split: read_qrels(split) for split in ("dev", "test")}


# The evaluator: what a constraint means, straight from the documentation of values.Constraint.


def field_of(product: dict[str, Any], name: str) -> Any:
    found = product["attributes"][name] if name in product["attributes"] else product.get(name)
    return Decimal(found) if name in ("price", "list_price") and found is not None else found


def members(found: Any) -> list[Any]:
    return [m.lower() if isinstance(m, str) else m for m in (found if isinstance(found, list) else [found])]


def satisfies(product: dict[str, Any], constraint: dict[str, Any]) -> bool:
    found, operator, wanted = field_of(product, constraint["field"]), constraint["operator"], constraint["value"]
    if operator in ("=", "in", "!=", "not in"):
        options = members(wanted)
        hit = found is not None and any(
            m == o and isinstance(m, bool) == isinstance(o, bool) for m in members(found) for o in options
        )
        return hit == (operator in ("=", "in"))
    if found is None:
        return False
    if operator == "between":
        low, high = wanted
        return not (found < low or found > high)
    number = Decimal(str(wanted)) if isinstance(found, Decimal) else wanted
    sign = (found > number) - (found < number)
    return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[operator]


def fits(product: dict[str, Any], intent: dict[str, Any]) -> bool:
    return product["id"] not in intent["exclude"] and all(satisfies(product, c) for c in intent["constraints"])


def expected(request: dict[str, Any]) -> dict[str, int]:
    """The grade that each product of the catalogue deserves, from 0 to 3."""
    intent, soft = request["intent"], request["soft"]
    fitting = [p for p in PRODUCTS.values() if fits(p, intent)]
    grades = dict.fromkeys(PRODUCTS, 0)
    if intent["sort"]:
        name = intent["sort"]["field"]
        valued = [(field_of(p, name), p["id"]) for p in fitting if field_of(p, name) is not None]
        for value, id_ in valued:
            better = sum(v > value if intent["sort"]["direction"] == "desc" else v < value for v, _ in valued)
            over = better - (intent["limit"] or 1)
            grades[id_] = 3 if over < 0 else 2 if over < 3 else 1 if over < 10 else 0
        return grades
    bare = all(c["field"] == "categories" for c in intent["constraints"])
    for product in fitting:
        held = [satisfies(product, wish) for wish in soft]
        if all(held):
            grades[product["id"]] = 3
        elif any(held) or not bare:
            grades[product["id"]] = 2 if sum(held) / len(held) >= 0.5 else 1
    return grades


# Products


def test_there_are_six_hundred_products_in_fifteen_categories() -> None:
    shelves = Counter(tuple(p["categories"]) for p in PRODUCTS.values())
    assert len(PRODUCTS) == len(rows("products.jsonl")) >= 600
    assert len(shelves) >= 15
    assert min(shelves.values()) >= 30
    assert all(len(path) == 2 for path in shelves)


def test_every_product_has_the_native_fields_and_no_others() -> None:
    required = {
        "id", "title", "description", "brand", "price", "currency", "categories", "attributes", "review_count",
        "availability", "stock", "images", "released_at", "url",
    }  # fmt: skip
    for product in PRODUCTS.values():
        assert required <= product.keys() <= required | {"list_price", "rating"}, product["id"]
        assert len(product["description"]) >= 60


def test_the_feed_reader_takes_every_product_letter_for_letter() -> None:
    from shelftalk.catalog.product import product_record
    from shelftalk.catalog.readers import read_feed

    read = [product_record(p) for p in read_feed(DEMO / "products.jsonl")]  # type: ignore[arg-type]
    assert read == [{k: v for k, v in p.items() if v != []} for p in PRODUCTS.values()]


def test_every_product_has_six_typed_attributes_or_more() -> None:
    kinds: dict[str, set[str]] = defaultdict(set)
    for product in PRODUCTS.values():
        assert len(product["attributes"]) >= 6, product["id"]
        for name, value in product["attributes"].items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            kinds[name].add("number" if number else type(value).__name__)
            assert value not in ("", []), (product["id"], name)
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}
    assert set().union(*kinds.values()) == {"number", "bool", "str", "list"}


def test_prices_are_decimal_strings_and_sane() -> None:
    for product in PRODUCTS.values():
        assert re.fullmatch(r"\d+\.\d\d", product["price"])
        assert Decimal("5") <= Decimal(product["price"]) <= Decimal("1000")
        assert product["currency"] == "EUR"
        if "list_price" in product:
            assert Decimal(product["price"]) < Decimal(product["list_price"]) < 2 * Decimal(product["price"])


def test_stock_reviews_and_release_hang_together() -> None:
    for product in PRODUCTS.values():
        released = dt.date.fromisoformat(product["released_at"])
        assert dt.date(2018, 1, 1) < released < dt.date(2027, 1, 1)
        assert (product["availability"] == "preorder") == (released > dt.date(2026, 11, 1))
        assert (product["availability"] == "in_stock") == (product["stock"] > 0)
        assert ("rating" in product) == (product["review_count"] > 0)
        assert 1 <= product.get("rating", 3) <= 5
    assert sum(not p["review_count"] for p in PRODUCTS.values()) >= 10, (
        "cold start needs products that nobody has reviewed"
    )


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def test_titles_and_descriptions_are_unlike_each_other() -> None:
    assert len({p["title"].casefold() for p in PRODUCTS.values()}) == len(PRODUCTS)
    for _, group in itertools.groupby(PRODUCTS.values(), key=lambda p: p["categories"]):
        described = [(p["id"], words(p["description"])) for p in group]
        for (one, a), (other, b) in itertools.combinations(described, 2):
            assert len(a & b) / len(a | b) < 0.75, f"{one} and {other} read alike"


UNITS = {
    "g": "_g", "kg": "_kg", "l": "_l", "ml": "_ml", "cm": "_cm", "mm": "_mm", "lm": "_lm", "lumens": "_lm", "W": "_w",
    "mAh": "_mah", "hours": "_hours", "minutes": "_min", "bar": "_bar", "dB": "_db", "HRC": "_hrc", "°C": "_c", "degrees": "_degrees",
}  # fmt: skip


def test_numbers_with_units_in_the_text_stand_in_the_record() -> None:
    unit = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) (" + "|".join(sorted(UNITS, key=len, reverse=True)) + r")(?!\w)")
    found = 0
    for product in PRODUCTS.values():
        for number, name in unit.findall(f"{product['title']}. {product['description']}"):
            held = {
                float(v)
                for k, v in product["attributes"].items()
                if k.endswith(UNITS[name]) and not isinstance(v, (str, bool))
            }
            held |= {v / 1000 for v in held} if name == "kg" else set()
            if name == "kg":
                held |= {product["attributes"].get("weight_g", 0) / 1000}
            assert float(number) in held, f"{product['id']}: {number} {name}"
            found += 1
    assert found > 600


@pytest.mark.parametrize(
    ("phrase", "field", "value"),
    [
        ("is waterproof", "waterproof", True),
        ("not waterproof", "waterproof", False),
        ("no microphone", "microphone", False),
        ("leakproof in any position", "leakproof", True),
        ("not leakproof", "leakproof", False),
        ("is not insulated", "insulated", False),
        ("formula is vegan", "vegan", True),
        ("not vegan", "vegan", False),
        ("no fragrance", "fragrance_free", True),
        ("no armrests", "armrests", "none"),
        ("no milk frother", "milk_frother", False),
        ("needs no batteries", "battery_powered", False),
        ("play together against the game", "cooperative", True),
    ],
)
def test_what_a_description_says_the_record_says_too(phrase: str, field: str, value: Any) -> None:
    said = [
        p
        for p in PRODUCTS.values()
        if re.search(rf"(?<!not ){phrase}" if not phrase.startswith("not ") else phrase, p["description"].lower())
    ]
    assert said, f"nobody says {phrase!r} any more"
    assert {p["id"] for p in said if p["attributes"].get(field) != value} == set()


# Requests and judgments


def test_there_are_requests_of_every_kind_in_both_splits() -> None:
    kinds = Counter((r["split"], r["kind"]) for r in REQUESTS)
    wanted = [
        "exact",
        "range",
        "soft",
        "gift",
        "negation",
        "superlative",
        "misspelling",
        "alternatives",
        "units",
        "count",
        "turns",
        "nothing",
        "other",
    ]
    assert len(REQUESTS) >= 120
    assert {(s, k) for s in ("dev", "test") for k in wanted} == set(kinds)
    assert len({r["id"] for r in REQUESTS}) == len(REQUESTS)


def test_no_test_request_repeats_a_dev_request() -> None:
    dev = [r for r in REQUESTS if r["split"] == "dev"]
    for request in (r for r in REQUESTS if r["split"] == "test"):
        mine = words(request["request"])
        for other in dev:
            theirs = words(other["request"])
            assert len(mine & theirs) / len(mine | theirs) < 0.6, (request["request"], other["request"])
            if request["intent"]["shopping"] and other["intent"]["shopping"]:
                assert request["intent"] != other["intent"], (request["request"], other["request"])


def test_four_categories_are_kept_for_test() -> None:
    dev = {r["category"] for r in REQUESTS if r["split"] == "dev"}
    held = {r["category"] for r in REQUESTS if r["split"] == "test" and r["category"]} - dev
    assert held == {"Board Games", "Desk Lamps", "Dog Supplies", "Rain Jackets"}


def test_intents_name_fields_and_operators_that_exist() -> None:
    names = set().union(*(p["attributes"] for p in PRODUCTS.values())) | set().union(
        *(p.keys() for p in PRODUCTS.values())
    )
    operators = {"=", "!=", "<", "<=", ">", ">=", "between", "in", "not in"}
    for request in SHOPPING:
        intent = request["intent"]
        for predicate in intent["constraints"] + request["soft"]:
            assert predicate["field"] in names
            assert predicate["operator"] in operators
            assert isinstance(predicate["value"], list) == (predicate["operator"] in ("in", "not in", "between"))
        assert not intent["sort"] or (
            intent["sort"]["field"] in names and intent["sort"]["direction"] in ("asc", "desc")
        )
        assert set(intent["exclude"]) <= PRODUCTS.keys()
        assert not (intent["sort"] and request["soft"]), "the rule grades by one of them"


def test_text_values_of_intents_occur_in_the_catalogue() -> None:
    held = {
        (n, m)
        for p in PRODUCTS.values()
        for n in (*p, *p["attributes"])
        if n != "attributes"
        for m in members(field_of(p, n))
    }
    for request in SHOPPING:
        for predicate in request["intent"]["constraints"] + request["soft"]:
            for value in members(predicate["value"]):
                if isinstance(value, str) and predicate["field"] != "released_at":
                    assert (predicate["field"], value) in held, (request["id"], predicate)


@pytest.mark.parametrize("request_", SHOPPING, ids=lambda r: r["id"])
def test_every_judgment_agrees_with_the_attributes(request_: dict[str, Any]) -> None:
    judged = QRELS[request_["split"]][request_["id"]]
    grades = expected(request_)
    assert {p: g for p, g in judged.items() if grades[p] != g} == {}
    assert {p for p, g in grades.items() if g} == {p for p, g in judged.items() if g}, "a fitting product is not judged"
    assert request_["no_match"] == (not any(judged.values())) == (request_["kind"] == "nothing")
    assert 0 in judged.values(), "a request needs products that are judged and do not fit"


def test_judgments_belong_to_requests_of_their_split() -> None:
    for split, judged in QRELS.items():
        assert set(judged) == {r["id"] for r in SHOPPING if r["split"] == split}
    assert {g for judged in QRELS.values() for grades in judged.values() for g in grades.values()} == {0, 1, 2, 3}


def test_earlier_turns_show_real_products_at_their_prices() -> None:
    turns = [r for r in REQUESTS if r["kind"] == "turns"]
    assert len(turns) >= 12
    for request in turns:
        assert [t["role"] for t in request["history"]] == ["user", "assistant"] * (len(request["history"]) // 2)
        for turn in request["history"][1::2]:
            listed = re.findall(r"^(\d+)\. (.+) - (\d+\.\d\d) EUR \[([A-Z]{4}-\d+)\]$", turn["content"], re.M)
            assert [int(n) for n, *_ in listed] == list(range(1, len(turn["content"].splitlines())))
            assert all((PRODUCTS[i]["title"], PRODUCTS[i]["price"]) == (title, price) for _, title, price, i in listed)


def test_no_price_limit_falls_on_a_price_where_under_and_up_to_would_differ() -> None:
    for request in SHOPPING:
        others = [c for c in request["intent"]["constraints"] if c["field"] != "price"]
        for limit in (
            c for c in request["intent"]["constraints"] if c["field"] == "price" and c["operator"] in ("<", "<=")
        ):
            if request["kind"] != "turns":
                on_it = [p["id"] for p in PRODUCTS.values() if Decimal(p["price"]) == limit["value"]]
                assert not [i for i in on_it if all(satisfies(PRODUCTS[i], c) for c in others)], request["id"]


# Shoppers


def test_there_are_forty_shoppers_and_some_have_done_nothing() -> None:
    active = {e["user"] for e in EVENTS}
    ids = {u["id"] for u in USERS}
    assert len(ids) == len(USERS) >= 40
    assert active <= ids
    assert len(ids - active) >= 3
    assert any("profile" not in u for u in USERS)
    assert not {u["id"] for u in USERS if not u["consent"]} & active, "nothing is kept of a shopper who refused"


def test_interactions_are_dated_and_meet_only_released_products() -> None:
    assert [e["time"] for e in EVENTS] == sorted(e["time"] for e in EVENTS)
    assert {e["event"] for e in EVENTS} == {"view", "click", "cart", "buy", "dismiss"}
    for event in EVENTS:
        assert event.keys() == {"user", "product", "event", "time"}
        moment = dt.datetime.fromisoformat(event["time"])
        assert dt.datetime(2025, 6, 1, tzinfo=dt.UTC) <= moment < dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
        assert PRODUCTS[event["product"]]["released_at"] <= event["time"][:10]


def test_a_purchase_follows_a_cart_and_a_cart_a_click() -> None:
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    before = {"click": "view", "cart": "click", "buy": "cart", "dismiss": "view"}
    for event in EVENTS:
        key = (event["user"], event["product"])
        assert event["event"] == "view" or before[event["event"]] in seen[key], event
        assert event["event"] != "buy" or "buy" not in seen[key], f"bought twice: {event}"
        seen[key].add(event["event"])


# The script


def test_the_script_makes_these_files_byte_for_byte() -> None:
    done = subprocess.run(
        [sys.executable, DEMO / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "demo"
    shutil.copytree(DEMO, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "products.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    done = subprocess.run(
        [sys.executable, copy / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "products.jsonl" in done.stdout
