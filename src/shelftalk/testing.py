"""For a team's own tests: the pytest fixtures `shelf` and `answer`, the marker `shelftalk`, and `expect(answer)`.

pytest finds this module by itself where shelftalk is installed. It opens nothing until a test asks for the shelf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shelftalk.errors import ShelftalkError
from shelftalk.text import clean
from shelftalk.values import Answer, Claim, Pick, Product, plain

if TYPE_CHECKING:
    from shelftalk.pipeline import Shelf

__all__ = ["Expectation", "expect"]

_INI = {
    "catalog": "folder of the catalogue, beside the file that says so; demo is the bundled one",
    "model": "language model: default, a folder, a Hugging Face name, or a server's address",
    "engine": "auto, vllm, server or transformers",
    "server": "address of a running vLLM server",
}


def expect(answer: Answer) -> Expectation:
    """What is expected of an answer, one method each; they chain, and the first that does not hold fails the test."""
    return Expectation(answer)


class Expectation:
    """Expectations on one answer. Each method returns itself, or raises an AssertionError that shows the picks."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def under(self, amount: float | str | Decimal, currency: str | None = None) -> Expectation:
        """Every pick costs less than `amount`, in `currency` where it is given; one without a price fails."""
        __tracebackhide__ = True
        limit = _money(amount)
        return self._every(
            lambda p: p.price is not None and p.price < limit and currency in (None, p.currency),
            f"every pick to cost less than {plain(limit)}{f' {currency}' if currency else ''}",
        )

    def at_most(self, amount: float | str | Decimal, currency: str | None = None) -> Expectation:
        """Every pick costs `amount` or less, in `currency` where it is given; one without a price fails."""
        __tracebackhide__ = True
        limit = _money(amount)
        return self._every(
            lambda p: p.price is not None and p.price <= limit and currency in (None, p.currency),
            f"every pick to cost {plain(limit)}{f' {currency}' if currency else ''} or less",
        )

    def has(self, field: str, value: Any = True) -> Expectation:
        """Every pick's record holds `value` in `field`: text without case, "yes" is True, a list contains it."""
        from shelftalk.facts.holds import same

        __tracebackhide__ = True
        return self._every(
            lambda p: same(p.value(field), value),
            f"every pick to have {field} = {_shown(value)}",
            lambda p: f"{field}: {_shown(p.value(field))}" if p.value(field) is not None else f"no {field}",
        )

    def refuses(self) -> Expectation:
        """The answer says that nothing fits, or that nothing was asked for; near misses may still be shown."""
        __tracebackhide__ = True
        if not (self.answer.no_match or not self.answer.intent.shopping):
            self._fail("a refusal (nothing fits)", set())
        return self

    def answers(self) -> Expectation:
        """There is at least one pick, and it fits what was asked."""
        __tracebackhide__ = True
        if self.answer.no_match or not self.answer.picks:
            self._fail("picks that fit", set())
        return self

    def first_is(self, wanted: str) -> Expectation:
        """The first pick is the product with this id or title (without case)."""
        __tracebackhide__ = True
        if not self.answer.picks or not _called(self.answer.picks[0].product, wanted):
            self._fail(f"{wanted!r} to be the first pick", {1})
        return self

    def includes(self, wanted: str) -> Expectation:
        """One of the picks is the product with this id or title (without case)."""
        __tracebackhide__ = True
        if not any(_called(pick.product, wanted) for pick in self.answer.picks):
            self._fail(f"{wanted!r} to be among the picks", set())
        return self

    def excludes(self, unwanted: str) -> Expectation:
        """None of the picks is the product with this id or title (without case)."""
        __tracebackhide__ = True
        wrong = {pick.rank for pick in self.answer.picks if _called(pick.product, unwanted)}
        if wrong:
            self._fail(f"{unwanted!r} not to be among the picks", wrong)
        return self

    def all_in_stock(self) -> Expectation:
        """No pick is sold out, by its availability or else by a stock of 0."""
        from shelftalk.facts.availability import sold_out

        __tracebackhide__ = True
        return self._every(
            lambda p: not sold_out(p),
            "every pick to be in stock",
            lambda p: (
                f"availability: {p.availability or 'not given'}, stock: {p.stock if p.stock is not None else 'not given'}"
            ),
        )

    def grounded(self) -> Expectation:
        """Every pick has a reason, and every claim of it was verified and cites evidence that equals the record."""
        __tracebackhide__ = True
        problems: dict[int, str] = {}
        for pick in self.answer.picks:
            found = "has no reason" if not pick.reason or not pick.claims else ""
            for claim in pick.claims:
                found = found or _ungrounded(claim, pick.product)
            if found:
                problems[pick.rank] = found
        if problems:
            self._fail("every claim to rest on the record", set(problems), lambda pick: problems.get(pick.rank, ""))
        return self

    def no_relaxation(self) -> Expectation:
        """Nothing that was asked for was given up to find the picks."""
        __tracebackhide__ = True
        if self.answer.relaxed:
            from shelftalk.render import constraint_text

            given_up = "; ".join(constraint_text(c) for c in self.answer.relaxed)
            self._fail(f"nothing to be given up, but this was: {given_up}", set())
        return self

    def _every(
        self, holds: Callable[[Product], bool], what: str, why: Callable[[Product], str] | None = None
    ) -> Expectation:
        __tracebackhide__ = True
        wrong = {pick.rank for pick in self.answer.picks if not holds(pick.product)}
        if wrong or not self.answer.picks:
            self._fail(what, wrong, (lambda pick: why(pick.product)) if why else None)
        return self

    def _fail(self, what: str, wrong: set[int], why: Callable[[Pick], str] | None = None) -> None:
        __tracebackhide__ = True
        raise AssertionError(_report(self.answer, what, wrong, why))


def _report(answer: Answer, what: str, wrong: set[int], why: Callable[[Pick], str] | None) -> str:
    from shelftalk.render import price_text, understood_text

    lines = [f"expected {what}", f"  request:    {clean(answer.request)}"]
    if understood := understood_text(answer.intent):
        lines.append(f"  understood: {understood}")
    for pick in answer.picks:
        mark = ">" if pick.rank in wrong else " "
        more = f"   ({clean(text)})" if why and pick.rank in wrong and (text := why(pick)) else ""
        title = f"{clean(pick.product.title)}, {price_text(pick)} [{clean(pick.product.id)}]"
        lines.append(f"  {mark} {pick.rank}. {title}{more}")
    if not answer.picks:
        lines.append("    there are no picks")
    lines += [f"  note: {clean(note)}" for note in answer.notes]
    return "\n".join(lines)


def _ungrounded(claim: Claim, product: Product) -> str:
    """Why a claim does not rest on the record, "" where it does."""
    if not claim.verified:
        return f"not verified: {claim.text}"
    if not claim.evidence:
        return f"cites nothing: {claim.text}"
    for evidence in claim.evidence:
        held = product.id if evidence.field == "id" else product.value(evidence.field)
        if held is None or plain(held) != plain(evidence.value):
            return f"{evidence.field} is {_shown(held)} in the record, {_shown(evidence.value)} in: {claim.text}"
    return ""


def _called(product: Product, name: str) -> bool:
    return product.id == name or clean(product.title).casefold() == clean(name).casefold()


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else clean(str(plain(value)))


def _money(amount: float | str | Decimal) -> Decimal:
    try:
        return Decimal(str(amount))
    except InvalidOperation:
        raise ValueError(f"{amount!r} is no amount of money; give a number, such as 99.90") from None


# The plugin --------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """The ini options shelftalk_*, and --shelftalk-catalog and --shelftalk-model over them."""
    for name, what in _INI.items():
        parser.addini(f"shelftalk_{name}", f"shelftalk: {what}", default="")
    parser.addini(
        "shelftalk_settings", "shelftalk: any other settings, a line each: rank.strategy = listwise", "linelist"
    )
    group = parser.getgroup("shelftalk")
    for name in ("catalog", "model"):
        group.addoption(f"--shelftalk-{name}", default=None, help=f"over the ini option shelftalk_{name}: {_INI[name]}")


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker."""
    config.addinivalue_line(
        "markers",
        "shelftalk(request, k=None, candidates=None): a test that asks the shelf; the fixture `answer` answers `request`. "
        "Tests that use `shelf` carry it by themselves.",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what uses the shelf, so that `-m "not shelftalk"` leaves it out."""
    for item in items:
        if "shelf" in getattr(item, "fixturenames", ()) and item.get_closest_marker("shelftalk") is None:
            item.add_marker(pytest.mark.shelftalk)


@pytest.fixture(scope="session")
def shelf(pytestconfig: pytest.Config) -> Iterator[Shelf]:
    """The shelf over the catalogue that the ini options name, opened once a session."""
    from shelftalk.pipeline import Shelf

    try:
        settings = _settings(pytestconfig)
        opened = Shelf.open(_catalog(pytestconfig, settings), settings=settings)
    except ShelftalkError as error:
        told = str(error)
    else:
        with opened:
            yield opened
        return
    pytest.fail(f"the fixture shelf cannot be made: {told}", pytrace=False)  # outside, or pytest tells it twice


@pytest.fixture
def answer(shelf: Shelf, request: pytest.FixtureRequest) -> Answer:
    """The answer to the request that the test's marker names."""
    marker = request.node.get_closest_marker("shelftalk")
    if marker is None or len(marker.args) != 1 or set(marker.kwargs) - {"k", "candidates"}:
        pytest.fail('mark the test with its request: @pytest.mark.shelftalk("a kettle under 50", k=3)', pytrace=False)
    try:
        return shelf.ask(marker.args[0], **marker.kwargs)
    except ShelftalkError as error:
        told = str(error)
    pytest.fail(f"{marker.args[0]!r} was not answered: {told}", pytrace=False)


def _option(config: pytest.Config, name: str) -> str:
    given = config.getoption(f"--shelftalk-{name}", default=None)
    return str(given if given is not None else config.getini(f"shelftalk_{name}"))


def _settings(config: pytest.Config) -> Any:
    from shelftalk.errors import UsageError
    from shelftalk.settings import load_settings

    given: dict[str, Any] = {name: _option(config, name) or None for name in ("model", "engine", "server")}
    for line in config.getini("shelftalk_settings"):
        path, equals, value = (part.strip() for part in str(line).partition("="))
        if not equals or not path:
            raise UsageError(
                f"shelftalk_settings has the line {line!r}; write a setting a line: rank.strategy = listwise"
            )
        *groups, name = path.split(".")
        place = given
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    return load_settings(**given)


def _catalog(config: pytest.Config, settings: Any) -> Path | None:
    named = _option(config, "catalog")
    if named == "demo":
        from shelftalk.demo import prepare_demo

        return prepare_demo(settings.home_folder / "demo", settings)
    if not named:
        return None
    beside = Path.cwd() if config.getoption("--shelftalk-catalog", default=None) else config.rootpath
    return beside / Path(named).expanduser()
