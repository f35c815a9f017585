"""Google Merchant data in its three shapes, and XML that means harm."""

from __future__ import annotations

from decimal import Decimal

import pytest

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
    assert (product.id, product.title, product.description) == ("TV_1", "Set & more", "A big set")
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
    assert list(found.products) == ["2", "TV_1"]
    assert [(r.line, r.id, r.field, r.value) for r in found.dropped] == [(4, "2", "price", "call us")]
    assert [(r.line, r.id, r.field) for r in found.rejects] == [(6, None, "id")]


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


def test_xml_of_another_kind_is_named(feed) -> None:
    with pytest.raises(FeedError, match="XML whose root is <catalogue>"):
        feed("<catalogue><p/></catalogue>")
    with pytest.raises(FeedError, match="no <item>"):
        feed("<catalogue><p/></catalogue>", format="google")


def test_a_table_without_product_type_has_its_category(feed) -> None:
    product = feed("id,title,price,link,category\n1,A,5 EUR,https://a,Home > Lamps\n", format="google").only()
    assert product.categories == ("Home", "Lamps")


def test_an_element_that_stands_there_twice_is_read_once(feed) -> None:
    twice = """<item><g:id>1</g:id><g:title>Cream</g:title><title>Cream</title><g:brand>Velm</g:brand><g:brand>Velm</g:brand>
    <g:price>9.95 EUR</g:price><g:price>9.95 EUR</g:price><g:availability>in stock</g:availability><g:availability>in stock</g:availability>
    <g:color>Red</g:color><g:color>Red</g:color><g:size>S</g:size><g:size>M</g:size></item>"""
    found = feed(RSS % twice)
    product = found.only()
    assert (product.brand, str(product.price), product.availability) == ("Velm", "9.95", "in_stock")
    assert (product.attributes, found.dropped) == ({"color": "Red", "size": ("S", "M")}, [])


def test_of_two_prices_the_first_stands_and_the_other_is_told(feed) -> None:
    found = feed(
        RSS % "<item><g:id>1</g:id><g:title>A</g:title><g:price>14.95 EUR</g:price><g:price>19.95 EUR</g:price></item>"
    )
    assert str(found.only().price) == "14.95"
    assert [(r.field, r.value) for r in found.dropped] == [("price", "19.95 EUR")]


def test_a_bad_value_costs_its_field_alone(feed) -> None:
    bad = """<item><g:id>1</g:id><g:title>Scent</g:title><g:quantity>100 ML</g:quantity><g:rating>4,5</g:rating>
    <g:review_count>many</g:review_count><g:price>5 EUR</g:price></item>"""
    found = feed(RSS % bad)
    product = found.only()
    assert (product.stock, product.rating, product.review_count, str(product.price)) == (None, 4.5, None, "5")
    assert [(r.line, r.id, r.field, r.value, r.reason) for r in found.dropped] == [
        (4, "1", "stock", "100 ML", "must be a whole number"),
        (4, "1", "review_count", "many", "must be a whole number"),
    ]


@pytest.mark.parametrize("header", [
    "id\ttitle\tlink\timage_link\tadditional_image_link\tadditional_image_link\tproduct_detail\tproduct_detail",
    "id\ttitle\tlink\timage[0].url\timage[1].url\timage[2].url\tproduct_detail[0]\tproduct_detail[1]",
    "ID\tTitle\tLink\tImage Link\tAdditional_Image_Link\tadditional image link\tProduct Detail\tproduct_detail",
])  # fmt: skip
def test_columns_that_come_again_are_read_together(feed, header: str) -> None:
    product = feed(
        header + "\n1\tA\thttps://s/1\th://s/1.jpg\th://s/2.jpg\th://s/3.jpg\tGeneral:Wood:Oak\tGeneral:Bulb:E27\n",
        format="google",
    ).only()
    assert product.images == ("h://s/1.jpg", "h://s/2.jpg", "h://s/3.jpg")
    assert product.attributes == {"Wood": "Oak", "Bulb": "E27"}


@pytest.mark.parametrize("before", [
    "# Required | A unique ID,# Required | A title,# Required | price\n", '"# Required | Max: 150, one line","# Optional"\n#\n', "sep=,\n",
    '\ufeff"sep=,"\r\n\n', "\n\n", ";;;\n",
])  # fmt: skip
def test_what_stands_before_the_header_of_a_table_is_passed_over(feed, before: str) -> None:
    found = feed(
        before + "id,title,link,price,category\n1,A,https://s/1,5 EUR,Home > Lamps\n2,B,https://s/2,oops,Home\n"
    )
    assert found.products["1"].categories == ("Home", "Lamps")
    assert [r.line for r in found.dropped] == [3 + before.count("\n")]


def test_text_that_is_escaped_twice_is_read(feed) -> None:
    text = """<item><g:id>1</g:id><g:title>Caf&amp;eacute; &amp;amp; bar</g:title><g:color>wei&amp;szlig;</g:color>
    <g:description>&amp;lt;b&amp;gt;Quiet&amp;lt;/b&amp;gt; motor</g:description>
    <g:product_type>Home &amp;gt; Lamps</g:product_type></item>"""
    product = feed(RSS % text).only()
    assert (product.title, product.description, product.categories) == ("Café & bar", "Quiet motor", ("Home", "Lamps"))
    assert product.attributes == {"color": "weiß"}
