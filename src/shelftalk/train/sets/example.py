"""The two values of the build: a judged request, which sources give, and an example, which tasks make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from shelftalk.values import Intent, Prompt, Request

if TYPE_CHECKING:
    from shelftalk.train.sets.shop import Shop

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Judged:
    """A request and what is known of its right answer.

    `group` is what the splits part by (a category, a query): all of a group stands in one split. `grades` map product
    ids to gains of 0 to 3 (2 and more: it suits); `verdicts` map product ids to whether they suit, where the request is
    a question about one product, and `why` the reason of each; `intent` is the gold reading. Each is None where there is no
    such knowledge; empty grades mean that nothing fits. `judged_all` says that every product without a grade is known to have 0;
    `ranked` is False where a superlative is asked: the database orders then, and no model ranks.
    """

    id: str
    source: str
    group: str
    split: Split
    shop: Shop
    request: Request
    grades: Mapping[str, float] | None = None
    verdicts: Mapping[str, bool] | None = None
    intent: Intent | None = None
    judged_all: bool = True
    ranked: bool = True
    why: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One row of a set: the prompt as served, and what the model should answer.

    `labels` are the labels that an engine would score (empty where it generates), `gains` the worth of each; `query` is
    the id of the judged request, so that a dev score can put the rows of one request together. `request` is the text
    that duplicates and leaks are looked for in. `then` is what the model learns to go on with after the answer (why it is
    so); no engine asks for it.
    """

    task: str
    prompt: Prompt
    completion: str
    source: str
    group: str
    split: Split
    id: str
    query: str
    request: str
    labels: tuple[str, ...] = ()
    gains: tuple[float, ...] = ()
    weight: float = 1.0
    tags: tuple[str, ...] = field(default=())
    then: str = ""

    def row(self) -> dict[str, Any]:
        """The row as the `datasets` folder holds it."""
        return {
            "task": self.task,
            "prompt": [{"role": m.role, "content": m.content} for m in self.prompt.messages],
            "completion": [{"role": "assistant", "content": self.completion}],
            "source": self.source,
            "group": self.group,
            "id": self.id,
            "weight": self.weight,
            "query": self.query,
            "request": self.request,
            "labels": list(self.labels),
            "gains": list(self.gains),
            "template": self.prompt.template,
            "tags": list(self.tags),
            "then": self.then,
        }
