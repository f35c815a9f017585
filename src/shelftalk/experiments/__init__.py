"""Experiments: variants assigned by a stable hash of the user, intervals that hold at any time, off-policy estimates."""
