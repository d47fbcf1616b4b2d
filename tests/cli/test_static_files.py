"""Static files as `tessera serve` serves them: compressed, under names that change with them, made once."""

import gzip
import re
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tessera.cli import static_files
from tests.cli.installation import fresh


def asked(address: str, encodings: str = "br, gzip") -> tuple[dict[str, str], bytes]:
    """Headers in lower case and the body as it came."""
    request = urllib.request.Request(address, headers={"Accept-Encoding": encodings})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def positions(text: str, *parts: str) -> bool:
    """Whether the text has all of the parts, in this order."""
    found = [text.find(each) for each in parts]
    return -1 not in found and found == sorted(found)


def test_they_are_compressed_kept_for_ever_and_made_once(tmp_path: Path) -> None:
    with fresh(tmp_path) as installation:
        installation.migrate()
        with installation.served(command=("serve", "--no-worker"), prepared=False) as server:
            headers, body = asked(f"{server.address}/console/signin", "gzip")
            page = gzip.decompress(body).decode()
            assert headers["content-encoding"] == "gzip"
            sheet = re.search(r'href="(/static/console/tessera\.[0-9a-f]{12}\.css)"', page)
            assert sheet is not None, page[:500]
            headers, body = asked(server.address + sheet.group(1))
            assert headers["content-encoding"] == "br"
            assert "immutable" in headers["cache-control"]
            assert len(body) < 16_000
            sheet_text = asked(server.address + sheet.group(1), "identity")[1].decode()
            assert "@import" not in sheet_text
            assert positions(sheet_text, "@layer reset,", "@layer tokens {", "@layer layout {", "@layer utilities {")
            for each in set(re.findall(r'url\("([^")]+)"\)', sheet_text)):
                if not each.startswith("data:"):
                    assert "immutable" in asked(urljoin(server.address + sheet.group(1), each))[0]["cache-control"], (
                        each
                    )
        made = list((tmp_path / "static").iterdir())
        (finding,) = made[0].glob("console/js/finding.????????????.js")
        assert re.search(r'from "./options\.[0-9a-f]{12}\.js"', finding.read_text())
        assert len(made) == 1
        before = (made[0] / "staticfiles.json").stat().st_mtime_ns

        (tmp_path / "static" / "of-an-older-version").mkdir()
        (tmp_path / "static" / "of-one-older-still").mkdir()
        with installation.served(command=("serve", "--no-worker")):
            pass

        assert (made[0] / "staticfiles.json").stat().st_mtime_ns == before
        assert len(list((tmp_path / "static").iterdir())) == 2


def test_where_they_cannot_be_made_they_are_served_as_they_are(tmp_path: Path) -> None:
    with fresh(tmp_path) as installation:
        installation.migrate()
        (tmp_path / "static").write_text("in the way")
        with installation.served(command=("serve", "--no-worker")) as server:
            page = asked(f"{server.address}/console/signin", "identity")[1].decode()
            assert '"/static/console/tessera.css"' in page
            assert asked(f"{server.address}/static/console/tessera.css")[0]["content-type"].startswith("text/css")


def test_answers_of_the_api_are_not_compressed(tmp_path: Path) -> None:
    with fresh(tmp_path) as installation:
        installation.migrate()
        with installation.served(command=("serve", "--no-worker")) as server:
            headers, _body = asked(f"{server.address}/api/v1/openapi.json", "gzip")
            assert "content-encoding" not in headers


def test_they_are_made_anew_where_they_are_made_in_another_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = tmp_path / "stylesheets.py"
    way.write_text("one after the other")
    monkeypatch.setattr(static_files, "_MADE_BY", way)
    first = static_files._digest()
    assert static_files._digest() == first
    way.write_text("one within the other")
    assert static_files._digest() != first
