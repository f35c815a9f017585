"""Offline evaluation: suites of requests put to variants of the path, and the figures that tell the variants apart."""
