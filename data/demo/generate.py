"""Writes the demo data, byte for byte the same each time; `--check` compares with what is there (exit 1 when it differs)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _build.products import build_table
from _build.tables import read_tables

HERE = Path(__file__).parent


def jsonl(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def build() -> dict[str, str]:
    """The text of every file by its name."""
    products = [product for table in read_tables() for product in build_table(table)]
    return {"products.jsonl": jsonl(products)}


def main() -> int:
    files = build()
    if "--check" in sys.argv[1:]:
        stale = [n for n, text in files.items() if not (HERE / n).exists() or (HERE / n).read_bytes() != text.encode()]
        print(
            "differs from what the script makes: " + ", ".join(stale)
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
