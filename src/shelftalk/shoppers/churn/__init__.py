"""Who is about to be lost: customers' signs, a calibrated model tested on later time, and a win-back list whose reasons can be checked."""

from shelftalk.shoppers.churn.model import ChurnModel, Tested, Window, days_of, measured, windows
from shelftalk.shoppers.churn.signs import Customer, customer
from shelftalk.shoppers.churn.winback import Offer, WinBack, win_back

__all__ = [
    "ChurnModel", "Customer", "Offer", "Tested", "WinBack", "Window", "customer", "days_of", "measured", "win_back", "windows",
]  # fmt: skip
