"""Explained lists for many users, in one machine or on a Ray cluster."""
