"""XML as shops really write it: what a browser would read is read, and what is broken costs its own item."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelftalk.catalog.readers import xmltext
from shelftalk.errors import FeedError

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>\n'
TAIL = "\n</channel></rss>"
GOOD = "<item><g:id>%s</g:id><g:title>Kettle</g:title><g:price>5.00 EUR</g:price></item>\n"
AMPERSAND, REFERENCES, CONTROLS, BYTES = xmltext.AMPERSAND, xmltext.REFERENCES, xmltext.CONTROLS, xmltext.BYTES
PREAMBLE = xmltext.PREAMBLE


def rss(*items: str) -> str:
    return HEAD + "".join(items) + TAIL


def one(title: str = "Kettle", more: str = "") -> str:
    return f"<item><g:id>x</g:id><g:title>{title}</g:title>{more}</item>\n"


@pytest.mark.parametrize("title, read, mended", [
    ("Hair & body", "Hair & body", {AMPERSAND: 1}),
    ("A&B &co; &amp co", "A&B &co; &amp co", {AMPERSAND: 3}),
    ("up to < 5 <3 kg", "up to < 5 <3 kg", {AMPERSAND: 2}),
    ("8' &ndash; 9' &eacute;", "8' – 9' é", {REFERENCES: 2}),
    ("&LT;x &AMP; y", "<x & y", {REFERENCES: 2}),
    ("So\x03ap\x0b", "Soap", {CONTROLS: 2}),
    ("So&#3;ap &#x1F;&#0;&#xD800;&#99999999;", "Soap", {CONTROLS: 5}),
    ("9&#150;10 &#128;", "9–10 €", {REFERENCES: 2}),
    ("1 &#8211; 2 &#x20AC; &quot;&apos;&lt;3", "1 – 2 € \"'<3", {}),
    ("a ]]&gt; b ]]> c", "a ]]> b ]]> c", {}),
    ("<![CDATA[R&D <&> &nbsp;]]>", "R&D <&> \xa0", {}),
    ("<![CDATA[<item>]]>", "<item>", {}),
    ("K<!-- a & b <item> -->ettle", "Kettle", {}),
    ("Soft <b>big</b> <br>set</p>", "Soft big\nset", {}),
])  # fmt: skip
def test_what_a_browser_would_read_is_read_and_counted(feed, title: str, read: str, mended: dict[str, int]) -> None:
    found = feed(rss(GOOD % "a", one(title), GOOD % "z"))
    assert list(found.products) == ["a", "x", "z"]
    assert found.products["x"].title == read
    assert (found.rejects, found.mended) == ([], mended)


def test_addresses_with_a_raw_ampersand_stay_whole(feed) -> None:
    found = feed(
        rss(
            one(
                more="<g:link>https://s.example/?a=1&b=2</g:link><g:image_link>https://s.example/&amp;amp;c</g:image_link>"
            )
        )
    )
    assert found.products["x"].url == "https://s.example/?a=1&b=2"
    assert found.products["x"].images == ("https://s.example/&c",)


@pytest.mark.parametrize("broken", [
    "<item><g:id>x</g:id><g:title>A</item>\n",
    "<item><g:id>x</g:id><g:title>A</g:titel></item>\n",
    "<item><g:id>x</g:id><g:title>A</g:title>\n",
    "<item><g:id>x</g:id><g:title>A\n",
    '<item a="1" a="2"><g:id>x</g:id><g:title>A</g:title></item>\n',
    '<item><g:id>x</g:id><g:title a=1>A</g:title></item>\n',
    "<item><g:id>x</g:id></g:title></g:title></item>\n",
])  # fmt: skip
@pytest.mark.parametrize("last", [False, True])
def test_a_broken_item_costs_itself_alone(feed, broken: str, last: bool) -> None:
    found = feed(rss(GOOD % "a", GOOD % "b", broken, *([] if last else [GOOD % "y", GOOD % "z"])))
    assert list(found.products) == (["a", "b"] if last else ["a", "b", "y", "z"])
    ((line, name, field, reason),) = [(r.line, r.id, r.field, r.reason) for r in found.rejects]
    assert (line, name, field) == (5, "x", "item")
    assert reason.startswith("malformed XML: ")


def test_items_are_read_where_what_stands_before_them_is_broken(feed) -> None:
    text = HEAD + "<title>A <sale> shop</title>\n" + GOOD % "a" + GOOD % "b" + TAIL
    assert list(feed(text).products) == ["a", "b"]
    undeclared = "<rss><channel>\n" + GOOD % "a" + GOOD % "b" + TAIL
    found = feed(undeclared)
    assert (list(found.products), found.rejects) == (["a", "b"], [])
    assert found.mended == {"items read by themselves after a fault around them": 1}


def test_a_document_that_is_cut_off_says_so(feed) -> None:
    within = feed(HEAD + GOOD % "a" + "<item><g:id>b</g:id><g:title>Ha")
    assert (list(within.products), [(r.line, r.id) for r in within.rejects]) == (["a"], [(4, "b")])
    after = feed(HEAD + GOOD % "a")
    assert (list(after.products), after.mended) == (["a"], {"the end of the document is missing": 1})


@pytest.mark.parametrize("before", ["\n", "\ufeff", "\ufeff\n  ", "  \r\n\t", "\n\ufeff", "\u200b", "\u200b\ufeff"])
def test_what_stands_before_the_declaration_is_passed_over(feed, before: str) -> None:
    found = feed(before + rss(GOOD % "a", "<item><g:id>b</g:id></item>"))
    assert list(found.products) == ["a"]
    assert [r.line for r in found.rejects] == [4 + before.count("\n")]


@pytest.mark.parametrize(
    "before",
    [
        "Warning: a < b & c in /x.php on line 3\n",
        "<br />\n<b>Notice</b>: x<br />\n",
        "<!-- made by x -->",
        "Notice: y\n\n",
    ],
)
def test_messages_before_the_declaration_are_left_out_and_told_of(feed, before: str) -> None:
    found = feed(before + '<?xml version="1.0"?>' + rss(GOOD % "a", "<item><g:id>b</g:id></item>").partition("?>")[2])
    assert (list(found.products), found.mended) == (["a"], {PREAMBLE: 1})
    assert [r.line for r in found.rejects] == [4 + before.count("\n")]


@pytest.mark.parametrize("declared, encoding, mended", [
    ("windows-1252", "cp1252", {}), ("ISO-8859-15", "iso-8859-15", {}), ("windows-1251", "cp1251", {}), ("UTF-8", "utf-8", {}),
    ("utf-16", "utf-16", {}), ("UTF-16", "utf-8", {}), ("UTF-8", "cp1252", {BYTES: 1}),
])  # fmt: skip
def test_the_encoding_is_the_one_declared_or_the_one_found(
    feed, declared: str, encoding: str, mended: dict[str, int]
) -> None:
    title = "Мяч" if declared == "windows-1251" else "Café 5€"
    text = rss(one(title)).replace("UTF-8", declared).encode(encoding)
    if encoding == "cp1252" and mended:
        text = text.replace(b"\x80", b"e")
        title = "Café 5e"
    found = feed(text)
    assert (found.only().title, found.mended) == (title, mended)


def test_a_broken_letter_among_sound_ones_is_no_western_letter(feed) -> None:
    found = feed(rss(one("Größe")).encode() + b"<item><g:id>y</g:id><g:title>caf\xc3</g:title></item>")
    assert found.products["y"].title == "caf\ufffd"
    with pytest.raises(FeedError, match="'klingon', which is unknown"):
        feed(rss(one()).replace("UTF-8", "klingon"))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 64])
def test_it_matters_not_where_a_block_of_the_file_ends(feed, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    odd = "A&B &ndash; <![CDATA[<item> & ]]] ]>]]> <!-- & <item> --->&#150; <b>x</b> ]]> < 5 &amp;amp; Größe &nosuch; \x03"
    text = rss(*(one(odd + "." * n).replace("x<", f"{n}<", 1) for n in range(40)))
    whole = feed(text)
    monkeypatch.setattr(xmltext, "_HEAD", 70)
    monkeypatch.setattr(xmltext, "_BLOCK", size)
    parts = feed(text)
    assert len(whole.products) == 40
    assert (parts.products, parts.mended) == (whole.products, whole.mended)


def test_a_mapped_document_is_mended_too_and_keeps_its_own_elements(feed, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("format: xml\nitems: shop/goods/p\nfields: {id: id, title: b, description: d}\n")
    items = "<p><id>1</id><b>Hair & body</b></p><p><id>2</id><b>B</p><p><id>3</id><b>C &eacute;</b><d>x<br>y</d></p>"
    found = feed(f"<shop><goods>\n{items}</goods></shop>", mapping=tmp_path / "map.yaml")
    assert [(p.id, p.title) for p in found.products.values()] == [("1", "Hair & body")]
    assert [r.id for r in found.rejects] == ["2", "3"]


def test_a_document_without_an_item_that_can_be_read_names_the_fault(feed) -> None:
    with pytest.raises(FeedError, match="malformed XML: .*, line 2, column"):
        feed("<rss xmlns:g='http://base.google.com/ns/1.0'>\n<channel></rss>", format="google")
