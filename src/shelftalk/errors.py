"""The errors that Shelftalk raises. Each says what was wrong, with which value, where, and what to do.

The command line prints the message as one line and leaves with `exit_code`; library users catch ShelftalkError.
"""

from __future__ import annotations


class ShelftalkError(Exception):
    """Base of all errors that a user can mend."""

    exit_code = 1


class UsageError(ShelftalkError):
    """A request, option or setting that cannot be used as given."""

    exit_code = 2


class CatalogError(ShelftalkError):
    """A catalogue that is missing, damaged or of another version, or a product it lacks."""

    exit_code = 3


class FeedError(ShelftalkError):
    """A feed that cannot be read at all (single bad rows go to the rejects file instead)."""

    exit_code = 4


class EngineError(ShelftalkError):
    """A language model or its server that cannot be loaded, reached or used."""

    exit_code = 5


class NoLogprobs(EngineError):
    """The language model gives no log-probabilities, so nothing can be decided among labels by it."""


class PromptError(ShelftalkError):
    """A prompt template that is missing, malformed or was given the wrong variables."""

    exit_code = 6


class StorageError(ShelftalkError):
    """A disk that is full or a folder that cannot be written."""

    exit_code = 7


# Exit code of a run that did its work but left something out: rejected rows of an import, failed lines of a batch.
PARTIAL = 8
