"""What was asked before: the first turns of conversations, the requests that interactions came of, and wishes that no field answers."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from shelftalk.pipeline.outlook import Asked, merged
from shelftalk.server.db.gaps import Gaps
from shelftalk.server.db.tables import ConversationRow, TurnRow
from shelftalk.server.db.tables_events import InteractionRow
from shelftalk.values import Request

_LOOKED_AT = 2000
_LONGEST = 1000


def past_requests(engine: Engine, *, tenant: str = "", most: int = 50, gaps: Gaps | None = None) -> list[Asked]:
    """Past requests of a tenant, like ones counted together, the commonest first; of equally common ones the newest. With `gaps`, wishes
    that no field answers stand behind them, as "KIND: WORDS"."""
    turns = (
        select(TurnRow.content)
        .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
        .where(ConversationRow.tenant == tenant, TurnRow.number == 0, TurnRow.role == "user")
        .order_by(TurnRow.id.desc()).limit(_LOOKED_AT)
    )  # fmt: skip
    said = (
        select(InteractionRow.request)
        .where(InteractionRow.tenant == tenant, InteractionRow.request.is_not(None), func.length(InteractionRow.request) > 0)
        .order_by(InteractionRow.id.desc()).limit(_LOOKED_AT)
    )  # fmt: skip
    searched = (
        select(InteractionRow.text)
        .where(InteractionRow.tenant == tenant, InteractionRow.kind == "search", InteractionRow.text.is_not(None))
        .order_by(InteractionRow.id.desc()).limit(_LOOKED_AT)
    )  # fmt: skip
    with engine.connect() as connection:
        texts = [text for query in (turns, said, searched) for text in connection.scalars(query)]
    found = merged(Asked(Request(text)) for text in texts if text and text.strip() and len(text) <= _LONGEST)[:most]
    if gaps is not None and len(found) < most:
        for gap in gaps.top(tenant=tenant, least=1, limit=most - len(found)):
            kind = next(iter(gap.kinds), "")
            text = f"{kind}: {gap.words}" if kind else gap.words
            found.append(Asked(Request(text), times=gap.requests))
    return found
