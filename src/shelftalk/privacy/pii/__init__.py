"""Personal data in text: e-mail addresses, phone, payment card and bank account numbers, found and taken out.

Presidio holds the recognisers and phonenumbers the numbering plans of the world; no language model is loaded and nothing is fetched.
"""

from shelftalk.privacy.pii.scrub import LABELS, Found, Scrubbed, find, scrub, warm_up

__all__ = ["LABELS", "Found", "Scrubbed", "find", "scrub", "warm_up"]
