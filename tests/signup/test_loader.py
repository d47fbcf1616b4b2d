"""The script that clubs put on their pages, as it is served."""

import gzip
import re

from django.test import Client

HOME = "/embed/v1.js"


def test_the_loader_is_small_cached_and_for_every_site() -> None:
    answer = Client().get(HOME, headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert (answer.status_code, answer["Content-Encoding"]) == (200, "gzip")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert len(answer.content) <= 4_000
    assert "max-age=3600" in answer["Cache-Control"]
    assert "public" in answer["Cache-Control"]
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Accept-Encoding" in answer["Vary"]
    assert answer.cookies == {}
    again = Client().get(HOME, headers={"Accept-Encoding": "gzip", "If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_loader_is_written_for_browsers_of_2018() -> None:
    text = Client().get(HOME).content.decode()
    newer = re.findall(
        r"\?\.[A-Za-z(\[]|\?\?|\|\|=|\.at\(|fromEntries|replaceAll|hasOwn\(|\.flat\(|catch \{|#[a-z]+\b;", text
    )
    assert newer == []


def test_who_takes_no_gzip_gets_it_plain() -> None:
    packed = Client().get(HOME, headers={"Accept-Encoding": "gzip"})
    for taken in ("", "identity", "gzip;q=0"):
        plain = Client().get(HOME, headers={"Accept-Encoding": taken})
        assert "Content-Encoding" not in plain
        assert plain.content == gzip.decompress(packed.content)
        assert plain["ETag"] != packed["ETag"]
    assert Client().post(HOME).status_code == 405
