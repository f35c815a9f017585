"""Writes the demo data, byte for byte the same each time; `--check` compares with what is there (exit 1 when it differs)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from recipe import TODAY
from recipe.products import build_table
from recipe.readme import write_readme
from recipe.requests import judge, write_requests
from recipe.shoppers import interactions, read_shoppers, users
from recipe.tables import read_tables

HERE = Path(__file__).parent


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def build() -> dict[str, str]:
    """The text of every file by its name."""
    tables = read_tables()
    products = [product for table in tables for product in build_table(table)]
    leaves = {table.code: table.path[-1] for table in tables}
    requests = write_requests(products, leaves)
    qrels = {"qrels.dev.txt": "", "qrels.test.txt": ""}
    for request in requests:
        judgments = judge(products, request).items()
        qrels[f"qrels.{request['split']}.txt"] += "".join(f"{request['id']} 0 {p} {g}\n" for p, g in judgments)
    shoppers = read_shoppers()
    people, events = users(shoppers), interactions(shoppers, products)
    codes = {leaf: code for code, leaf in leaves.items()}
    return {
        "products.jsonl": jsonl(products),
        "requests.jsonl": jsonl(requests),
        **qrels,
        "users.jsonl": jsonl(people),
        "interactions.jsonl": jsonl(events),
        "README.md": write_readme(products, requests, qrels, people, events, codes, TODAY),
    }


def main() -> int:
    files = build()
    if "--check" in sys.argv[1:]:
        stale = [n for n, text in files.items() if not (HERE / n).exists() or (HERE / n).read_bytes() != text.encode()]
        print(
            f"differs from what the script makes: {', '.join(stale)}"
            if stale
            else "all files are as the script makes them"
        )
        return 1 if stale else 0
    for name, text in files.items():
        (HERE / name).write_bytes(text.encode())
        print(f"{name}: {text.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
