"""The page's frame: its policy, its files, and the cookie that stands for a key."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient

from shelftalk.server.db import Keys


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_the_policy_lets_nothing_run_but_the_pages_own_files(client: TestClient) -> None:
    reply = client.get("/")
    policy = dict(part.split(" ", 1) for part in reply.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' https: data:"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in reply.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", reply.text)


def test_every_reply_of_the_api_forbids_everything(client: TestClient) -> None:
    assert client.get("/v1/facets").headers["content-security-policy"].startswith("default-src 'none'")


def test_every_file_that_the_page_names_is_there_and_none_beside_them(client: TestClient) -> None:
    html = client.get("/").text
    names = re.findall(r'(?:src|href)="(/static/[^"]+)"', html)
    assert len(names) >= 4
    seen, left = set(), list(names)
    while left:
        name = left.pop()
        reply = client.get(name)
        assert reply.status_code == 200, name
        assert client.get(name, headers={"If-None-Match": reply.headers["etag"]}).status_code == 304
        seen.add(name)
        left += [f"/static/{m}" for m in re.findall(r'from "\./([\w.]+)"', reply.text) if f"/static/{m}" not in seen]
    assert client.get("/static/../files.py").status_code == 404
    assert client.get("/static/%2e%2e%2ffiles.py").status_code == 404
    assert client.get("/static/chat.html.jinja").status_code == 404


def test_no_script_of_the_page_reads_text_as_html(client: TestClient) -> None:
    from pathlib import Path

    import shelftalk.server.page

    for path in (Path(shelftalk.server.page.__file__).parent / "static").glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|DOMParser", path.read_text()
        )


def test_the_page_begins_with_shelves_of_the_catalogue(client: TestClient) -> None:
    assert 'data-say="Backpacks"' in client.get("/").text


def test_a_key_becomes_a_cookie_that_scripts_and_other_sites_cannot_use(keyed: tuple[TestClient, Keys]) -> None:
    client, keys = keyed
    secret = keys.create("page", ["ask"])
    assert client.post("/session", headers=_bearer("st-wrong")).status_code == 401
    signed = client.post("/session", headers=_bearer(secret))
    assert signed.status_code == 204
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/v1/facets").status_code == 200
    assert client.get("/v1/facets", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 401
    assert client.get("/v1/facets", headers={"Sec-Fetch-Site": "same-site"}).status_code == 401
    keys.revoke("page")
    client.app.state.server.gate._known.clear()  # type: ignore[attr-defined]
    keys.create("other", ["ask"])
    assert client.get("/v1/facets").status_code == 401
    assert client.delete("/session").status_code == 204
    assert "shelftalk_key" not in client.cookies
