"""The pytest plugin, run as a team runs it: over tests of its own, with the bundled catalogue."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from shelftalk.testing import expect
from shelftalk.values import Answer, Claim, Constraint, Evidence, Intent, Pick, Product

pytest_plugins = ["pytester"]


def pick(rank: int = 1, **changes: object) -> Pick:
    product = Product(
        f"k{rank}", f"Kettle {rank}", price=Decimal("39.90"), currency="EUR", stock=3, attributes={"cordless": True}
    )
    product = replace(product, **changes)  # type: ignore[arg-type]
    claim = Claim("It costs 39.90 EUR.", (Evidence("price", Decimal("39.90")),), None, True)
    return Pick(product, rank, 1.0, claim.text, (claim,))


def answer(*picks: Pick, **more: object) -> Answer:
    return Answer("", "a kettle under 50", Intent((Constraint("price", "<", 50),)), picks or (pick(),), **more)  # type: ignore[arg-type]


def test_what_holds_chains() -> None:
    expect(answer()).answers().under(50).under("39.91", "EUR").at_most(39.90).has("cordless").has("stock", 3).includes(
        "k1"
    )
    expect(answer()).first_is("kettle 1").all_in_stock().grounded().no_relaxation().excludes("k2")
    expect(answer(no_match=True)).refuses()


@pytest.mark.parametrize(
    ("given", "check", "says"),
    [
        (answer(pick(), pick(2, price=Decimal(60))), lambda e: e.under(50), "> 2. Kettle 2, 60 EUR [k2]"),
        (answer(pick(price=Decimal(50))), lambda e: e.under(50), "less than 50"),
        (answer(pick(price=None)), lambda e: e.under(50), "no price"),
        (answer(pick(currency="USD")), lambda e: e.under(50, "EUR"), "less than 50 EUR"),
        (answer(pick(price=Decimal("50.01"))), lambda e: e.at_most(50), "50 or less"),
        (answer(pick(attributes={"cordless": False})), lambda e: e.has("cordless"), "(cordless: no)"),
        (answer(pick(attributes={})), lambda e: e.has("cordless"), "(no cordless)"),
        (answer(), lambda e: e.refuses(), "expected a refusal"),
        (answer(no_match=True), lambda e: e.answers(), "expected picks that fit"),
        (answer(pick(), pick(2)), lambda e: e.first_is("k2"), "> 1. Kettle 1"),
        (answer(), lambda e: e.includes("k9"), "'k9' to be among the picks"),
        (answer(), lambda e: e.excludes("Kettle 1"), "not to be among"),
        (answer(pick(stock=0)), lambda e: e.all_in_stock(), "stock: 0"),
        (answer(pick(price=Decimal(41))), lambda e: e.grounded(), "price is 41 in the record, 39.90 in: It costs"),
        (answer(replace(pick(), claims=())), lambda e: e.grounded(), "has no reason"),
        (answer(relaxed=(Constraint("price", "<", 30),)), lambda e: e.no_relaxation(), "price < 30"),
        (replace(answer(), picks=()), lambda e: e.under(50), "there are no picks"),
    ],
)
def test_a_failure_shows_the_request_the_picks_and_what_is_wrong(given, check, says) -> None:
    with pytest.raises(AssertionError) as caught:
        check(expect(given))
    text = str(caught.value)
    assert says in text
    assert "request:    a kettle under 50" in text
    assert "understood: price < 50" in text


def test_evidence_that_was_not_verified_or_is_missing_is_no_ground() -> None:
    good = pick().claims[0]
    for claim, says in ((replace(good, verified=False), "not verified"), (replace(good, evidence=()), "cites nothing")):
        with pytest.raises(AssertionError, match=says):
            expect(answer(replace(pick(), claims=(claim,)))).grounded()


@pytest.fixture
def team(pytester: pytest.Pytester, demo_catalog: Path) -> pytest.Pytester:
    """A team's repository, whose pytest.ini names the catalogue."""
    installed = any(e.value == "shelftalk.testing" for e in entry_points(group="pytest11"))
    load = "" if installed else "-p shelftalk.testing"
    pytester.makeini(
        f"[pytest]\naddopts = --strict-markers {load}\nshelftalk_catalog = {demo_catalog}\n"
        "shelftalk_settings =\n    explain.mode = record\n    k = 2\n"
    )
    return pytester


def test_a_team_asks_its_catalogue_and_a_failure_reads_well(team: pytest.Pytester) -> None:
    team.makepyfile(
        """
        import pytest
        from shelftalk.testing import expect

        def test_under_budget(shelf):
            answer = shelf.ask("a rain jacket under 60")
            assert len(answer.picks) <= 2
            expect(answer).answers().under(60).has("categories", "Rain Jackets").all_in_stock().grounded().no_relaxation()

        @pytest.mark.shelftalk("a rain jacket under 60", k=1)
        def test_with_the_marker(answer):
            assert len(answer.picks) == 1

        def test_nothing_fits(shelf):
            expect(shelf.ask("a rain jacket under 2")).refuses()

        @pytest.mark.shelftalk("a rain jacket under 60")
        def test_too_strict(answer):
            expect(answer).under(1)

        def test_alone():
            pass
        """
    )
    result = team.runpytest_subprocess()
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        ["*expected every pick to cost less than 1*", "*request:    a rain jacket under 60*", "*> 1.*EUR*"]
    )
    result.stdout.no_fnmatch_line("*def under*")
    team.runpytest_subprocess("-m", "not shelftalk").assert_outcomes(passed=1, deselected=4)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--shelftalk-catalog", "nowhere"], "*the fixture shelf cannot be made:*nowhere*"),
        (["-o", "shelftalk_settings=rank.strategy = loud"], "*cannot be made: setting rank.strategy*"),
        (["-o", "shelftalk_settings=loud"], "*write a setting a line*"),
    ],
)
def test_what_is_wrong_with_the_options_is_said_in_a_line(team: pytest.Pytester, arguments, says) -> None:
    team.makepyfile("def test_one(shelf): pass")
    result = team.runpytest_subprocess(*arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([says])
    result.stdout.no_fnmatch_line("*During handling*")


def test_a_test_that_wants_an_answer_must_say_to_what(team: pytest.Pytester) -> None:
    team.makepyfile("def test_one(answer): pass")
    result = team.runpytest_subprocess()
    result.stdout.fnmatch_lines(["*mark the test with its request*"])


def test_the_plugin_is_found_by_itself_once_installed() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"shelftalk": "shelftalk.testing"}
