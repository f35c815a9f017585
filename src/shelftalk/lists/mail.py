"""Lists as e-mails: one .eml file a user, text and HTML side by side (RFC 5322, RFC 2046), from Jinja templates.

Titles and reasons come from a catalogue and are untrusted: in the HTML they are escaped, in headers they are one line, and a link goes
where http or https go. The shipped template loads nothing from a network, so that nobody is told who opened it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shelftalk.errors import PromptError, UsageError
from shelftalk.lists.manifest import claimed, lists_in, read_manifest
from shelftalk.lists.parts import split
from shelftalk.lists.registry import remember
from shelftalk.lists.storage import Place
from shelftalk.lists.wire import decode
from shelftalk.resources import resource
from shelftalk.text import clean, shorten

_FILES = ("subject.txt.jinja", "body.txt.jinja", "body.html.jinja")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes. `address` is "Shop <news@shop.example>"; `unsubscribe` an https address in which {user} stands for the user; `link` the
    address of a product in which {id} stands for its id, "" to take the product's own."""

    address: str
    unsubscribe: str
    link: str = ""

    def __post_init__(self) -> None:
        _address(self.address)
        if not _web(self.unsubscribe):
            raise UsageError(
                f"the address to unsubscribe at must begin with https:// or http://, not {self.unsubscribe!r}"
            )


@dataclass(frozen=True, slots=True)
class Mailed:
    """Mails written, and lines left out: users without an address, lists without a pick (or rows with an error), and users to whom none
    can be written, each with the reason."""

    mails: int
    no_address: int
    no_picks: int
    failed: tuple[str, ...] = ()


class MailTemplate:
    """A folder of three templates: subject.txt.jinja, body.txt.jinja and body.html.jinja. They see `name`, `shop`, `opening`, `picks`
    (title, price, reason, link) and `unsubscribe`. PromptError for a folder that lacks one, or one that is no Jinja."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or resource("serve/email") / "for-you"
        missing = [name for name in _FILES if not (self.folder / name).is_file()]
        if missing:
            raise PromptError(f"{self.folder}: lacks {', '.join(missing)}; see docs/lists.md")
        environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.folder), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
            autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        )  # fmt: skip
        self._render = self._guarded(lambda: [environment.get_template(name) for name in _FILES])

    def message(self, line: Mapping[str, Any], to: str, name: str, sender: Sender) -> EmailMessage:
        """The e-mail for one line of a list. UsageError for an address that is none, PromptError for a fault of the template."""
        user, origin = str(line["user"]), _address(sender.address)
        unsubscribe = sender.unsubscribe.replace("{user}", quote(user, safe=""))
        variables = {
            "name": shorten(clean(name), 60),
            "shop": clean(origin.display_name),
            "opening": clean(line.get("opening") or ""),
            "picks": [_shown(pick, sender.link) for pick in line["picks"]],
            "unsubscribe": unsubscribe,
        }
        subject, text, html = self._guarded(lambda: [template.render(variables) for template in self._render])
        mail = EmailMessage(policy=SMTP)
        mail["Subject"], mail["From"] = shorten(clean(subject), 150), origin
        mail["To"] = Address(shorten(clean(name), 60), addr_spec=_address(to).addr_spec)
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"
        if unsubscribe.startswith("https://"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        mail.set_content(_BLANK_LINES.sub("\n\n", text.strip()) + "\n")
        mail.add_alternative(html, subtype="html")
        mail.set_boundary(f"=_{hashlib.sha256(f'{user}{text}'.encode('utf-8', 'replace')).hexdigest()[:32]}")
        return mail

    def _guarded(self, work: Callable[[], list[Any]]) -> list[Any]:
        try:
            return work()
        except TemplateError as error:
            raise PromptError(f"{self.folder}: {error}") from error


def mail_name(user: str) -> str:
    """The file of a user's mail: a hash, since an id is no safe file name."""
    return f"{hashlib.sha256(user.encode('utf-8', 'replace')).hexdigest()[:32]}.eml"


def write_mails(
    lists: Place,
    addresses: Mapping[str, tuple[str, str]],
    output: Place,
    template: MailTemplate,
    sender: Sender,
    home: Path,
) -> Mailed:
    """A mail into `output` for each user of the lists who has an address: `addresses` gives e-mail address and name by the user as the
    lists name it. Raises UsageError where `lists` is no folder of lists."""
    if read_manifest(lists) is None:
        raise UsageError(
            f"{lists.shown}: holds no lists; make them with: shelftalk recommend --users FILE --output DIR"
        )
    mails = no_address = no_picks = 0
    failed: list[str] = []
    with claimed(output):
        remember(output, "mails", home)
        for line in _lines(lists):
            to, name = addresses.get(line["user"], ("", ""))
            if not line["picks"]:
                no_picks += 1
            elif not to:
                no_address += 1
            else:
                try:
                    mail = template.message(line, to, name, sender)
                    (output / mail_name(line["user"])).write(mail.as_bytes())
                    mails += 1
                except (UsageError, MessageError, ValueError) as error:
                    failed.append(f"row {line['row']}: {shorten(clean(str(error)), 200)}")
    return Mailed(mails, no_address, no_picks, tuple(failed))


def read_addresses(file: Place, name: Callable[[str], str]) -> dict[str, tuple[str, str]]:
    """E-mail address and name by user, from JSON Lines of {"user", "email", "name"?}; each user stands under the id given and under its
    pseudonym. UsageError names a line that is none."""
    found: dict[str, tuple[str, str]] = {}
    for number, (raw, _) in enumerate(split(file.blocks()), start=1):
        if raw is not None and not raw.strip():
            continue
        try:
            record = json.loads(raw or b"")
            held = str(record["email"]), str(record.get("name") or "")
            found[str(record["user"])] = found[name(str(record["user"]))] = held
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f'{file.shown} line {number}: must be an object like {{"user": "u1", "email": "a@shop.example", "name": "Ada"}}'
            ) from error
    return found


def _lines(lists: Place) -> Iterator[dict[str, Any]]:
    for part, format in lists_in(lists):
        try:
            yield from decode(part.read(), format)
        except ValueError as error:
            raise UsageError(f"{part.shown}: {error}; run the command that made the lists again") from error


def _shown(pick: Mapping[str, Any], link: str) -> dict[str, str]:
    url = link.replace("{id}", quote(str(pick["product_id"]), safe="")) if link else str(pick.get("url") or "")
    price = f"{pick['price']} {pick['currency'] or ''}".strip() if pick.get("price") is not None else ""
    return {
        "title": shorten(clean(str(pick["title"])), 150),
        "price": clean(price),
        "reason": clean(str(pick["reason"])),
        "link": url if _web(url) else "",
    }


def _web(url: str) -> bool:
    """Whether that is an address of the web, with nothing in it that ends a line, a header or an attribute."""
    if clean(url) != url or any(c in url for c in " <>\"'\\`"):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _address(text: str) -> Address:
    """One mailbox. UsageError for anything else: several, none, or one with a line break in it."""
    if text and clean(text) == text:
        read: Any = HeaderRegistry()("to", text)
        alone = len(read.groups) == 1 and read.groups[0].display_name is None and len(read.addresses) == 1
        if alone and not read.defects and read.addresses[0].domain:
            found: Address = read.addresses[0]
            return found
    raise UsageError(f"{shorten(clean(text), 80)!r} is no e-mail address; write it as: Shop <news@shop.example>")
