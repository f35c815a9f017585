"""Shelftalk answers "what should I buy?" from a shop's own catalogue, with reasons that the catalogue proves."""
