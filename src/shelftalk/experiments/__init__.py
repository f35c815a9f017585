"""Experiments on live traffic: who sees which variant, what may be concluded and when, and what another order would have earned."""
