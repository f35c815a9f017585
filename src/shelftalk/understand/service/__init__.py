"""Questions to the shop about itself rather than about what it sells: told apart from requests, and what they are about."""

from shelftalk.understand.service.asked import ServiceQuestions

__all__ = ["ServiceQuestions"]
