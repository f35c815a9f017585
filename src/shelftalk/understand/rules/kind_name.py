"""The name of the kind of thing that a request asks for: the noun at its head, where the request is short and says one.

"a kettle, not plastic, between 20 and 50" names "kettle"; a story of several sentences names nothing here, since what its
words refer to cannot be told without understanding it. Retrieve asks whether the shop sells such a thing at all.
"""

from __future__ import annotations

import re

from shelftalk.values import Intent
from shelftalk.words.stems import bag, stem, stemmed
from shelftalk.words.units import UNITS

LONGEST_REQUEST, LONGEST_NAME = 16, 3
_KINDS = bag("kind type category categories product item subcategory")
_FIELD_WORD = re.compile(r"[\W_]+")
_SENTENCE = re.compile(r"[.!?;:]+\s+\w")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d[\d.,]*|[^\w\s]")
_LEAD = re.compile(
    r"^(?:(?:hi|hello|hey|please|ok|okay|well|so|and|but|also|then|now|oh)\b[,!]?\s+)*"
    r"(?:(?:can|could|would|will)\s+you\s+(?:please\s+)?)?"
    r"(?:i(?:['’]?m|\s+am)?\s+(?:also\s+)?(?:need(?:\s+to\s+buy)?|want(?:\s+to\s+buy)?|would\s+like|['’]d\s+like|looking\s+for|"
    r"searching\s+for|after)|i['’]d\s+like|we\s+need|we\s+want|looking\s+for|searching\s+for|find(?:\s+me)?|show(?:\s+me)?|"
    r"get\s+me|give\s+me|recommend(?:\s+me)?|suggest|do\s+you\s+(?:have|sell)|have\s+you\s+got|got\s+any|is\s+there|"
    r"are\s+there|need|want|buy|name|list|pick|choose|order)?\s*(?:please\s+)?",
    re.I,
)
# What ends "the cheapest standing desk you have" and says nothing of the thing.
_SOLD = re.compile(
    r"\s+(?:that\s+|which\s+)?(?:you(?:\s+guys)?(?:['’]ve)?|there\s+(?:is|are))"
    r"(?:\s+(?:currently|actually|(?:have\s+)?got|have|sell|stock|carry|offer|in\s+stock))*\W*$",
    re.I,
)
# Words that may stand before the name.
_BEFORE = bag(
    "a an the some any one two three four five six seven eight nine ten another second third fourth fifth my new good "
    "great nice decent best cheap cheaper cheapest big bigger small smaller large little light lightweight heavy long "
    "short tall thin warm cool fancy pretty beautiful lovely quality durable sturdy reliable affordable inexpensive "
    "expensive simple basic modern most least really very quite non durable "
    "sturdy soft comfortable portable quiet silent fast powerful strong bright compact"
)
# Words that name no particular thing.
_OPEN = bag(
    "something anything nothing everything thing things stuff item items product products article articles gift gifts "
    "present presents idea ideas option options suggestion suggestions choice one ones pair pairs range set sets kind "
    "type sort lot birthday christmas today bestseller bestsellers else help deal deals offer offers you it this that "
    "these those way time day all cheapest best most least budget money price"
)
# Words that end the name.
_AFTER = bag(
    "for with without under below over above between less more up that which who whose where when in of from by to "
    "not no and or but at around about max maximum min minimum costing priced than as on is are was be i we he she "
    "they my me please made suitable using like so if can could should would will per within only except excluding "
    "somewhere anywhere roughly approximately nearly neither nor none maybe perhaps possibly free"
)
# Words that begin a question or an order, and words before which a verb stands, not a name.
_NO_NAME = bag("what what's whats which who how why where when tell listen look keep make let thanks thank")
_PART = bag("half quarter third dozen")
_UNLIKE = re.compile(r"^non-|-free$")
_SAYING = re.compile(r"(?:i|it|he|she|we|they|you|that|this|there|here|what|who)['’]")
# What holds or counts the thing that is named behind an "of".
_HOLDERS = stemmed("bottle box bag pack packet can tin jar tub tube sack roll carton crate case bar bunch pallet cup")
_OBJECT = bag("i i'm i've i'd we my me our you your it the a an this these")


def says_kind(field: str) -> bool:
    """Whether a field of that name says what kind of thing a product is."""
    return bool(_KINDS & set(_FIELD_WORD.split(field)))


def named_kind(request: str, intent: Intent) -> str:
    """At most three words in lower case, "" where the request names no kind of thing that stands out of its text."""
    text = _SOLD.sub("", request.strip())
    if not intent.shopping or _SENTENCE.search(text):
        return ""
    lead = _LEAD.match(text)
    tokens = _TOKEN.findall(text[lead.end() :] if lead else text)
    if len(_TOKEN.findall(text)) > LONGEST_REQUEST:
        return ""
    said = [c.span for c in intent.constraints] + ([intent.sort.span] if intent.sort else []) + list(intent.preferences)
    read = {w.lower() for span in said for w in _TOKEN.findall(span)}
    words = [t.lower() for t in tokens]
    kinds = {w.lower() for c in intent.constraints if says_kind(c.field) for w in _TOKEN.findall(c.span)}
    read |= {w for w in words if _UNLIKE.sub("", w) in read}
    counted = False
    while words and words[0] not in _AFTER:
        unit = counted and words[0] in UNITS  # the "inch" of "half inch brass elbow"
        counted = words[0].isdigit() or words[0] in _PART
        if not (counted or unit or words[0] in _BEFORE or words[0] in read):
            break
        words.pop(0)
    name: list[str] = []
    for word in words:
        if name and word in kinds:
            return ""  # what stands before a kind that was read only says which
        if not word[0].isalpha() or word in _AFTER or word in read or _SAYING.match(word):
            break
        name.append(word)
    if not name or len(name) > LONGEST_NAME or _OPEN & set(name) or name[0] in _NO_NAME:
        return ""
    if len(words) > len(name) and words[len(name)][0].isdigit() and kinds & {t.lower() for t in tokens}:
        return ""  # a number of the kind that was read before it: "sunscreen factor 50"
    behind = [word for word in words[len(name) : len(name) + 2] if word != ","]
    held = behind[:1] == ["of"] and stem(name[-1]) in _HOLDERS  # "a dozen bottles of water" are no bottles
    if held or (behind and behind[0] in _OBJECT):
        return ""
    if name[-1].endswith(("ing", "ly", "ed", "n't", "n’t")):
        return ""
    return " ".join(name)
