"""`shelftalk profile`: a shopper's profile is shown, corrected and forgotten from the terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.fakes import HashEmbedder
from tests.shoppers.profiles.shop import LEATHER, NOW, PRODUCTS, did, each
from tests.shoppers.profiles.shop import profile as of_shop
from typer.testing import CliRunner, Result

from shelftalk.catalog import Catalog
from shelftalk.cli.main import app
from shelftalk.cli.profile_text import of_user
from shelftalk.errors import CatalogError, UsageError
from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.server.db import Consents, Interactions, connect, migrate
from shelftalk.settings import ConsentDefaults
from shelftalk.shoppers.candidates.shop import fit_shop
from shelftalk.shoppers.profiles import Corrections
from shelftalk.shoppers.profiles.corrections import Correction
from shelftalk.values import Criterion, ProfileLine

KEY = "k" * 40


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "catalog"
    Catalog.open(folder, create=True, embedder=HashEmbedder()).upsert(PRODUCTS)
    return folder


@pytest.fixture
def profile(catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the command for a shop whose user "anna" bought leather headphones."""
    url = f"sqlite:///{tmp_path}/serve.db"
    engine = connect(url)
    migrate(engine)
    monkeypatch.setenv("SHELFTALK_PRIVACY__KEY", KEY)
    monkeypatch.setenv("SHELFTALK_UNDERSTAND__MODE", "rules")
    shift = datetime.now(UTC) - NOW
    who = Pseudonyms(KEY).of("anna")
    done = [*each("purchase", LEATHER), did("view", "gone"), did("click", "H1", -9999)]
    Interactions(engine).put([replace(one, user=who, at=one.at + shift - timedelta(minutes=5)) for one in done])

    def call(*arguments: str) -> Result:
        where = ["--catalog", str(catalog), "--database", url]
        return CliRunner().invoke(app, ["profile", *arguments, *where], env={"COLUMNS": "200"})

    call.consent = lambda on: Consents(engine, ConsentDefaults()).put(who, {"personalisation": on}, by="rest")  # type: ignore[attr-defined]
    call.url = url  # type: ignore[attr-defined]
    return call


def shown(profile: Any) -> dict[str, Any]:
    result = profile("show", "anna", "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def leather(profile: Any) -> dict[str, Any] | None:
    return next((x for x in shown(profile)["lines"] if x["criterion"]["field"] == "material"), None)


def test_a_profile_is_shown_with_its_evidence(profile: Any) -> None:
    told = profile("show", "anna", "--evidence").stdout
    assert "Headphones: material leather. You bought Headphones 3 in" in told
    assert told.count("purchase  Headphones") >= len(LEATHER)
    assert "Left out: 1 interactions with products that the catalogue lacks, 1 of a time to come." in told
    assert "Nothing is known of this shopper's taste." in profile("show", "nobody").stdout


def test_a_line_is_switched_corrected_and_deleted(profile: Any) -> None:
    line = leather(profile)
    assert line
    assert (
        f"{line['id']}  {line['weight']:.2f}  {line['text']} (off)"
        in profile("edit", "anna", line["id"], "--off").stdout
    )
    assert profile("edit", "anna", line["id"], "--on", "--want", "not").exit_code == 0
    assert leather(profile)["criterion"]["want"] == "not"
    assert profile("edit", "anna", line["id"], "--delete").exit_code == 0
    assert leather(profile) is None
    again = profile("edit", "anna", line["id"], "--delete")
    assert isinstance(again.exception, CatalogError)


def test_lines_are_added_and_aspects_switched(profile: Any) -> None:
    assert "Headphones: wireless. You said so." in profile("edit", "anna", "--field", "wireless", "--value", "yes", "--category", "Headphones").stdout  # fmt: skip
    assert "Tents: price 100 to 150 EUR. You said so." in profile("edit", "anna", "--field", "price", "--range", "100-150", "--category", "Tents").stdout  # fmt: skip
    assert "Switched off: price." in profile("edit", "anna", "--aspect", "price=off").stdout
    assert "The profile is switched off" in profile("edit", "anna", "--off").stdout
    assert not [x for x in shown(profile)["lines"] if x["on"]]


def test_what_cannot_be_done_says_why(profile: Any) -> None:
    for arguments, told in (
        (("--field", "moonlight", "--value", "x"), "no field 'moonlight'"),
        (("--field", "price", "--range", "cheap"), "write two numbers"),
        (("--aspect", "price"), "price=off"),
        (("--field", "brand", "--want", "maybe"), "choose from is, not, low, high"),
        ((), "give one of"),
        (("abcd",), "say what is to change"),
    ):
        error = profile("edit", "anna", *arguments).exception
        assert isinstance(error, UsageError)
        assert told in str(error)


def test_without_consent_it_is_said_that_nothing_acts_and_nothing_is_added(profile: Any) -> None:
    profile("edit", "anna", "--field", "brand", "--want", "not", "--value", "Lumen")
    profile.consent(False)
    told = profile("show", "anna").stdout
    assert "Personalisation is off: none of these lines acts on answers." in told
    assert "Everywhere: not brand Lumen. You said so. (off)" in told
    assert "Headphones: material leather" not in told
    assert not shown(profile)["on"]
    for arguments in (("--field", "brand", "--value", "Lumen"), ("--add", "no leather"), ("--on",)):
        error = profile("edit", "anna", *arguments).exception
        assert isinstance(error, UsageError)
        assert "shelftalk privacy consent USER --purpose personalisation" in str(error)
    [line] = shown(profile)["lines"]
    assert profile("edit", "anna", line["id"], "--delete").exit_code == 0
    assert shown(profile)["lines"] == []


def test_weights_are_fitted_with_the_profiles_that_answers_read(profile: Any, catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    taken: dict[str, Any] = {}

    def fit(done: Any, opened: Any, at: Any, **options: Any) -> Any:
        taken.update(options, done=done)
        return fit_shop(done, opened, at, **options)

    monkeypatch.setattr("shelftalk.shoppers.candidates.shop.fit_shop", fit)

    def lines() -> set[object]:
        command = ["events", "fit", "--catalog", str(catalog), "--database", profile.url, "--output", str(catalog.parent / "b.npz")]  # fmt: skip
        assert CliRunner().invoke(app, command).exit_code == 0
        return {line.criterion.value for line in taken["read"](taken["done"], datetime.now(UTC))}

    assert "leather" in lines()
    profile.consent(False)
    assert lines() == set()


def test_words_are_told_beside_the_line_that_was_read_from_them() -> None:
    own = ProfileLine("ab", Criterion("brand", "not", "Lumen", words="no \x1b[31mLumen"), source="stated")
    told = of_user(of_shop(corrections=Corrections({"ab": Correction("ab", own)})).to_dict(), evidence=False)
    assert 'Everywhere: not brand Lumen. You said so. In your words: "no [31mLumen".' in told


def test_a_shopper_is_forgotten(profile: Any) -> None:
    profile("edit", "anna", "--field", "brand", "--want", "not", "--value", "Lumen")
    assert "deleted 6 interactions and 1 corrections" in profile("forget", "anna").stdout
    assert shown(profile)["lines"] == []


def test_a_products_profile_is_shown(profile: Any) -> None:
    told = profile("item", "H3").stdout
    assert "Headphones 3 (H3)" in told
    assert "  material: leather" in told
    assert "Buyers: fewer than 5" in told
    assert json.loads(profile("item", "H3", "--json").stdout)["buyers"] is None
    assert isinstance(profile("item", "none").exception, CatalogError)
