"""Google Merchant data in its three shapes, and XML that means harm."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shelftalk.catalog.readers.base import on_sale
from shelftalk.errors import FeedError

RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">
<channel><title>Shop</title><link>https://shop.example</link>
%s
</channel></rss>"""
ITEM = """<item>
  <g:id>TV_1</g:id><title>Set &amp; more</title><description><![CDATA[A <b>big</b> set]]></description>
  <link>https://shop.example/tv</link><g:image_link>https://shop.example/1.png</g:image_link>
  <g:additional_image_link>https://shop.example/2.png</g:additional_image_link>
  <g:additional_image_link>https://shop.example/3.png</g:additional_image_link>
  <g:price>159.00 EUR</g:price><g:sale_price>149.00 EUR</g:sale_price>
  <g:availability>in stock</g:availability><g:brand>Acme</g:brand><g:gtin>0071573287913</g:gtin>
  <g:google_product_category>404</g:google_product_category><g:product_type>Home &gt; TVs</g:product_type>
  <g:shipping><g:country>US</g:country><g:price>14.95 USD</g:price></g:shipping>
  <g:product_detail><g:section_name>Screen</g:section_name><g:attribute_name>Diagonal</g:attribute_name><g:attribute_value>32 in</g:attribute_value></g:product_detail>
  <g:product_highlight>Bright</g:product_highlight><g:product_highlight>Light</g:product_highlight>
  <g:is_bundle>no</g:is_bundle><g:multipack>2</g:multipack><g:color>Black</g:color>
</item>"""


def test_an_rss_item_is_read(feed) -> None:
    product = feed(RSS % ITEM).only()
    assert (product.id, product.title, product.description) == ("TV_1", "Set & more", "A <b>big</b> set")
    assert (str(product.price), str(product.list_price), product.currency) == ("149.00", "159.00", "EUR")
    assert product.availability == "in_stock"
    assert product.categories == ("Home", "TVs")
    assert product.images == tuple(f"https://shop.example/{i}.png" for i in (1, 2, 3))
    assert product.url == "https://shop.example/tv"
    assert product.attributes == {
        "gtin": "0071573287913", "google_product_category": "404", "Diagonal": "32 in",
        "product_highlight": ("Bright", "Light"), "is_bundle": False, "multipack": 2, "color": "Black",
    }  # fmt: skip


def test_an_atom_entry_is_read(feed) -> None:
    text = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>
    <entry><g:id>7</g:id><title type="html">Lamp</title><summary>Warm light</summary><link href="https://shop.example/7"/>
    <g:price>15 USD</g:price><updated>2026-01-01T00:00:00Z</updated></entry></feed>"""
    product = feed(text).only()
    assert (product.id, product.title, product.description, product.url) == (
        "7",
        "Lamp",
        "Warm light",
        "https://shop.example/7",
    )
    assert product.price == Decimal(15)
    assert product.attributes == {}


def test_a_tab_separated_feed_is_read(feed) -> None:
    header = [
        "id",
        "title",
        "description",
        "link",
        "image link",
        "additional_image_link",
        "availability",
        "price",
        "product_detail",
    ]
    row = [
        "1",
        'A 5" lamp',
        "Warm",
        "https://a/1",
        "https://a/1.jpg",
        "https://a/2.jpg,https://a/3.jpg",
        "preorder",
        "15.00 USD",
        "General:Bulb:E27",
    ]
    product = feed("\t".join(header) + "\n" + "\t".join(row) + "\n").only()
    assert product.title == 'A 5" lamp'
    assert product.images == ("https://a/1.jpg", "https://a/2.jpg", "https://a/3.jpg")
    assert product.availability == "preorder"
    assert product.attributes == {"Bulb": "E27"}


def test_bad_items_are_named_by_line_and_the_rest_go_on(feed) -> None:
    bad = "<item><g:id>2</g:id><title>B</title>\n<g:price>call us</g:price></item>\n<item><title>C</title></item>\n"
    found = feed(RSS % (bad + ITEM))
    assert list(found.products) == ["TV_1"]
    assert [(r.line, r.id, r.field) for r in found.rejects] == [(4, "2", "price"), (6, None, "id")]


def test_a_sale_price_counts_only_while_it_is_in_force() -> None:
    dates = "2026-11-01T00:00+0000/2026-11-30"
    assert on_sale(dates, datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert not on_sale(dates, datetime(2026, 12, 1, tzinfo=UTC))
    assert on_sale(None)


def test_a_sale_that_is_over_leaves_the_regular_price(feed) -> None:
    over = ITEM.replace(
        "<g:brand>", "<g:sale_price_effective_date>2020-01-01/2020-02-01</g:sale_price_effective_date><g:brand>"
    )
    product = feed(RSS % over).only()
    assert (str(product.price), product.list_price) == ("159.00", None)


@pytest.mark.parametrize("bomb", [
    '<!DOCTYPE rss [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
])  # fmt: skip
def test_entities_are_refused(feed, bomb: str) -> None:
    text = (RSS % ITEM.replace("Acme", "&a;")).replace('<?xml version="1.0"?>', bomb)
    with pytest.raises(FeedError, match="entities"):
        feed(text, format="google")


def test_broken_xml_names_the_line_after_what_could_be_read(tmp_path) -> None:
    from shelftalk.catalog.readers import read_feed

    path = tmp_path / "feed.xml"
    path.write_text(RSS % (ITEM + "\n<item><title>A & B</title></item>"))
    found = read_feed(path)
    assert next(found).id == "TV_1"
    with pytest.raises(FeedError, match="line 17"):
        next(found)


def test_xml_of_another_kind_is_named(feed) -> None:
    with pytest.raises(FeedError, match="XML whose root is <catalogue>"):
        feed("<catalogue><p/></catalogue>")
    with pytest.raises(FeedError, match="no <item>"):
        feed("<catalogue><p/></catalogue>", format="google")


def test_a_table_without_product_type_has_its_category(feed) -> None:
    product = feed("id,title,price,link,category\n1,A,5 EUR,https://a,Home > Lamps\n", format="google").only()
    assert product.categories == ("Home", "Lamps")
