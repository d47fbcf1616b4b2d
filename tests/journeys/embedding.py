"""A club that embeds joining on its site, with the site's key and its mailbox: what these journeys begin with."""

import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cli.clubs import MAIL
from tests.cli.installation import Installation, fresh
from tests.journeys.websites import OURS, Websites, websites

CLUB, EVIL = "club.example", "evil.example"
WITHIN = 15_000
HEARD = """<script>
window.heard = [];
for (const type of ["ready", "step", "completed", "error", "resize", "close"]) {
  document.addEventListener("tessera:" + type, (event) => window.heard.push([type, event.detail]));
}
</script>"""


@dataclass(frozen=True, slots=True)
class Club:
    """What the journeys know: the sites, the plan, the site's key, and where mail goes."""

    sites: Websites
    plan: str
    audience: str
    key: Ed25519PrivateKey
    mailbox: Path

    def page(self, host: str, *, attributes: str = "", head: str = "", style: str = "", path: str = "/join") -> str:
        """Write a page that embeds onto a site; return its address."""
        self.sites.pages[host][path] = f"""<!DOCTYPE html><html lang="en"><head><title>Join</title><meta name="viewport"
          content="width=device-width"><style>body {{ margin: 20px; {style} }}</style>{head}{HEARD}</head><body><main>
          <h1>Our club</h1><div class="tessera-membership"><a href="https://{OURS}/join/strand-house/{self.plan}">Join</a></div>
          <script src="https://{OURS}/embed/v1.js" data-organization="strand-house" data-plan="{self.plan}" {attributes}
            async></script></main></body></html>"""
        return f"https://{host}{path}"

    def token(self, nonce: str, **claims: Any) -> str:
        """Return a token of the site's back end for a frame."""
        now = int(time.time())
        told = {
            "iss": f"https://{CLUB}", "aud": self.audience, "sub": "17", "iat": now, "exp": now + 60,
            "jti": secrets.token_hex(8), "nonce": nonce, "email": "ines@member.example", "email_verified": True,
            "given_name": "Ines", "family_name": "Aldana", **claims,
        }  # fmt: skip
        return jwt.encode(told, self.key, algorithm="EdDSA", headers={"typ": "tessera-visitor+jwt"})

    def code(self, address: str) -> str:
        """Return the code in the newest mail to the address, as soon as there is one."""
        until = time.monotonic() + WITHIN / 1000
        while time.monotonic() < until:
            for file in sorted(self.mailbox.glob("*"), reverse=True):
                text = file.read_text(encoding="utf-8", errors="replace")
                if address in text and (found := re.search(r"^\D*(\d{3} ?\d{3})\b", _body(text), re.MULTILINE)):
                    return found[1].replace(" ", "")
            time.sleep(0.1)
        raise AssertionError(f"no code has come to {address}")


def _body(message: str) -> str:
    return message.partition("\n\n")[2]


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    folder = tmp_path_factory.mktemp("embedding")
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with fresh(folder) as empty:
        told = {
            "DJANGO_SETTINGS_MODULE": "tessera.config.settings",
            "TESSERA_BASE_URL": f"https://{OURS}",
            "TESSERA_TRUSTED_PROXIES": "127.0.0.1",
        }
        installation = Installation({**empty.environ, **MAIL, **told})
        installation.migrate()
        made = subprocess.run(
            [sys.executable, "-m", "tests.journeys.embedding_club"], env=dict(installation.environ), input=pem,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        laid = json.loads(made.stdout)
        with installation.served() as server, websites(folder, server.address, (CLUB, EVIL, "other.example")) as sites:
            yield Club(sites, laid["plan"], laid["audience"], key, folder / "mailbox")
