"""Explained lists for many users, in one machine or on a Ray cluster: parts of the input are made and put in place one by one."""

from shelftalk.lists.erasing import Erased, erase, erase_everywhere, lines_of
from shelftalk.lists.make import Opener, OpenShelf, recommend
from shelftalk.lists.manifest import Report
from shelftalk.lists.on_ray import OnRay
from shelftalk.lists.run import ForYou, Known, Options
from shelftalk.lists.wire import LIST_VERSION

__all__ = [
    "LIST_VERSION",
    "Erased",
    "ForYou",
    "Known",
    "OnRay",
    "OpenShelf",
    "Opener",
    "Options",
    "Report",
    "erase",
    "erase_everywhere",
    "lines_of",
    "recommend",
]
