"""Who is read for what: profiles, figures and training sets hold only those who consent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.server.db import Consents, Interactions, connect, migrate
from shelftalk.server.db.consented import Consented
from shelftalk.server.may_train import may_train
from shelftalk.settings import ConsentDefaults, PrivacySettings, ServeSettings, load_settings
from shelftalk.values import Interaction

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY = "k" * 32


def test_what_is_built_for_a_purpose_reads_only_who_consents_to_it(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/serve.db")
    migrate(engine)
    everyone = Interactions(engine)
    everyone.put([Interaction(user, "purchase", NOW, "p1", f"i{n}") for n, user in enumerate(("u_yes", "u_no", ""))])
    consents = Consents(engine, ConsentDefaults())
    held = Consented(engine, "analytics", ConsentDefaults())
    assert [i.user for i in held.between()] == ["u_yes", "u_no", ""]
    consents.put("u_no", {"analytics": False})
    assert [i.user for i in held.between()] == ["u_yes", ""], "as it holds when it is read"
    assert [user for user, _ in held.by_user()] == ["u_yes"]
    assert held.of_user("u_no") == []
    assert [i.user for i in everyone.between()] == ["u_yes", "u_no", ""]
    assert [i.user for i in Consented(engine, "personalisation", ConsentDefaults()).of_user("u_no")] == ["u_no"]


def test_a_training_set_takes_those_who_said_yes_and_people_whom_the_shop_does_not_know(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/serve.db"
    settings = load_settings(home=tmp_path)
    settings.serve = ServeSettings(database=url)
    settings.privacy = PrivacySettings(key=KEY)
    assert may_train(settings)("anyone"), "without a database nobody is known"
    engine = connect(url)
    migrate(engine)
    pseudonyms = Pseudonyms(KEY)
    rows = [Interaction(pseudonyms.of(u), "purchase", NOW, "p1", u) for u in ("asked", "unasked")]
    Interactions(engine).put(rows)
    Consents(engine, ConsentDefaults()).put(pseudonyms.of("asked"), {"training": True})
    engine.dispose()
    allowed = may_train(settings)
    assert [u for u in ("asked", "unasked", "of a public set") if allowed(u)] == ["asked", "of a public set"]
    assert not allowed(pseudonyms.of("unasked")), "an exported file names users by pseudonym"
