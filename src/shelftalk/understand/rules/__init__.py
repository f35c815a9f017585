"""The rule-based parser: what must be exact of an English request. Amounts, units, comparators, negation and its scope, dates,
sizes, counts and named values become constraints over the fields of a catalogue, of which the rules themselves know nothing.

Nothing outside imports deeper than this."""

from shelftalk.understand.rules.company import of_kinds
from shelftalk.understand.rules.degrees import (
    SUPERLATIVES,
    bare_comparison,
    comparative,
    comparing,
    more,
    opposite,
    plainly_said,
    superlative,
)
from shelftalk.understand.rules.index import Field, Index, named, names_kind
from shelftalk.understand.rules.kind_name import named_kind, says_kind
from shelftalk.understand.rules.leftover import unread
from shelftalk.understand.rules.lexicon import COMMON
from shelftalk.understand.rules.numbers import amounts_in
from shelftalk.understand.rules.parser import THRIFTY, RuleParser
from shelftalk.understand.rules.placing import AS_A_WISH, placed
from shelftalk.understand.rules.polarity import refused, rejected_after
from shelftalk.understand.rules.soft import KEPT, SOFT, liked, small_talk, talk_said
from shelftalk.understand.rules.tokens import Text, stems, tokenise
from shelftalk.understand.rules.value_mentions import mentions
from shelftalk.understand.rules.vocabulary import ordinary

__all__ = [
    "AS_A_WISH",
    "COMMON",
    "Field",
    "Index",
    "KEPT",
    "RuleParser",
    "SOFT",
    "SUPERLATIVES",
    "THRIFTY",
    "Text",
    "amounts_in",
    "bare_comparison",
    "comparative",
    "comparing",
    "liked",
    "mentions",
    "more",
    "named",
    "named_kind",
    "names_kind",
    "of_kinds",
    "opposite",
    "ordinary",
    "placed",
    "plainly_said",
    "refused",
    "rejected_after",
    "says_kind",
    "small_talk",
    "stems",
    "superlative",
    "talk_said",
    "tokenise",
    "unread",
]
