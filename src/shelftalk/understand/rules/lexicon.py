"""What English shoppers say (lexicon.toml): word lists and synonyms of shopping in general, with nothing of any catalogue in them."""

from __future__ import annotations

import tomllib
from pathlib import Path

from shelftalk.words.stems import bag, stem, stemmed

_TABLE = tomllib.loads((Path(__file__).parent / "lexicon.toml").read_text(encoding="utf-8"))
EVALUATIVE, COLORS, COMMON = (bag(_TABLE[name]) for name in ("evaluative", "colors", "common"))
NAME_NOISE, LESS_IS_BETTER = stemmed(_TABLE["name_noise"]), stemmed(_TABLE["less_is_better"])
MORE_IS_BETTER, MORE_UNITS = stemmed(_TABLE["more_is_better"]), bag(_TABLE["more_units"])
ALSO_CALLED, LACKS = ({stem(w): stemmed(v) for w, v in _TABLE[name].items()} for name in ("also_called", "lacks"))
VALUE_SYNONYMS: dict[str, tuple[str, ...]] = {said: tuple(means) for said, means in _TABLE["synonyms"].items()}
VALUE_SYNONYMS |= {said: tuple(each["means"]) for each in _TABLE["classes"] for said in each["said"]}
SUPERLATIVE_FIELDS: dict[str, str] = _TABLE["superlatives"]
CONCEPTS: dict[str, frozenset[str]] = {}
for _line in _TABLE["concepts"].strip().splitlines():
    _head, *_rest = [stem(w) for w in _line.split()]
    CONCEPTS[_head] = CONCEPTS.get(_head, frozenset()) | {_head, *_rest}

# Idioms of thrift: no limit is named, and the cheapest that fits is what is meant.
THRIFT = (
    r"(?:break|breaking|broke|bust|busting|empty|emptying|drain|draining|rob|robbing|kill|killing|hurt|hurting|dent|denting|burn|burning|burns|set|setting|wreck|wrecking)\s+"
    r"(?:a hole in |a dent in )?(?:the|my|me|your|our)?\s*(?:bank|wallet|budget|pocket|pockets|purse|savings|account|piggy bank)",
    r"cost(?:s|ing)? (?:me |us )?(?:an arm|a fortune|the earth|a bomb|too much|a lot|a ton|a kidney|much|a pretty penny)",
    r"(?:spend|spending|pay|paying|drop|dropping|shell out|blow|blowing|throw|throwing|fork out|fork over|shelling out)[a-z ]{0,12} (?:a fortune|too much|a lot|a ton|big bucks|much|loads|heaps|more than i have to|big money|money around|more than necessary|through the nose|tons|a bundle)",
    r"(?:made|loaded|flush|swimming|rolling|dripping)(?: of| with| in|)? (?:the )?(?:money|cash|dough)\b",
    r"(?:tight|limited|small|shoestring|strict|low|modest) budget|budget(?:'s| is)(?: a bit| kinda| pretty| really)? (?:tight|limited)|on a budget|budget[- ](?:friendly|conscious)",
    r"(?:money|cash|purse strings|wallet|funds)(?:'s| is| are)?(?: a bit| kinda| really| pretty| a little| always)? (?:tight|low|short|slim|light)",
    r"(?:tight|low|short|strapped|light|running low) (?:on|for|of) (?:money|cash|funds)",
    r"(?:save|saving) (?:some |a bit of |a little |a few |my )?(?:money|cash|dough|bucks|pennies|coin)|pinch(?:ing)? pennies|penny[- ]pinch\w*|pinching|scrap\w+ pennies|cutting costs|cut costs|cut back",
    r"\b(?:cheap|affordable|inexpensive|low[- ]cost|low[- ]priced|wallet[- ]friendly|reasonably priced|economical|bargain|thrifty|frugal|good value|good deal|great deal|best deal|best price|best value)\b(?! (?:stuff|junk|crap|knock|quality|looking|plastic|trash|garbage|rubbish|materials?|imitation))",
    r"(?:easy|gentle|kind|light|friendly|easier) (?:on|to) (?:the|my|your) (?:wallet|pocket|purse|budget|bank account)|skint|rip(?:ped|ping)? (?:me )?off",
    r"\b(?:i'm|kinda|a bit|a little|pretty|so|flat|being) broke\b",
    r"(?:n't|\b(?:not|no|never|nothing|without|too|hate|less|cannot|avoid|over))\b[^.;!?]{0,45}\b(?:pric(?:e)?y|expensive|overpriced|high price|outrageous|price tags?|splurg\w+|splash(?:ing)? out|fortune|arm and a leg|cash to burn|money to (?:burn|blow|spare|throw))\b",
)
