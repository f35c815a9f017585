"""Users, catalogue and lists in object storage, or by file:// address."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from shelftalk.catalog import Catalog
from shelftalk.errors import StorageError, UsageError
from shelftalk.lists import erase, erase_everywhere, recommend
from shelftalk.lists.frozen import opened_here
from shelftalk.lists.storage import Place
from tests.catalog.fakes import HashEmbedder
from tests.lists.s3 import serving
from tests.lists.stub import PRODUCTS, lines_in, some_users, users_seen, write_users
from tests.lists.test_recommend import bytes_in, options


@pytest.fixture
def s3(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key-for-tests")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with serving() as held:
        yield held


def put(folder: Path, address: Place) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            (address / str(path.relative_to(folder))).write(path.read_bytes())


def test_object_storage_holds_users_catalogue_and_lists(opener, small_catalog, tmp_path, s3) -> None:
    how, objects = s3
    source = write_users(tmp_path / "users.jsonl", *some_users(9), "{")
    recommend(source, tmp_path / "here", catalog=small_catalog, opener=opener, options=options())
    Place(f"s3://shop/users.jsonl{how}").write(source.read_bytes())
    put(small_catalog, Place(f"s3://shop/catalogue{how}"))
    (tmp_path / "seen").unlink()
    given = {"catalog": f"s3://shop/catalogue{how}", "opener": opener, "options": options()}
    report = recommend(f"s3://shop/users.jsonl{how}", f"s3://shop/lists{how}", **given)
    assert (report.lists, report.errors) == (9, 1)
    found = {
        name.removeprefix("shop/lists/"): content for name, content in objects.items() if name.startswith("shop/lists/")
    }
    assert {name: content for name, content in found.items() if name.startswith("part-")} == bytes_in(tmp_path / "here")
    assert {name for name in found if name and not name.endswith("/")} == {
        "_manifest.json",
        *bytes_in(tmp_path / "here"),
    }
    assert json.loads(found["_manifest.json"])["users"] == "s3://shop/users.jsonl"
    objects["shop/lists/part-00001.jsonl"] = b""
    (tmp_path / "seen").unlink()
    assert recommend(f"s3://shop/users.jsonl{how}", f"s3://shop/lists{how}", **given).resumed == 6
    assert users_seen(tmp_path / "seen") == ["u4", "u5", "u6", "u7"]
    assert erase({"u5"}, Place(f"s3://shop/lists{how}")).lines == 1
    assert b'"u5"' not in objects["shop/lists/part-00001.jsonl"]
    assert [one.lines for one in erase_everywhere({"u6"}, opener.settings.home_folder)] == [1, 1]


def test_what_cannot_be_read_there_is_an_error_that_shows_no_secret(opener, small_catalog, tmp_path, s3) -> None:
    how, _ = s3
    place = Place(f"s3://AKIDEXAMPLE:wJalrXUtnFEMI@shop/none.jsonl{how}")
    assert place.shown == "s3://shop/none.jsonl"
    with pytest.raises(UsageError, match="no such file or folder") as told:
        recommend(place.address, tmp_path / "out", catalog=small_catalog, opener=opener, options=options())
    assert "wJalr" not in str(told.value)
    with pytest.raises(StorageError, match=r"^s3://shop/none\.jsonl: cannot read") as told:
        place.read()
    assert "wJalr" not in str(told.value)
    with pytest.raises(UsageError, match="no such place"):
        Place("gopher://shop/users").kind()


def test_a_catalogue_in_object_storage_is_fetched_once(small_catalog, tmp_path, s3) -> None:
    how, objects = s3
    place = Place(f"s3://shop/catalogue{how}")
    put(small_catalog, place)
    here = opened_here(place, tmp_path)
    assert Catalog.open(here, embedder=HashEmbedder()).count() == len(PRODUCTS)
    objects.pop("shop/catalogue/facets.json", None)
    before = sorted(path.stat().st_ino for path in here.rglob("*"))
    assert opened_here(place, tmp_path) == here
    assert sorted(path.stat().st_ino for path in here.rglob("*")) == before
    objects["shop/catalogue/products.lance/_versions/new.manifest"] = b"x"
    assert opened_here(place, tmp_path) != here


def test_a_file_address_is_a_path(opener, small_catalog, tmp_path) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(3))
    recommend(
        source.as_uri(), (tmp_path / "out").as_uri(), catalog=small_catalog.as_uri(), opener=opener, options=options()
    )
    assert len(lines_in(tmp_path / "out")) == 3


def test_a_feed_of_products_is_a_catalogue_too(opener, tmp_path, monkeypatch) -> None:
    """A Parquet file of products is imported once, and its copy stands where workers find it until the run is done."""
    rows = [
        {"id": p.id, "title": p.title, "price": str(p.price), "currency": p.currency, "url": p.url} for p in PRODUCTS
    ]
    import pyarrow as pa

    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "products.parquet")
    monkeypatch.setattr("shelftalk.catalog.load_embedder", lambda *_: HashEmbedder())
    source = write_users(tmp_path / "users.jsonl", *some_users(5), {"user": "gone"})
    given = {"catalog": tmp_path / "products.parquet", "opener": opener, "options": options()}
    with pytest.raises(Exception, match="gone"):
        recommend(source, tmp_path / "out", **given)
    assert Catalog.open(tmp_path / "out" / "_catalogue").count() == len(PRODUCTS)
    monkeypatch.setattr("shelftalk.catalog.load_embedder", lambda *_: pytest.fail("imported twice"))
    (tmp_path / "back").touch()
    assert recommend(source, tmp_path / "out", **given).resumed == 4
    first = json.loads(lines_in(tmp_path / "out")[0])["picks"][0]
    assert (first["title"], first["price"]) == ("Kettle 0", "10.90")
    assert not (tmp_path / "out" / "_catalogue").exists()
