"""From exposures and interactions to a decision in words: what counts, for whom, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from shelftalk.errors import UsageError
from shelftalk.experiments.definition import Arm, Definition, parse_arms, parse_span
from shelftalk.experiments.metrics import Guardrail, parse_guardrail
from shelftalk.experiments.outcomes import Exposure, Outcome, collect
from shelftalk.experiments.report import report

START = datetime(2026, 3, 1, tzinfo=UTC)
PLAN = Definition(
    "greeting", (Arm("control"), Arm("warm", "explain=record")), "purchase",
    (Guardrail("latency_ms", 0.1), Guardrail("no_picks", 0.02, False)), window=timedelta(days=1), least=100, expected=3_000,
)  # fmt: skip
PHASES = [(START, {"control": 0.5, "warm": 0.5})]
END = START + timedelta(days=30)


def world(
    users: int = 6_000, buys=(0.1, 0.1), ms=(100.0, 100.0), empty=(0.05, 0.05), share: float = 0.5, seed: int = 1
):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    exposures, outcomes = [], []
    for i in range(users):
        warm = int(rng.random() < share)
        at = START + timedelta(days=20) * (i / users)
        for _ in range(rng.geometric(0.5)):
            picks = 0 if rng.random() < empty[warm] else 3
            exposures.append(Exposure(f"u{i}", ("control", "warm")[warm], at, ms[warm] * rng.lognormal(0, 0.3), picks))
        if rng.random() < buys[warm]:
            outcomes.append(Outcome(f"u{i}", "purchase", at + timedelta(hours=3), 20.0))
    return exposures, outcomes


def told(plan: Definition = PLAN, phases=PHASES, now=END, **options):  # type: ignore[no-untyped-def]
    exposures, outcomes = world(**options)
    return report(plan, collect([a.name for a in plan.variants], plan.window, exposures, outcomes, now), phases, now)


def test_a_unit_counts_from_its_first_exposure_for_the_window_and_stays_with_its_first_variant() -> None:
    day = timedelta(days=1)
    exposures = [
        Exposure("a", "control", START, 100, 3),
        Exposure("a", "control", START + 0.5 * day, 300, 0),
        Exposure("a", "warm", START + 2 * day, 900, 0),  # weights changed; and past the window
        Exposure("b", "warm", START + 3 * day, 50, 1),
        Exposure("c", "gone", START, 50, 1),
    ]
    outcomes = [
        Outcome("a", "purchase", START - timedelta(seconds=1), 5, "EUR"),  # before
        Outcome("a", "purchase", START + timedelta(hours=23), 7, "EUR"),
        Outcome("a", "purchase", START + timedelta(hours=22), 1, "EUR"),
        Outcome("a", "purchase", START + timedelta(hours=21), 900, "SEK"),
        Outcome("a", "purchase", START + timedelta(hours=20)),
        Outcome("a", "purchase", START + day, 11, "EUR"),  # past the window
        Outcome("a", "view", START + timedelta(hours=1)),
        Outcome("b", "click", START + 3.5 * day),
        Outcome("stranger", "click", START + 3.5 * day),
    ]
    seen = collect(["control", "warm"], day, reversed(exposures), outcomes, START + 3.5 * day)
    assert seen.names == ["control", "warm"]
    assert (seen.judged, seen.switched) == (1, 1), "the window of b is not over"
    assert (seen.currency, seen.foreign, seen.unpriced) == ("EUR", 1, 1)
    totals = {name: values.tolist() for name, values in seen.totals.items()}
    assert totals["answers"] == [2, 1]
    assert totals["without_picks"] == [1, 0]
    assert totals["ms"] == [400, 50]
    assert totals["revenue"] == [8, 0]
    assert totals["purchases"] == [4, 0]
    assert totals["clicks"] == [0, 1]


def test_without_a_difference_none_is_told() -> None:
    decision = told().decisions[0]
    assert decision.verdict == "open"
    assert decision.text.startswith("No difference in users who bought is shown yet: ")


def test_a_better_variant_is_told_with_its_interval_and_the_guardrails_that_hold() -> None:
    found = told(buys=(0.1, 0.16))
    decision = found.decisions[0]
    assert decision.verdict == "better"
    assert decision.text.startswith("warm is better than control in users who bought: +")
    primary, latency, empty = found.metrics[:3]
    assert [m.role for m in found.metrics[:4]] == ["primary", "guardrail", "guardrail", "other"]
    compared = primary.compared[0]
    assert compared.low is not None
    assert 0 < compared.low < primary.values["warm"] - primary.values["control"] < compared.high
    assert compared.p < 0.05
    assert latency.compared[0].guard == "kept"
    assert empty.compared[0].guard in ("kept", "open")
    assert len(compared.timeline) == 60
    assert compared.timeline[-1].units == 6_000
    assert compared.timeline[0].low is None, "of one unit nothing can be said"
    assert {m.metric for m in found.metrics} == {"purchase", "latency_ms", "no_picks", "click_through", "add_to_cart", "revenue", "dismissals"}  # fmt: skip


def test_a_worse_variant_is_told() -> None:
    assert told(buys=(0.16, 0.1)).decisions[0].verdict == "worse"


@pytest.mark.parametrize(
    "harm, metric", [({"ms": (100.0, 150.0)}, "latency_ms"), ({"empty": (0.05, 0.15)}, "no_picks")]
)
def test_a_breached_guardrail_is_flagged_even_where_the_variant_sells_more(harm: dict[str, tuple[float, float]], metric: str) -> None:  # fmt: skip
    found = told(buys=(0.1, 0.16), **harm)
    assert {m.metric: m.compared[0].guard for m in found.metrics if m.role == "guardrail"}[metric] == "breached"
    assert found.decisions[0].verdict == "harmful"
    assert found.decisions[0].text.startswith("Stop warm: a guardrail is breached")


def test_a_guardrail_of_a_metric_that_should_be_high_is_breached_by_its_fall() -> None:
    plan = replace(PLAN, metric="revenue", guardrails=(Guardrail("purchase", 0.1),))
    assert told(plan, buys=(0.2, 0.1)).metrics[1].compared[0].guard == "breached"
    assert told(plan, buys=(0.2, 0.3)).metrics[1].compared[0].guard == "kept"
    assert told(plan, buys=(0.2, 0.19), users=500).metrics[1].compared[0].guard == "open"


def test_a_guardrail_against_what_never_happens_is_kept_once_many_were_spared_it() -> None:
    few, many = (told(users=users, empty=(0, 0)).metrics[2].compared[0] for users in (250, 6_000))
    assert few.guard == "open"
    assert many.guard == "kept"
    assert many.low is not None
    assert -0.01 < many.low < 0 < many.high < 0.01


def test_a_mismatch_of_shares_blocks_the_verdict_and_says_so() -> None:
    found = told(buys=(0.1, 0.16), share=0.42)
    assert found.srm.mismatch
    assert found.decisions[0].verdict == "blocked"
    assert "sample-ratio mismatch" in found.decisions[0].text


def test_changed_weights_are_no_mismatch_once_they_are_a_phase() -> None:
    exposures, outcomes = world(share=0.5)
    more, bought = world(share=0.2, seed=2)
    later = timedelta(days=20)
    exposures += [replace(e, unit=f"late-{e.unit}", at=e.at + later) for e in more]
    outcomes += [replace(o, unit=f"late-{o.unit}", at=o.at + later) for o in bought]
    seen = collect(["control", "warm"], PLAN.window, exposures, outcomes, START + 2 * later)
    change = (START + later, {"control": 0.8, "warm": 0.2})
    assert not report(PLAN, seen, [*PHASES, change], START + 2 * later).srm.mismatch
    assert report(PLAN, seen, PHASES, START + 2 * later).srm.mismatch


def test_before_enough_units_are_through_their_window_nothing_is_concluded() -> None:
    early = told(users=150, buys=(0.0, 1.0))
    assert early.decisions[0].verdict == "early"
    nobody = told(now=START, users=0)
    assert nobody.decisions[0].verdict == "early"
    json.dumps(nobody.to_dict(), allow_nan=False)


def test_with_several_variants_each_is_held_to_its_share_of_alpha() -> None:
    plan = replace(PLAN, variants=(*PLAN.variants, Arm("short")))
    exposures, outcomes = world()
    seen = collect(["control", "warm", "short"], plan.window, exposures, outcomes, END)
    found = report(plan, seen, [(START, {"control": 0.5, "warm": 0.4, "short": 0.1})], END)
    assert found.metrics[0].alpha == 0.025
    assert [d.variant for d in found.decisions] == ["warm", "short"]


def test_a_definition_survives_being_stored() -> None:
    assert Definition.from_dict(json.loads(json.dumps(PLAN.to_dict()))) == PLAN


def test_variants_weights_guardrails_and_times_are_read() -> None:
    arms = parse_arms(["control", "warm: prompt.explain=reason@2,k=3"], "control=80, warm=20")
    assert arms == (Arm("control", "", 80), Arm("warm", "prompt.explain=reason@2,k=3", 20))
    assert parse_guardrail("latency_ms:10%") == Guardrail("latency_ms", 0.1)
    assert parse_guardrail("no_picks:0.02") == Guardrail("no_picks", 0.02, False)
    assert parse_guardrail("dismissals") == Guardrail("dismissals", 0.0)
    assert parse_span("12h") == timedelta(hours=12)


@pytest.mark.parametrize(
    "make, told",
    [
        (lambda: parse_guardrail("latency"), "did you mean latency_ms"),
        (lambda: parse_guardrail("latency_ms:much"), "METRIC:10%"),
        (lambda: parse_span("a week"), "12h or 7d"),
        (lambda: parse_arms(["a", "b"], "a=1"), "says nothing of 'b'"),
        (lambda: parse_arms(["a", "b"], "a=1,c=1"), "'c', which is no variant"),
        (lambda: parse_arms(["a", "b"], "a=x,b=1"), "NAME=NUMBER"),
        (lambda: replace(PLAN, variants=PLAN.variants[:1]).checked(), "2 to 8 variants"),
        (lambda: replace(PLAN, variants=(Arm("a"), Arm("a"))).checked(), "two variants are named 'a'"),
        (lambda: replace(PLAN, variants=(Arm("a"), Arm("B c"))).checked(), "a-z"),
        (lambda: replace(PLAN, name="../x").checked(), "a-z"),
        (lambda: replace(PLAN, metric="latency_ms").checked(), "either"),
        (lambda: replace(PLAN, metric="profit").checked(), "no metric 'profit'"),
        (lambda: replace(PLAN, alpha=1.0).checked(), "alpha"),
        (lambda: replace(PLAN, window=timedelta(days=365)).checked(), "90 days"),
        (lambda: replace(PLAN, least=0).checked(), "2 or more"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(make, told: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match=told):
        make()
