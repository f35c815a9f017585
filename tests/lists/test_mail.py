"""Lists as e-mails: whole, escaped, and with nothing that a hostile title could add."""

from __future__ import annotations

import email
import json
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shelftalk.errors import PromptError, UsageError
from shelftalk.lists import erase_everywhere, recommend
from shelftalk.lists.mail import MailTemplate, Sender, mail_name, read_addresses, write_mails
from shelftalk.lists.storage import Place
from tests.lists.stub import some_users, write_users
from tests.lists.test_recommend import options

SENDER = Sender("Kettle Shop <news@shop.example>", "https://shop.example/stop?u={user}")
EVIL = '</a><img src="https://evil.example/t.gif"><script>alert(1)</script>\r\nBcc: all@evil.example\r\n\r\n{{ 7 * 7 }}'


class Tags(HTMLParser):
    """What an e-mail program would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            elif name in ("src", "background", "srcset", "poster", "data") or "url(" in (value or ""):
                self.loads.append(f"{name}={value}")


def line(**more) -> dict:
    pick = {
        "product_id": "p/1", "title": "Kettle & Co", "price": "19.90", "currency": "EUR", "reason": "Holds 1.7 l.", "url": "https://shop.example/p1",
    }  # fmt: skip
    pick |= more.pop("pick", {})
    return {"row": 1, "user": "u_1", "picks": [pick], "opening": "Both are light.", **more}


def parsed(raw: bytes) -> tuple[email.message.EmailMessage, str, str]:
    mail = email.message_from_bytes(raw, policy=default)
    return mail, mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()


def written(held: dict, sender: Sender = SENDER, name: str = "Ada", to: str = "ada@mail.example") -> bytes:
    return MailTemplate().message(held, to, name, sender).as_bytes()


def test_a_mail_says_in_text_and_html_what_the_list_says(tmp_path) -> None:
    mail, text, html = parsed(written(line()))
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["Subject"] == "Ada, picked for you at Kettle Shop"
    assert (mail["From"], mail["To"]) == ("Kettle Shop <news@shop.example>", "Ada <ada@mail.example>")
    assert mail["List-Unsubscribe"] == "<https://shop.example/stop?u=u_1>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for body in (text, html):
        for words in (
            "Hello Ada",
            "Both are light.",
            "19.90 EUR",
            "Holds 1.7 l.",
            "https://shop.example/stop?u=u_1",
            "https://shop.example/p1",
        ):
            assert words in body
    assert "1. Kettle & Co - 19.90 EUR" in text
    assert "Kettle &amp; Co" in html
    assert written(line()) == written(line())


def test_a_hostile_title_reason_or_name_adds_no_markup_no_header_and_no_template(tmp_path) -> None:
    plain = Tags(parsed(written(line()))[2])
    hostile = line(opening=EVIL, pick={"title": EVIL, "reason": EVIL, "currency": EVIL})
    mail, text, html = parsed(written(hostile, name=EVIL))
    found = Tags(html)
    assert found.tags == plain.tags
    assert found.links == plain.links
    assert found.loads == []
    assert set(mail.keys()) == set(parsed(written(line()))[0].keys())
    assert mail["Bcc"] is None
    assert "\nBcc:" not in text
    assert "{{ 7 * 7 }}" in text
    assert "49" not in text
    assert len(mail["To"].addresses) == 1
    assert mail["To"].addresses[0].addr_spec == "ada@mail.example"


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "data:text/html,<script>", "https://x.example/\"onmouseover=\"alert(1)", "https://x.example/\r\nBcc: a@b.example",
    "//evil.example", "ftp://x.example/", "https://x.example/ a", "https://[", "", None,
])  # fmt: skip
def test_an_address_that_is_none_of_the_web_is_no_link(url) -> None:
    _, text, html = parsed(written(line(pick={"url": url})))
    assert Tags(html).links == ["https://shop.example/stop?u=u_1"]
    assert "evil" not in text
    assert "onmouseover" not in html


def test_links_go_where_the_shop_says(tmp_path) -> None:
    _, text, html = parsed(
        written(line(), Sender(SENDER.address, SENDER.unsubscribe, "https://shop.example/item?id={id}"))
    )
    assert "https://shop.example/item?id=p%2F1" in text
    assert "https://shop.example/item?id=p%2F1" in Tags(html).links


def test_the_shipped_template_loads_nothing_from_a_network(tmp_path) -> None:
    html = parsed(written(line()))[2]
    found = Tags(html)
    assert found.loads == []
    assert not found.tags & {"img", "link", "script", "iframe", "object", "embed", "form"}


@pytest.mark.parametrize("to", [
    "a@b.example, all@evil.example", "a@b.example\r\nBcc: all@evil.example", "nobody", "", "<>", "group: a@b.example;", "a@b.example b@c.example", "@b.example",
])  # fmt: skip
def test_an_address_that_is_not_one_mailbox_is_refused(to) -> None:
    with pytest.raises(UsageError, match="no e-mail address"):
        written(line(), to=to)


def test_a_sender_must_be_one_and_must_say_where_to_unsubscribe() -> None:
    with pytest.raises(UsageError, match="no e-mail address"):
        Sender("a@b.example\nBcc: x@y.example", "https://shop.example/stop")
    with pytest.raises(UsageError, match="unsubscribe"):
        Sender("a@b.example", "javascript:alert(1)")


def test_lists_become_a_file_a_user_and_what_is_left_out_is_counted(opener, small_catalog, tmp_path) -> None:
    home = opener.settings.home_folder
    rows = [*some_users(4), "{", {"user": "u9", "history": [f"p{i}" for i in range(7)]}]
    source = write_users(tmp_path / "users.jsonl", *rows)
    recommend(
        source, tmp_path / "lists", catalog=small_catalog, opener=opener, options=options(name=lambda user: f"h-{user}")
    )
    people = [{"user": f"u{i}", "email": f"u{i}@mail.example", "name": f"U {i}"} for i in range(3)]
    people[2]["email"] = "two@mail.example, three@mail.example"
    book = read_addresses(Place.of(write_users(tmp_path / "people.jsonl", *people)), lambda user: f"h-{user}")
    told = write_mails(Place.of(tmp_path / "lists"), book, Place.of(tmp_path / "mails"), MailTemplate(), SENDER, home)
    assert (told.mails, told.no_address, told.no_picks) == (2, 1, 2)
    assert [one[:7] for one in told.failed] == ["row 3: "]
    assert sorted(p.name for p in (tmp_path / "mails").glob("*.eml")) == sorted([mail_name("h-u0"), mail_name("h-u1")])
    mail, text, _ = parsed((tmp_path / "mails" / mail_name("h-u1")).read_bytes())
    assert mail["To"] == "U 1 <u1@mail.example>"
    assert "Kettle 0, by 1 products seen; né au thé." in text
    found = erase_everywhere({"u1", "h-u1"}, home)
    assert sum(one.mails for one in found) == sum(one.lines for one in found) == 1
    assert [p.name for p in (tmp_path / "mails").glob("*.eml")] == [mail_name("h-u0")]


def test_a_template_of_ones_own_is_used_and_its_faults_are_told(tmp_path) -> None:
    for name, text in {"subject.txt.jinja": "Hi {{ name }}\nBcc: x@y.example", "body.txt.jinja": "{{ picks[0].title }}", "body.html.jinja": "<b>{{ picks[0].title }}</b>"}.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    mail, text, html = parsed(MailTemplate(tmp_path).message(line(), "a@b.example", "Ada", SENDER).as_bytes())
    assert (mail["Subject"], mail["Bcc"]) == ("Hi Ada Bcc: x@y.example", None)
    assert (text.strip(), html.strip()) == ("Kettle & Co", "<b>Kettle &amp; Co</b>")
    (tmp_path / "body.txt.jinja").write_text("{{ nothing }}")
    with pytest.raises(PromptError, match="'nothing' is undefined"):
        MailTemplate(tmp_path).message(line(), "a@b.example", "Ada", SENDER)
    (tmp_path / "body.txt.jinja").write_text("{{ ''.__class__.__mro__ }}")
    with pytest.raises(PromptError):
        MailTemplate(tmp_path).message(line(), "a@b.example", "Ada", SENDER)
    (tmp_path / "subject.txt.jinja").unlink()
    with pytest.raises(PromptError, match=r"lacks subject\.txt\.jinja"):
        MailTemplate(tmp_path)


def test_a_line_of_the_address_book_that_is_none_is_named(tmp_path) -> None:
    source = write_users(tmp_path / "people.jsonl", {"user": "a", "email": "a@b.example"}, {"user": "b"})
    with pytest.raises(UsageError, match=r"people\.jsonl line 2"):
        read_addresses(Place.of(source), str)


def test_mails_are_made_of_lists_alone(opener, tmp_path) -> None:
    (tmp_path / "x").mkdir()
    Path(tmp_path / "x" / "a.json").write_text(json.dumps({}))
    with pytest.raises(UsageError, match="holds no lists"):
        write_mails(Place.of(tmp_path / "x"), {}, Place.of(tmp_path / "y"), MailTemplate(), SENDER, tmp_path)
