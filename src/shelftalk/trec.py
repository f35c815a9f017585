"""Rankings as a TREC run: "query Q0 document rank score tag", scores falling with the rank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from shelftalk.bulk import RequestLine
from shelftalk.errors import EngineError, ShelftalkError, UsageError
from shelftalk.pipeline import Shelf


def run_lines(
    shelf: Shelf, lines: Iterable[RequestLine], *, k: int, strategy: str | None, problems: list[str]
) -> Iterator[str]:
    """The run's lines for each request; a request that cannot be ranked adds to `problems` and the rest go on."""
    tag = f"shelftalk-{strategy or shelf.settings.rank.strategy}"
    seen: set[str] = set()
    for line in lines:
        try:
            if line.request is None:
                raise UsageError(line.error or "no request")
            query = _token(line.request.id or str(line.number), "the request's id")
            if query in seen:
                raise UsageError(f"id {query!r} stands in an earlier line too")
            seen.add(query)
            ranking = shelf.order_only(line.request, k=k, strategy=strategy)
            ids = [_token(c.product.id, "a product's id") for c in ranking.candidates[:k]]
        except EngineError:
            raise
        except ShelftalkError as error:
            problems.append(f"line {line.number}: {error}")
            continue
        for position, product_id in enumerate(ids, start=1):
            yield f"{query} Q0 {product_id} {position} {1 / position:.6f} {tag}\n"


def write_run(path: Path, lines: Iterable[str]) -> int:
    """The number of lines written; the file appears whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    count = 0
    with partial.open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(line)
            count += 1
    partial.replace(path)
    return count


def _token(text: str, what: str) -> str:
    if not text or any(c.isspace() for c in text):
        raise UsageError(f"{what} {text!r} is empty or holds white space, which a TREC run cannot carry")
    return text
