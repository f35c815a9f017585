"""`shelftalk chat`: several turns in the terminal, streamed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.cli import common
from shelftalk.errors import UsageError
from shelftalk.text import clean, shorten

if TYPE_CHECKING:
    from shelftalk.cli.near import Answers
    from shelftalk.conversation import AboutShown
    from shelftalk.values import Answer, FollowUp, Product, Request

_ENDS = ("/quit", "/exit", "quit", "exit")
_KEPT_TURNS = 20


def chat(
    catalog: common.CatalogOption = None,
    k: Annotated[int | None, typer.Option("--k", min=1, max=50, help="Number of picks per turn.")] = None,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
    local: common.LocalOption = False,
) -> None:
    """Ask over several turns: "cheaper ones", "is the second waterproof?", "why the first?". /new starts over, /quit leaves.

    As with `ask`, a running `shelftalk serve` of the same catalogue answers.
    """
    from shelftalk.cli.near import Answers
    from shelftalk.cli.show import print_events, safe
    from shelftalk.conversation import question_about
    from shelftalk.render import assistant_turn
    from shelftalk.values import Request, Turn

    console, progress = common.stdout(), common.stderr()
    history: list[Turn] = []
    shown = _Shown()
    with Answers(catalog, common.settings_from(model, engine, server), local=local) as answers:
        console.print(f"{answers.count()} products. What are you looking for? [dim](/new, /quit)[/dim]")
        while True:
            try:
                text = console.input("\n[bold]> [/bold]").strip()
            except EOFError:
                break
            if text.casefold() in _ENDS:
                break
            if text.casefold() == "/new":
                history.clear()
                shown = _Shown()
                console.print("[dim]starting over[/dim]")
                continue
            if not text:
                continue
            if chosen := shown.chosen(text):
                text = chosen
                console.print(f"[dim]{safe(text)}[/dim]", soft_wrap=True)
            question = None if chosen else question_about(text, shown.products, shown.focus)
            if question is not None and shown.request is not None:
                for line in shown.tell(answers, question, text):
                    console.print(safe(line), soft_wrap=True)
                continue
            try:
                asked = Request(text, history=tuple(history), k=k)
                answer = print_events(answers.stream(asked), console, progress)
            except UsageError as error:
                common.fail(str(error))
                continue
            if answer:
                shown = _Shown.after(asked, answer, shown)
                history += [Turn("user", text), assistant_turn(answer)]
                del history[:-_KEPT_TURNS]


@dataclass
class _Shown:
    """What the shopper has before them: the request answered last, its picks, the one last spoken of, and the question that
    the last answer put."""

    request: Request | None = None
    products: tuple[Product, ...] = field(default=())
    focus: Product | None = None
    follow_up: FollowUp | None = None

    @classmethod
    def after(cls, request: Request, answer: Answer, before: _Shown) -> _Shown:
        """What is shown after an answer; one without picks leaves what was shown before."""
        products = tuple(pick.product for pick in answer.picks)
        if not products:
            return cls(before.request, before.products, before.focus, answer.follow_up)
        return cls(request, products, follow_up=answer.follow_up)

    def chosen(self, text: str) -> str:
        """The request that an answer to the question stands for, by its number or its text; "" where it is none."""
        said = clean(text).rstrip(".)").casefold()
        for number, (answer, request) in enumerate(self.follow_up.answers if self.follow_up else (), 1):
            if said in (str(number), clean(answer).rstrip(".)").casefold()):
                return request
        return ""

    def tell(self, answers: Answers, question: AboutShown, text: str) -> list[str]:
        """The lines that answer a question about products shown, or about why another was not."""
        from shelftalk.explain import answer_question

        named = None if question.products else answers.named(question.name)
        products = question.products or ((named,) if named else ())
        if not products:
            return [f"Nothing in the catalogue is called {shorten(clean(question.name), 80)}."]
        self.focus = products[0]
        if question.kind == "why" and self.request is not None:
            return list(answers.why(self.request, products[0].id))
        lines: list[str] = []
        facets = answers.facets()
        for product in products:
            told = answer_question(text, product, facets)
            lines += [f"{shorten(clean(product.title), 100)} ({product.id})", f"  {told.reason}"]
        return lines
