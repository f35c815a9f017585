"""A request within a conversation: the turns before it come from the database, and both new turns go there."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from shelftalk.experiments.experiment import Unit
from shelftalk.pipeline import Shelf
from shelftalk.server.bodies import ContextBody
from shelftalk.server.chat_text import chat_text
from shelftalk.server.db.keys import Caller
from shelftalk.server.failures import Refused
from shelftalk.server.knowing import shopper_of
from shelftalk.server.personal_data import without_personal_data
from shelftalk.server.trial import Trial
from shelftalk.values import Answer, Request

if TYPE_CHECKING:
    from shelftalk.server.state import ServerState

logger = logging.getLogger(__name__)

NOT_KEPT = "This turn could not be stored; a later request will not know of it."
_MOST_TURNS = 50


class Conversing:
    """One caller's request, in a conversation or (None) in none, of `user` (a pseudonym) where that is known."""

    def __init__(
        self,
        server: ServerState,
        caller: Caller,
        conversation: str | None,
        *,
        user: str = "",
        context: ContextBody | None = None,
    ) -> None:
        self._server, self._caller, self._conversation = server, caller, conversation
        self._user, self._context = user, context
        self._trial = Trial(server, Unit(caller.tenant, user, conversation or ""))
        self._edited, self._earlier = False, tuple[str, ...]()

    async def continued(self, request: Request) -> Request:
        """The request with its history, and without the products that were waved away in this conversation."""
        request = await without_personal_data(request, self._server.settings)
        who = await shopper_of(
            self._server, self._caller.tenant, user=self._user, conversation=self._conversation, context=self._context
        )
        request = replace(request, shopper=who)
        self._edited = request.intent is not None
        if self._conversation is None:
            return self._heard(request)
        if request.history:
            raise Refused(400, "invalid_request", "give a conversation or a history, not both", param="history")
        tenant = self._caller.tenant
        turns = await asyncio.to_thread(self._server.conversations.history, self._conversation, tenant)
        here = who.refused if who else ()
        dismissed = tuple(r.product_id for r in here if r.session == self._conversation)
        return self._heard(replace(request, history=turns[-_MOST_TURNS:], exclude=dismissed))

    @property
    def shelf(self) -> Shelf | None:
        """The shelf that answers in place of the server's own: that of an experiment's variant."""
        return self._trial.shelf

    def _heard(self, request: Request) -> Request:
        self._earlier = tuple(turn.content for turn in request.history if turn.role == "user")
        return request

    async def finished(self, answer: Answer) -> Answer:
        """The answer, once its tokens are counted and its turns put down; with a note where they could not be."""
        if self._server.settings.serve.count_gaps and not self._edited:  # what was edited was read, and counted, before
            self._server.counting.note(answer, tenant=self._caller.tenant, earlier=self._earlier)
        try:
            answer = await asyncio.to_thread(self._trial.noted, answer)
            await self._keep(answer)
        except SQLAlchemyError as error:
            logger.error("an answer was given, but not put down: %s", type(error).__name__)
            self._server.telemetry.unkept()
            if self._conversation is not None:
                return replace(answer, notes=(*answer.notes, NOT_KEPT))
        return answer

    async def _keep(self, answer: Answer) -> None:
        await self._server.gate.spend(self._caller, answer.tokens.prompt + answer.tokens.completion)
        if self._conversation is not None:
            await asyncio.to_thread(self._put_down, self._conversation, answer)

    def _put_down(self, conversation: str, answer: Answer) -> None:
        tenant, kept = self._caller.tenant, {**answer.to_dict(), "edited": self._edited}
        known = self._server.users.of(self._user, tenant) if self._user else ""
        self._server.conversations.add(conversation, tenant, answer.request, chat_text(answer), kept, user=known)
