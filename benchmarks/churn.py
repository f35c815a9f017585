"""Churn on UCI Online Retail (real invoices of a gift shop, 2010-12 to 2011-12; CC BY 4.0), split by time.

    python benchmarks/churn.py --data DATA [--horizon 60] [--dev]

Lines with a CustomerID, a positive quantity and a positive price; cancellations (invoices C...) are left out. Fitted on earlier windows,
calibrated on the latest whose outcome was known, tested on the last; `--dev` leaves the last horizon out of the data and tests on the
window before it: there the kind of model was chosen. Beside it recency alone, fitted and calibrated in the same way. Intervals:
bootstrap over customers.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from shelftalk.shoppers.churn import days_of, measured, windows
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
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            names = {k.lower().replace("_", "").replace(" ", ""): v for k, v in row.items()}
            customer = (names["customerid"] or "").removesuffix(".0")
            quantity, price = float(names["quantity"]), Decimal(names["unitprice"] or "0")
            if not customer or names["invoiceno"].startswith("C") or quantity <= 0 or price <= 0:
                continue
            users[customer].append(
                Interaction(
                    customer,
                    "purchase",
                    _moment(names["invoicedate"]),
                    names["stockcode"],
                    value=quantity,
                    price=price,
                    currency="GBP",
                    session=names["invoiceno"],
                )
            )
    for events in users.values():
        events.sort(key=lambda e: e.at)
    moments = [e.at for events in users.values() for e in (events[0], events[-1])]
    return users, min(moments), max(moments)


def _moment(text: str) -> datetime:
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise SystemExit(f"no moment: {text!r}")


if __name__ == "__main__":
    sys.exit(main())
