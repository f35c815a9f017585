"""The largest wins and losses in full: what each variant picked and why, and what the language model was asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from shelftalk.evaluate import tables
from shelftalk.evaluate.compare import RunTable
from shelftalk.evaluate.metrics import direction
from shelftalk.evaluate.runfolder import Run
from shelftalk.render import understood_text
from shelftalk.text import clean
from shelftalk.values import Constraint, Intent, Sort

# A page with longer prompts or completions would be slow to open; a longer one says how much was cut.
_LONGEST = 12_000
_Rows = dict[str, list[dict[str, Any]]]
_Told = tuple[dict[str, dict[str, Any]], _Rows]


def changes(runs: Sequence[Run], labels: Sequence[str], values: Sequence[RunTable], metric: str, most: int) -> list[dict[str, Any]]:  # fmt: skip
    """A part for each variant: its largest wins, then its largest losses; of a single run, its worst requests."""
    told = [_told(run) for run in runs]
    sign = -1.0 if direction(metric) == "lower" else 1.0
    if len(runs) == 1:
        own = sign * values[0].values[metric]
        order = [int(i) for i in np.argsort(own, kind="stable") if not np.isnan(own[i])][:most]
        return [{"title": f"Lowest {metric}" if sign > 0 else f"Highest {metric}", "cases": [_case(told, labels, values, metric, i) for i in order], "more": 0}]  # fmt: skip
    out = []
    for j in range(1, len(runs)):
        gain = sign * (values[j].values[metric] - values[0].values[metric])
        known = [int(i) for i in np.argsort(-gain, kind="stable") if not np.isnan(gain[i])]
        pair = ([told[0], told[j]], [labels[0], labels[j]], [values[0], values[j]])
        for title, order in (("Largest wins", [i for i in known if gain[i] > 0]), ("Largest losses", [i for i in reversed(known) if gain[i] < 0])):  # fmt: skip
            cases = [_case(*pair, metric, i) for i in order[:most]]
            out.append({"title": f"{title} of {labels[j]}", "cases": cases, "more": len(order) - len(cases)})
    return out


def _told(run: Run) -> _Told:
    """The answers of the first repeat and the prompts behind them, by case."""
    answers = {str(row["id"]): row for row in run.answers.drop_duplicates("id").to_dict("records")}
    asked: _Rows = {}
    for row in run.prompts.to_dict("records"):
        case = answers.get(str(row["id"]))
        if case is not None and row["repeat"] == case["repeat"]:
            asked.setdefault(str(row["id"]), []).append(row)
    return answers, asked


def _case(told: Sequence[_Told], labels: Sequence[str], values: Sequence[RunTable], metric: str, row: int) -> dict[str, Any]:  # fmt: skip
    case = values[0].ids[row]
    sides = []
    for (answers, asked), label, of in zip(told, labels, values, strict=True):
        value = tables.number(float(of.values[metric][row]))
        sides.append({"name": label, "value": value, **_side(answers[case], asked.get(case, []))})
    tags = [f"{name}: {value}" for name, column in values[0].columns.items() if (value := column[row]) is not None]
    text = clean(str(told[0][0][case]["request"]))
    return {"id": case, "text": text, "tags": tags, "metric": metric, "sides": sides}


def _side(row: dict[str, Any], asked: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What one variant made of the case."""
    answer = json.loads(row["answer"]) if isinstance(row["answer"], str) else None
    verdict = row["verdict"]
    said = None
    if isinstance(verdict, (bool, np.bool_)):
        chance = row["probability"]
        sure = f", probability of yes {chance:.2f}" if isinstance(chance, float) and np.isfinite(chance) else ""
        said = f"{'yes' if verdict else 'no'}{sure}"
    return {
        "error": row["error"] if isinstance(row["error"], str) else None,
        "verdict": said,
        "understood": _understood(answer) if answer else "",
        "picks": [_pick(p) for p in answer["picks"]] if answer else [],
        "notes": [clean(str(n)) for n in answer["notes"]] if answer else [],
        "ranking": [str(i) for i in row["ranking"][:10]] if not answer else [],
        "answered": answer is not None,
        "asked": [_asked(a) for a in asked],
    }


def _understood(answer: dict[str, Any]) -> str:
    intent = answer["intent"]
    sort = intent.get("sort")
    return understood_text(
        Intent(
            tuple(Constraint(c["field"], c["operator"], tuple(c["value"]) if isinstance(c["value"], list) else c["value"]) for c in intent["constraints"]),
            Sort(sort["field"], sort["direction"]) if sort else None,
            intent.get("limit"), tuple(intent.get("preferences") or ()), tuple(intent.get("exclude") or ()),
        )
    )  # fmt: skip


def _pick(pick: dict[str, Any]) -> dict[str, Any]:
    evidence = dict.fromkeys(f"{e['field']}: {_value(e['value'])}" for c in pick["claims"] for e in c["evidence"])
    price = f"{pick['price']} {pick['currency'] or ''}".strip() if pick["price"] is not None else "no price"
    return {"id": pick["product_id"], "title": clean(str(pick["title"])), "price": price, "reason": clean(str(pick["reason"])), "evidence": [clean(e) for e in evidence]}  # fmt: skip


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _asked(row: dict[str, Any]) -> dict[str, str]:
    return {"task": str(row["task"]), "template": str(row["template"] or ""), "prompt": _cut(row["prompt"]), "completion": _cut(row["completion"])}  # fmt: skip


def _cut(text: Any) -> str:
    whole = str(text or "")
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}\n[{len(whole) - _LONGEST:,} more characters in prompts.parquet]"  # fmt: skip
