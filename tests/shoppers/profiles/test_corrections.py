"""What a shopper makes of their profile holds, whatever is done afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelftalk.errors import UsageError
from shelftalk.shoppers.profiles.corrections import ASPECTS, Correction, Corrections, aspect_of, checked
from shelftalk.shoppers.profiles.profile import Profile
from shelftalk.shoppers.profiles.stated import lines_said
from shelftalk.values import Constraint, Criterion, Intent, ProfileLine
from tests.shoppers.profiles.shop import FACETS, LEATHER, NOW, did, each, profile, said, unsupported

DONE = [*each("purchase", LEATHER), *each("click", ("H0", "H1", "H2", "H4", "H5"), first=30)]


def leather(made: Profile) -> ProfileLine:
    return next(x for x in (*made.lines, *made.off) if x.criterion.value in ("leather", "plastic"))


def corrected(*corrections: Correction, **more: object) -> Corrections:
    return Corrections({c.line_id: c for c in corrections}, **more)  # type: ignore[arg-type]


def test_a_line_that_is_switched_off_stays_in_the_profile_and_counts_no_more() -> None:
    line = leather(profile(*DONE))
    made = profile(*DONE, corrections=corrected(Correction(line.id, on=False)))
    assert line.id in {x.id for x in made.off}
    assert line.id not in {x.id for x in made.lines}
    assert "leather" not in made.text
    assert "leather" in profile(*DONE).text


def test_a_whole_aspect_and_the_whole_profile_can_be_switched_off() -> None:
    whole = profile(*DONE)
    assert {aspect_of(x) for x in whole.lines} >= {"category", "feature"}
    made = profile(*DONE, corrections=corrected(aspects_off=frozenset({"feature"})))
    assert {aspect_of(x) for x in made.off} == {"feature"}
    assert "category" in {aspect_of(x) for x in made.lines}
    none = profile(*DONE, corrections=corrected(on=False))
    assert (none.lines, none.text, none.owned, none.liked) == ((), "", frozenset(), ())
    assert {x.id for x in none.off} == {x.id for x in whole.lines}


def test_what_a_line_says_is_changed_and_stays_so_as_more_is_done() -> None:
    line = leather(profile(*DONE))
    new = replace(line, criterion=Criterion("material", "is", "plastic"), weight=0.4, evidence=(), source="corrected")
    own = corrected(Correction(line.id, line=new))
    for done in (DONE, [*DONE, did("purchase", "H3", 2)], []):
        made = profile(*done, corrections=own)
        assert leather(made).criterion.value == "plastic"
        assert leather(made).text == "Headphones: material plastic. You corrected this."
        assert "Headphones material is leather" not in said(made)
        assert unsupported(made, list(done)) == []


def test_a_line_that_was_turned_round_is_not_read_again() -> None:
    line = leather(profile(*DONE))
    new = replace(line, criterion=Criterion("material", "not", "leather"), evidence=(), source="corrected")
    made = profile(*DONE, corrections=corrected(Correction(line.id, line=new)))
    assert "Headphones material not leather" in said(made)
    assert "Headphones material is leather" not in said(made)


def test_a_price_of_ones_own_takes_the_place_of_what_was_read() -> None:
    done = each("purchase", ("H10", "H11", "H12", "H13"))
    assert any(x.span for x in profile(*done).lines)
    own = checked(ProfileLine("", Criterion("price", "is"), "Headphones", source="stated", span=(Decimal(10), Decimal(40))), FACETS)  # fmt: skip
    made = profile(*done, corrections=corrected(Correction(own.id, line=own)))
    assert [x.span for x in made.lines if x.criterion.field == "price"] == [(Decimal(10), Decimal(40))]


def test_a_deleted_line_never_comes_back_from_what_it_rested_on() -> None:
    line = leather(profile(*DONE))
    gone = corrected(Correction(line.id, line=line, deleted_at=NOW - timedelta(hours=1)))
    made = profile(*DONE, corrections=gone)
    assert line.id not in {x.id for x in (*made.lines, *made.off)}
    late = replace(DONE[0], id="late", product_id="H33", at=NOW - timedelta(days=4))
    assert line.id not in {x.id for x in profile(*DONE, late, corrections=gone).lines}, "that came late but was before"


def test_a_deleted_line_comes_back_from_new_choices_alone() -> None:
    done = [*each("purchase", LEATHER, first=20), *each("purchase", LEATHER, first=1)]
    old = leather(profile(*done))
    gone = corrected(Correction(old.id, line=old, deleted_at=NOW - timedelta(days=10)))
    back = leather(profile(*done, corrections=gone))
    assert set(back.evidence) == {i.id for i in done[4:]}
    assert unsupported(profile(*done, corrections=gone), done) == []


def test_a_line_deleted_of_one_category_is_not_said_of_the_whole_shop_instead() -> None:
    done = each("purchase", ("H0", "H5", "H10", "H15", "S0-40", "S4-40", "S8-40"))
    brand = next(x for x in profile(*done).lines if x.criterion.field == "brand")
    narrow = replace(brand, id="other", category="Headphones")
    made = profile(*done, corrections=corrected(Correction("other", line=narrow, deleted_at=NOW)))
    assert not [s for s in said(made) if "brand" in s]


def test_an_added_line_stands_first_with_the_shoppers_own_words() -> None:
    own = ProfileLine("", Criterion("setup", "is", "pop-up", words="easy to put up"), "Tents", source="stated")
    own = checked(own, FACETS)
    made = profile(*DONE, corrections=corrected(Correction(own.id, line=own)))
    assert made.lines[0].id == own.id
    assert made.lines[0].text == 'Tents: setup pop-up. You said so: "easy to put up".'


@pytest.mark.parametrize(
    ("limit", "span", "told"),
    [
        (Constraint("weight_kg", "<=", 2), (Decimal(0), Decimal(2)), "Tents: weight up to 2 kg."),
        (Constraint("weight_kg", ">", 2), (Decimal(2), Decimal("2.9")), "Tents: weight 2 to 2.9 kg."),
        (Constraint("price", "between", (100, 200)), (Decimal(100), Decimal(200)), "Tents: price 100 to 200 EUR."),
    ],
)
def test_a_limit_said_in_words_becomes_a_range(limit: Constraint, span: tuple[Decimal, Decimal], told: str) -> None:
    intent = Intent((Constraint("categories", "=", "Tents"), limit))
    own = lines_said("mine", intent, FACETS)
    assert [(x.category, x.span) for x in own] == [("Tents", span)]
    made = profile(corrections=corrected(*(Correction(x.id, line=x) for x in own)))
    assert made.lines[0].text.startswith(told)


def test_named_values_and_kinds_said_in_words_become_lines() -> None:
    intent = Intent((Constraint("brand", "not in", ("Norvo", "Lumen")),), criteria=(Criterion("weight_kg", "low"),))
    found = {(x.criterion.field, x.criterion.want, x.criterion.value) for x in lines_said("mine", intent, FACETS)}
    assert found == {("brand", "not", "Norvo"), ("brand", "not", "Lumen"), ("weight_kg", "low", None)}
    kind = lines_said("tents", Intent((Constraint("categories", "=", "Tents"),)), FACETS)
    assert [(x.criterion.field, x.criterion.value, x.category) for x in kind] == [("categories", "Tents", "")]
    with pytest.raises(UsageError, match="nothing in"):
        lines_said("good morning", Intent(shopping=False), FACETS)


def test_nothing_from_before_it_was_forgotten_counts() -> None:
    made = profile(*DONE, did("click", "H9", 1), corrections=Corrections(forgotten_at=NOW - timedelta(days=2)))
    assert made.lines == ()
    assert made.interactions == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            ProfileLine("", Criterion("colour_of_the_sea", "is", "blue")),
            "the catalogue has no field 'colour_of_the_sea'",
        ),
        (ProfileLine("", Criterion("material", "is", "gold")), "no product has material 'gold'"),
        (ProfileLine("", Criterion("material", "low")), "holds no numbers"),
        (ProfileLine("", Criterion("weight_g", "is")), "needs a value"),
        (ProfileLine("", Criterion("wireless", "is", "often")), "is yes or no"),
        (ProfileLine("", Criterion("material", "is", "leather"), "Boats"), "no category 'Boats'"),
        (ProfileLine("", Criterion("material", "is", "leather"), weight=3), "between 0 and 1"),
        (ProfileLine("", Criterion("material", "is"), span=(Decimal(1), Decimal(2))), "takes no range"),
        (ProfileLine("", Criterion("price", "is"), span=(Decimal(9), Decimal(2))), "lower end first"),
    ],
)
def test_a_line_that_the_catalogue_cannot_be_asked_is_refused(line: ProfileLine, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        checked(line, FACETS)


def test_every_aspect_has_lines() -> None:
    lines = [("brand", "is"), ("price", "low"), ("shoe_size", "is"), ("categories", "is"), ("material", "is")]
    found = [aspect_of(ProfileLine("", Criterion(name, want))) for name, want in lines]  # type: ignore[arg-type]
    assert (*found, aspect_of(ProfileLine("", Criterion("brand", "is"), source="session"))) == ASPECTS
