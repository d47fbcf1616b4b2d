"""What the guide tells the developers of a site to write, written down and run: the tokens are taken."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tessera.identity import injection
from tessera.organizations import issuers
from tests import make
from tests.identity.sites import NONCE, ORIGIN, Site
from tools.findings import ROOT

pytestmark = pytest.mark.django_db

GUIDE = ROOT / "docs" / "embedding.md"
VISITOR = {"id": "17", "email": "ines@member.example", "first_name": "Inés", "last_name": "Aldana"}


def code(heading: str) -> str:
    """The first block of code below a heading of the guide."""
    _, _, below = GUIDE.read_text(encoding="utf-8").partition(f"\n### {heading}\n")
    found = re.search(r"```\w+\n(.*?)```", below, re.DOTALL)
    assert found is not None
    return found[1]


def pem(site: Site) -> str:
    return site.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def by_python(site: Site, audience: str, folder: Path) -> str:
    written: dict[str, Any] = {}
    exec(compile(code("Python"), "guide.py", "exec"), written)
    token: str = written["visitor_token"](pem(site), audience, NONCE, VISITOR)
    return token


def by_node(site: Site, audience: str, folder: Path) -> str:
    told = json.dumps([pem(site), audience, NONCE, VISITOR])
    (folder / "guide.mjs").write_text(f"{code('Node')}\nconsole.log(visitorToken(...{told}));\n", encoding="utf-8")
    return run("node", str(folder / "guide.mjs"))


def by_php(site: Site, audience: str, folder: Path) -> str:
    told = json.dumps([pem(site), audience, NONCE, VISITOR])
    (folder / "told.json").write_text(told, encoding="utf-8")
    call = f"echo visitor_token(...json_decode(file_get_contents('{folder}/told.json'), true));"
    (folder / "guide.php").write_text(f"<?php\n{code('PHP')}\n{call}\n", encoding="utf-8")
    return run("php", str(folder / "guide.php"))


def run(program: str, file: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} on this machine")
    done = subprocess.run([program, file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("write", "algorithm"),
    [(by_python, "EdDSA"), (by_node, "EdDSA"), (by_php, "RS256")],
    ids=["python", "node", "php"],
)
def test_a_token_as_the_guide_has_it_is_taken(write: Any, algorithm: str, tmp_path: Path) -> None:
    site = Site(make.organization(), algorithm=algorithm)
    site.row.issuer = "https://club.example"
    site.row.save()
    assert isinstance(site.key, RSAPrivateKey) == (algorithm == "RS256")
    token = write(site, issuers.audience(site.club), tmp_path)
    assert jwt.get_unverified_header(token)["alg"] == algorithm

    injected = injection.inject(
        organization=site.club, token=token, origin=ORIGIN, nonce=NONCE, client_address="192.0.2.1"
    )

    assert (injected.subject, injected.address, injected.verified) == ("17", "ines@member.example", True)
    assert (injected.first_name, injected.last_name) == ("Inés", "Aldana")
