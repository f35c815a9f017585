"""The command line. Every command turns ShelftalkError into one line on stderr and the error's exit code."""

from shelftalk.cli.main import app, main

__all__ = ["app", "main"]
