"""What shoppers did, as it comes from outside: one record read as an Interaction or refused with its reason, and files of such records."""

from shelftalk.shoppers.events.fields import BadEvent
from shelftalk.shoppers.events.kinds import EARLIER_KINDS, kind_of
from shelftalk.shoppers.events.parse import EventParser

__all__ = ["EARLIER_KINDS", "BadEvent", "EventParser", "kind_of"]
