"""One request's part in experiments: the variant that answers it, its exposure, and the list that was drawn for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shelftalk.experiments.experiment import Unit
from shelftalk.pipeline import Shelf
from shelftalk.server.answering import degraded
from shelftalk.values import Answer

if TYPE_CHECKING:
    from shelftalk.server.state import ServerState


class Trial:
    """Of the unit that asks. `shelf` is the variant's, None where the request is answered as all others."""

    def __init__(self, server: ServerState, unit: Unit) -> None:
        self._server, self._unit = server, unit
        self._assigned = server.experimenting.assign(unit)

    @property
    def shelf(self) -> Shelf | None:
        """The shelf to answer with in place of the server's own."""
        return self._assigned.shelf if self._assigned else None

    def noted(self, answer: Answer) -> Answer:
        """The answer, naming experiment and variant where it counts, once that and the list that was drawn are on disk. Raises
        SQLAlchemyError where they cannot be."""
        fell_back = degraded(answer)
        if answer.slate is not None:
            explore = self._server.settings.explore
            self._server.experiments.drawn(
                answer.slate, self._unit, answer.request, keep=explore.keep_requests,
                context=self._server.users.pseudonyms.digest("slate", self._unit.tenant, answer.request),
                part=(self._assigned.experiment, self._assigned.variant) if self._assigned else None,
            )  # fmt: skip
        found = self._assigned
        if found is not None and self._server.experimenting.answered(found, answer, degraded=fell_back):
            return replace(answer, experiment=(found.experiment, found.variant))
        return answer
