"""A real installation behind a reverse proxy that speaks TLS for it."""

import urllib.request
from email.message import Message
from pathlib import Path

from tests.cli.installation import Installation, Server, fresh


def headers_of(server: Server, said: dict[str, str]) -> Message:
    """Return the headers of the sign-in page, as a proxy gets it that says this of the visitor."""
    asked = urllib.request.Request(f"{server.address}/console/signin", headers=said)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        found: Message = answer.headers
        return found


def test_only_a_trusted_proxy_makes_a_visit_a_secure_one(tmp_path: Path) -> None:
    with fresh(tmp_path) as bare:
        bare.migrate()
        secure = {**bare.environ, "TESSERA_BASE_URL": "https://127.0.0.1"}
        with Installation({**secure, "TESSERA_TRUSTED_PROXIES": "127.0.0.1"}).served() as server:
            proxied = headers_of(server, {"X-Forwarded-Proto": "https"})
            assert proxied["Strict-Transport-Security"] == "max-age=31536000"
            assert proxied["Set-Cookie"].startswith("__Host-tessera-csrf=")
            assert "Strict-Transport-Security" not in headers_of(server, {})
        with Installation({**secure, "TESSERA_TRUSTED_PROXIES": "127.0.0.2, ::1"}).served() as server:
            assert "Strict-Transport-Security" not in headers_of(server, {"X-Forwarded-Proto": "https"})
