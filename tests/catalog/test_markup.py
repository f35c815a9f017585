"""HTML in a feed's texts becomes what a browser would show; what is no HTML stays letter for letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftalk.catalog.markup import plain_text


@pytest.mark.parametrize("text, plain", [
    ("A <b>big</b> set", "A big set"),
    ("<p>Soft &amp; light.</p>\n<ul><li>One<li>Two</ul>", "Soft & light.\nOne\nTwo"),
    ("5 <br/>6<br>7<BR />8", "5\n6\n7\n8"),
    ("<h2 class='x'>Kettle</h2>boils", "Kettle\nboils"),
    ("x <script>alert('<b>')</script>y<style>a{}</style>", "x y"),
    ("<!-- note --> Hi", " Hi"),
    ("Home &amp;gt; Lamps", "Home > Lamps"),
    ("Caf&amp;eacute; &amp;amp;amp; bar", "Café & bar"),
    ("Won&amp;#039;t &amp;lt;b&amp;gt;rattle&amp;lt;/b&amp;gt;", "Won't rattle"),
    ("5&nbsp;kg &#8364; &#x20ac; &#150;", "5\xa0kg € € –"),
])  # fmt: skip
def test_html_becomes_text(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize("text", [
    "Size <M", "a < b > c", "I <3 you", "if a<b and b>c", "<5 kg", "<p", "R&D; more", "AT&T", "fish &chips", "&bogus;", "a=1&copy=2",
    "<size>M</size>", "x<system>do</system>", "A --> B", "<<<>>>", " Two\n lines ", "<b", "<-b>", "1 &lt 2",
])  # fmt: skip
def test_what_is_no_html_stays_letter_for_letter(text: str) -> None:
    assert plain_text(text) == text


@given(
    st.lists(
        st.sampled_from(
            [
                "&",
                "amp;",
                "lt;",
                "#38;",
                "<b>",
                "</b>",
                "<p>",
                "<",
                ">",
                "x",
                " ",
                "<script>",
                "</script>",
                "<!--",
                "-->",
            ]
        ),
        max_size=8,
    ).map("".join)
)
def test_plain_text_stays_plain(text: str) -> None:
    once = plain_text(text)
    assert plain_text(once) == once


@pytest.mark.parametrize("part", ["&amp;", "<b>", "<", "<!--", "<p ", "<a =", "&a", "&#38;", "<script>"])
def test_no_text_takes_time_that_grows_faster_than_it(part: str) -> None:
    # Quadratic work on this much text would not end within the limit of a test.
    assert len(plain_text(part * 200_000)) <= len(part) * 200_000
