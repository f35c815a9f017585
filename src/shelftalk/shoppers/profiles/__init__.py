"""Profiles: what interactions show of a shopper, of a product and of a session, each line with what it rests on (docs/profiles.md)."""

from shelftalk.shoppers.profiles.corrections import Corrections
from shelftalk.shoppers.profiles.offers import Offers
from shelftalk.shoppers.profiles.profile import Profile, build_profile

__all__ = ["Corrections", "Offers", "Profile", "build_profile"]
