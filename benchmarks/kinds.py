"""Names of things that the demo shop sells and does not sell: which are refused though sold, and offered though not; and which names of
retrieve/names.toml are refused without that table in a shop that sells what they stand for.

    python benchmarks/kinds.py --catalog .demo/catalog

Rules alone understand; a name counts as refused where the answer has no match.
"""

from __future__ import annotations

import argparse
import tempfile
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from shelftalk import Intent, Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.retrieve import Retriever, kind, likeness
from shelftalk.settings import RetrieveSettings
from shelftalk.values import Product

SOLD = """
trainers; sneakers; running shoes; plaid; throw; quilt; poncho; face wash; dog bed; dog mattress; bedspread; comforter; rucksack;
knapsack; daypack; anorak; cagoule; raincoat; windbreaker; tent; bivvy; cafetiere; french press; espresso machine; percolator; dripper;
headset; earphones; earbuds; dog lead; dog leash; teddy; cuddly toy; stuffed animal; jigsaw; board game; card game; thermos; flask;
tumbler; moisturizer; sunblock; sun cream; suncream; lip balm; night cream; power bank; charger; portable charger; battery pack; desk
lamp; reading lamp; office chair; desk chair; swivel chair; chef knife; bread knife; paring knife; cleaver; bike light; bicycle lamp;
headlight; rear light; water bottle; drinking bottle; waterproof jacket; mac; rain coat; noise cancelling headphones; over ear headphones;
dog collar; dog harness; pour over; moka pot; blanket; wool blanket; wooden blocks; train set; doll; puzzle; serum; cleanser; party game;
strategy game; shell jacket; hiking backpack; laptop backpack; school bag; trail shoes; jogging shoes; coffee maker; santoku
"""
NOT_SOLD = """
kettle; electric kettle; fridge; sofa; couch; settee; television; telly; smartphone; mobile; laptop; printer; bicycle; bike; bike helmet;
helmet; sleeping bag; sleeping mat; umbrella; wardrobe; bookshelf; mattress; pillow; duvet cover; curtains; carpet; lawn mower; hammer;
drill; screwdriver; guitar; piano; violin; drum kit; jumper; jeans; dress; skirt; socks; gloves; scarf; hat; wedding ring; necklace;
wristwatch; smartwatch; perfume; lipstick; shampoo; toothbrush; toothpaste; hairdryer; vacuum cleaner; hoover; washing machine;
dishwasher; microwave; toaster; oven; frying pan; saucepan; plate; wine glass; cookbook; novel; dictionary; notebook; pen; pencil case;
stapler; cat food; cat litter; aquarium; hamster cage; bird feeder; baby pram; nappies; car seat; cot; swimming goggles; football; tennis
racket; golf club; skateboard; skis; snowboard; kayak; fishing rod; camera; tripod; drone; speaker; soundbar; keyboard; mouse; monitor;
usb cable; router; lightbulb; chandelier; garden hose; flower pot; barbecue; lawn chair; candle; picture frame; mirror; clock; fan;
heater; air conditioner; ladder
"""


def listed(text: str) -> list[str]:
    """The names of a list written as one text."""
    return [name.strip() for name in text.replace("\n", " ").split(";")]


def needed(refused: Callable[[str], bool]) -> tuple[list[str], list[str]]:
    """The names of the table that are refused with it, and those that are refused without it alone."""
    names = list(tomllib.loads((Path(kind.__file__).parent / "names.toml").read_text(encoding="utf-8")))
    amiss = [name for name in names if refused(name)]
    with patch.object(likeness, "also_called", lambda name: ()):
        return amiss, [name for name in names if name not in amiss and refused(name)]


def main() -> None:
    """Prints the names that go wrong, and what the table of other names is worth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--catalog", type=Path, required=True)
    options = parser.parse_args()
    settings = load_settings(k=3, rank={"strategy": "none"}, understand={"mode": "rules"})
    with Shelf.open(options.catalog, settings=settings) as shelf:
        for without in (False, True):
            with patch.object(likeness, "also_called", (lambda name: ()) if without else kind.also_called):
                refused = [name for name in listed(SOLD) if shelf.ask(f"a {name}").no_match]
                offered = [name for name in listed(NOT_SOLD) if not shelf.ask(f"a {name}").no_match]
            print("without the table" if without else "with the table")
            print(f"  sold, refused: {len(refused)} of {len(listed(SOLD))}: {', '.join(refused)}")
            print(f"  not sold, offered: {len(offered)} of {len(listed(NOT_SOLD))}: {', '.join(offered)}")
    with tempfile.TemporaryDirectory() as folder:
        shop = Catalog.open(Path(folder) / "catalog", create=True, embedder=Catalog.open(options.catalog).embedder)
        kinds = sorted({name for names in kind._NAMES.values() for name in names})
        shop.upsert(
            [
                Product(
                    id=f"p{n}",
                    title=f"Norvik {name.title()} {n}",
                    price=Decimal(50),
                    currency="EUR",
                    categories=(f"Aisle {n % 7}",),
                )
                for n, name in enumerate(kinds)
            ]
        )
        retriever = Retriever(shop, RetrieveSettings())
        amiss, alone = needed(lambda name: retriever.retrieve(Intent(query=name, kind=name)).no_match)
    print(
        f"in a shop that sells all that the table names: refused {amiss}; refused without the table {len(alone)} of {len(kind._NAMES)}: {alone}"
    )


if __name__ == "__main__":
    main()
