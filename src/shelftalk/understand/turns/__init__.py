"""Several turns: which follow-up goes on from what, what it takes back, and what it says of products shown."""

from shelftalk.understand.turns.conversation import CLEARED, NO_FIELD, Conversation, Lookup
from shelftalk.understand.turns.relative import loosened
from shelftalk.understand.turns.shown import shown

__all__ = ["CLEARED", "Conversation", "Lookup", "NO_FIELD", "loosened", "shown"]
