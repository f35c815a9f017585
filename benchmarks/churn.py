"""Churn on UCI Online Retail (real invoices of a gift shop, 2010-12 to 2011-12; CC BY 4.0), split by time.

    python benchmarks/churn.py --data DATA [--horizon 60] [--dev]

Lines with a CustomerID, as `shelftalk events import` reads them: cancellations, negative quantities, articles given for nothing and
charges are left out. Fitted on earlier windows,
calibrated on the latest whose outcome was known, tested on the last; `--dev` leaves the last horizon out of the data and tests on the
window before it: there the kind of model was chosen. Beside it recency alone, fitted and calibrated in the same way. Intervals:
bootstrap over customers.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from shelftalk.shoppers.churn import days_of, measured, windows
from shelftalk.shoppers.reading import read_interactions
from shelftalk.values.shopper import Interaction


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--horizon", type=int, default=60)
    parser.add_argument("--dev", action="store_true")
    options = parser.parse_args()
    users, first, last = read(options.data / "uci_online_retail" / "online_retail.csv.gz")
    if options.dev:
        last -= timedelta(days=options.horizon)
    days = days_of(last, first, options.horizon)
    past, _ = windows(users.items(), days, options.horizon, last)
    print(
        f"{sum(map(len, users.values()))} lines of {len(users)} customers, {first.date()} to {last.date()}; horizon {options.horizon} days; "
        f"windows on {', '.join(str(d.date()) for d in sorted(days))}; {'dev' if options.dev else 'test'}: the last\n"
    )
    print("| model | AUC | Brier | AUC above recency alone |\n|---|---|---|---|")
    fifths = []
    for kind in ("logistic", "boosting"):
        found, _ = measured(past, options.horizon, kind)  # type: ignore[arg-type]
        print(f"| {kind} | {found.auc} | {found.brier} | {found.gain} |")
        fifths.append(f"{kind}: " + "; ".join(f"{p:.2f} told, {share:.2f} churned" for p, share, _ in found.bins))
    print(
        f"| recency alone | {found.recency_auc} | {found.recency_brier} | |\n\nin fifths by what was told\n"
        + "\n".join(fifths)
    )
    print(f"{found.customers} customers in the last window ({found.as_of.date()}), {found.churned:.1%} churned")
    return 0


def read(path: Path) -> tuple[dict[str, list[Interaction]], datetime, datetime]:
    """The purchases by customer, oldest first, and the first and the last moment."""
    users: dict[str, list[Interaction]] = defaultdict(list)
    for event in read_interactions(path):
        users[event.user].append(event)
    for events in users.values():
        events.sort(key=lambda e: e.at)
    moments = [e.at for events in users.values() for e in (events[0], events[-1])]
    return users, min(moments), max(moments)


if __name__ == "__main__":
    sys.exit(main())
