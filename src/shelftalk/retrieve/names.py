"""Other names of kinds of things in shopping English, where an embedder does not see that they are the same.

A shop that sells any of the things on the right sells what is named on the left, or what a shopper takes for it.
"""

from __future__ import annotations

_TABLE = """
trainer: running shoe, shoe, sneaker
sneaker: running shoe, shoe, trainer
runner: running shoe, shoe
plaid: blanket, throw
afghan: blanket, throw
quilt: duvet, comforter, blanket
poncho: rain jacket, cape
face wash: cleanser
dog mattress: dog bed
duvet: comforter, quilt, blanket
coverlet: blanket, bedspread, throw
bedspread: blanket, coverlet, throw
comforter: duvet, quilt, blanket
rucksack: backpack
knapsack: backpack
daypack: backpack
satchel: school bag, backpack, bag
anorak: rain jacket, jacket
cagoule: rain jacket, jacket
parka: jacket, coat
windbreaker: jacket
raincoat: rain jacket
mac: rain jacket, raincoat
bivvy: tent
shelter: tent
cafetiere: french press, coffee maker
percolator: coffee maker, moka pot
brewer: coffee maker
dripper: pour-over, coffee maker
headset: headphone
earphone: headphone, earbud
bud: earbud, headphone
in-ear: earbud, headphone
leash: lead
teddy: bear, plush toy, soft toy
cuddly toy: plush toy, soft toy, doll
stuffed animal: plush toy, soft toy, bear
jigsaw: puzzle
torch: flashlight, headlight, light
flashlight: torch, light
thermos: vacuum bottle, flask, bottle
flask: bottle
canteen: bottle
tumbler: cup, bottle
moisturizer: moisturiser, face cream, cream
moisturiser: moisturizer, face cream, cream
sunblock: sunscreen
sun cream: sunscreen
suncream: sunscreen
settee: sofa, couch
couch: sofa
jumper: sweater, pullover
pullover: sweater, jumper
nappy: diaper
pram: stroller, pushchair
hoover: vacuum cleaner
cooker: stove, oven
fridge: refrigerator
telly: television
mobile: phone, smartphone
charger: power bank
"""
_NAMES: dict[str, tuple[str, ...]] = {
    left: tuple(name.strip() for name in right.split(","))
    for left, right in (line.split(":") for line in _TABLE.strip().splitlines())
}


def also_called(kind: str, head: str) -> tuple[str, ...]:
    """Other names of a kind, by the whole of its name or else its last word, both in the singular; none where unknown."""
    return _NAMES.get(kind, ()) or _NAMES.get(head, ())
