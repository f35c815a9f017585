"""Questions to the shop about itself are told from requests for its products, by turns that the examples do not hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.catalog.fakes import HashEmbedder

from shelftalk.catalog import load_embedder
from shelftalk.settings import load_settings
from shelftalk.understand.service import ServiceQuestions
from shelftalk.understand.service.asked import plain

pytestmark = pytest.mark.model

QUESTIONS = """
do you guys deliver to the Canary Islands?
what would it cost to have this posted to Malta
how many days until I have it in my hands?
is there a surcharge for heavy parcels
could the courier leave it with my neighbour?
still waiting for my package, any news?
I think you billed me twice for my order
can my order still be stopped
I'd like to send this item back
what if the sleeves turn out too long, can I swap it?
until when may I bring it back?
the zip broke after two weeks, will you replace it?
how long do I have a guarantee on it
does your guarantee also cover water damage
is klarna possible
do you accept bank transfers?
can my company be billed
how late are you open tonight
where can I see your things in person?
is anybody there I could phone
any voucher for new customers?
I can't get into my account any more
will you delete my personal data if I ask
could you put it in wrapping paper for me
who runs this shop?
""".strip().split("\n")
# with "item" for the kinds of product in them, as the conversation hands them over
REQUESTS = """
a suitcase that ships with a lock
shoes I can return to after an injury
item I can send to my aunt for christmas
items that deliver at least 20 watts
I need an item that survives being posted
an item with five years of warranty
which of them has the longer guarantee?
how long does the battery keep going?
can it stand open on its own?
is the first one returnable plastic?
what is the cheapest one you have
do you have one that folds up?
could you show me something for a small flat
can I wear it to the office
does it take two cards?
what about an item for my brother's shop
when would I need a thicker one
an item to keep my receipts in
I deliver pizza by bike in the rain
my landlord charges a fortune for heating and my feet are cold
something to track how far I swim
we ship pottery and need padding
got any in size 44?
will it fit under my desk
where does the strap go
""".strip().split("\n")


REMARKS = """
you're dumb
what a beautiful morning
I have no clue
that's odd
meh
you got that wrong
lol ok
you rock
this takes forever
I'm still thinking
what do you think?
thanks for nothing
are you kidding me
that's a shame
same to you
""".strip().split("\n")
CHANGES = """
a bit more modern
these look dull
nothing flashy
I don't like them
I get cold easily
my knees hurt
we hike every weekend
can I see them again
more of those
something cheerful
they seem flimsy
my shoulders are broad
too fancy
in a fun shape
I want to feel safe
something that makes me smile
the dog chews everything
it should survive a fall
""".strip().split("\n")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> ServiceQuestions:
    embedder = load_embedder("default", load_settings().home_folder)
    return ServiceQuestions(embedder.encode_queries, tmp_path_factory.mktemp("home"))


def test_no_turn_here_is_one_of_the_examples(service: ServiceQuestions) -> None:
    examples = {text for text, _ in service._texts} | set(service._others) | set(service._remarks) | set(service._turns)
    assert not examples & {plain(t) for t in [*QUESTIONS, *REQUESTS, *REMARKS, *CHANGES]} - {
        plain(t) for t in REQUESTS[:2]
    }


def test_questions_to_the_shop_are_known(service: ServiceQuestions) -> None:
    missed = [text for text in QUESTIONS if not service.asks(text)]
    assert len(missed) <= 2, missed


def test_requests_are_not_taken_for_one(service: ServiceQuestions) -> None:
    taken = [text for text in REQUESTS if service.asks(text)]
    assert taken == []


def test_remarks_are_told_from_turns_that_change_what_is_wanted(service: ServiceQuestions) -> None:
    missed = [text for text in REMARKS if not service.remark(text)]
    assert len(missed) <= 2, missed
    assert [text for text in [*CHANGES, *REQUESTS] if service.remark(text)] == []


def test_what_they_are_about_is_known(service: ServiceQuestions) -> None:
    expected = {"will it get here before Easter?": "delivery", "what if it pinches": "returns", "is it guaranteed for long": "warranty", "where has my parcel got to": "order", "do you take visa": "payment", "how late are you open tonight": "store"}  # fmt: skip
    scores = service.about(list(expected))
    assert [service.topics[int(row.argmax())] for row in scores] == list(expected.values())


def test_what_is_made_of_the_examples_is_kept_and_made_again_where_it_is_damaged(
    service: ServiceQuestions, tmp_path: Path
) -> None:
    asked: list[int] = []
    embedder = load_embedder("default", load_settings().home_folder)

    def encode(texts):  # type: ignore[no-untyped-def]
        asked.append(len(texts))
        return embedder.encode_queries(texts)

    for _ in range(2):
        assert ServiceQuestions(encode, tmp_path).asks("do you deliver to Malta?")
    made = len(service._texts) + len(service._others) + len(service._remarks) + len(service._turns)
    assert sum(asked) <= made + 4, "the examples once, and each time the first of them and the question"
    (kept,) = (tmp_path / "vectors").glob("*.sqlite")
    kept.write_bytes(b"no database at all" * 100)
    assert ServiceQuestions(encode, tmp_path).asks("do you deliver to Malta?")
    asked.clear()
    assert ServiceQuestions(encode, tmp_path).asks("do you deliver to Malta?")
    assert sum(asked) == 2, "kept again"


def test_an_embedder_that_does_not_tell_the_examples_apart_is_not_trusted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = HashEmbedder()
    service = ServiceQuestions(lambda texts: [words.encode_query(t) for t in texts], tmp_path)
    assert not any(service.asks(text) for text in ["how big is the second?", *QUESTIONS])
    assert not any(service.remark(text) for text in REMARKS)
    assert "questions to the shop are not told apart" in caplog.text
