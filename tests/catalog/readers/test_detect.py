"""What a feed is, is told from its content, and a feed of no known kind is an error that says what was seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelftalk.catalog.readers import FORMATS, Product, Reject, detect_format, read_feed
from shelftalk.errors import FeedError


@pytest.mark.parametrize("text, name", [
    ('{"id": 1, "title": "A"}\n', "jsonl"), ('{oops\n{"id": 1, "title": "A"}\n', "jsonl"), ('{"x": 1}\n{"id": 1, "title": "A"}\n', "jsonl"),
    ('[{"id": 1, "title": "A"}]', "jsonl"), ("id,title\n1,A\n", "csv"), ("ID\tTitle\n1\tA\n", "csv"),
    ("id\ttitle\tlink\timage_link\tprice\n", "google"), ("id\ttitle\tprice\tlink\tavailability\n", "google"),
    ("id,title,price,url,link,currency\n", "csv"), ('{"id": 1, "title": "A", "variants": [{"id": 2}]}', "acp"),
    ('{"item_id": 1, "title": "A"}', "acp"), ('{"@type": "Product", "name": "A"}', "jsonld"),
    ('{"id": "1", "title": "A", "attr_t_colour": "red"}', "chorus"), ("- id: a\n  current_stock: 3\n", "retail-demo-store"),
    ('<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0"/>', "google"), ("<!doctype html><html></html>", "jsonld"),
    ("item_id,title,url\n", "acp"), ("item_id,enable_search\n", "acp"),
    ("<rss><channel><item><id>1</id><title>A</title><price>1</price><image_link>a</image_link></item></channel></rss>", "google"),
    ("<feed><entry><x:id>1</x:id><x:title>A</x:title><x:Price>1</x:Price><x:Sale_Price>a</x:Sale_Price></entry></feed>", "google"),
    ("\u200b<rss><item><g:id>1</g:id></item></rss>", "google"), ("Notice: x in /a.php on line 3\n<?xml version='1.0'?>\n<rss><item><g:id>1</g:id></item></rss>", "google"),
    ('<rss xmlns:g="http://base.google.com/ns/1.0"><item><description><![CDATA[<script>]]></description></item></rss>', "google"),
])  # fmt: skip
def test_the_content_tells_the_format_whatever_the_name(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "products.xml"
    path.write_text(text)
    assert detect_format(path) == name


@pytest.mark.parametrize("content, message", [
    (b"", "empty"), (b" \n", "empty"), (b"\xef\xbb\xbf", "empty"), (b"\x00\x01\x02\x03" * 100, "binary"), (b"hello world\n", "hello world"),
    (b"Art Nr,B\n1,2\n", r"columns 'Art Nr', 'B'\).*docs/shop-systems\.md"), (b"\x8f\x02q\xee\xfa,\x93\x80" * 60, r"\(binary data, or text that is not UTF-8\)"), (b'{"x": 1}', "fields x"),
])  # fmt: skip
def test_a_feed_of_no_known_kind_says_what_was_seen(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "feed"
    path.write_bytes(content)
    with pytest.raises(FeedError, match=message) as caught:
        read_feed(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", [
    "Category,Item Name,Price (CAD),Item ID,Variation ID\nVases,Vase,$95.00,B1,L1\n", "Item ID\tListing price\n1\t2\n",
    "<rss><channel><item><title>Post</title><link>https://s</link><pubDate>x</pubDate></item></channel></rss>",
    "<products><product><id>1</id><title>A</title><price>1</price></product></products>",
    "sku,text\n1,\"<?xml version='1.0'?><rss><item><g:id>1</g:id></item></rss>\"\n",
])  # fmt: skip
def test_what_only_resembles_a_known_format_is_not_taken_for_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "feed").write_text(text)
    with pytest.raises(FeedError, match="of no known format"):
        detect_format(tmp_path / "feed")


def test_a_missing_feed_an_empty_folder_and_an_unknown_format_are_named(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="no such file"):
        read_feed(tmp_path / "none")
    with pytest.raises(FeedError, match=r"metadata\.json"):
        read_feed(tmp_path)
    with pytest.raises(FeedError, match="a folder where csv wants a file"):
        read_feed(tmp_path, format="csv")
    (tmp_path / "feed").write_text("x")
    with pytest.raises(FeedError, match="unknown format 'xls'; known: jsonl, csv"):
        read_feed(tmp_path / "feed", format="xls")


def test_every_format_says_what_it_is_in_one_line() -> None:
    for name, held in FORMATS.items():
        assert held.name == name
        assert held.description
        assert "\n" not in held.description


PIECES = st.sampled_from([
    b"{", b"}", b"[", b"]", b'"id"', b":", b",", b'"title"', b'"A"', b"\n", b"\r", b"<rss>", b"<item>", b"</item>", b"<g:id>1</g:id>", b"</rss>",
    b"id,title\n", b"1,A\n", b'"', b"- id: a\n", b"  price: 1.5\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\xe9", b"\x00",
    b'<script type="application/ld+json">', b"</script>", b'{"@type":"Product","sku":1,"name":"A","offers":', b'{"variants":[{"price":{"amount":', b'"\\ud800"',
    b'{"item_id":1,"title":', b'{"id":1,"attr_n_x":1e999,"price":', b"1e999", b"NaN", b"null", b"true", b"-5", b"\t", b"&a;", b"<!DOCTYPE a [<!ENTITY a 'b'>]>",
])  # fmt: skip


@pytest.mark.parametrize("name", [None, *FORMATS])
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=14))
def test_no_feed_whatever_it_holds_breaks_a_reader(tmp_path: Path, name: str | None, pieces: list[bytes]) -> None:
    path = tmp_path / "feed"
    path.write_bytes(b"".join(pieces))
    try:
        found = list(read_feed(path, format=name))
    except FeedError as error:
        found = []
        message = str(error)
        assert message.startswith(f"feed {path}: ")
    assert all(isinstance(item, (Product, Reject)) for item in found)
