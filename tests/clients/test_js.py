"""The JavaScript module: its own tests, against a Tessera that runs, and as whoever installs it has it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.installation import Server, fresh

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "clients" / "js"
# What `tessera organization create` and `tessera key create` do, twice each, in one process.
FOUNDING = """
import json
from tessera.cli import project
project.start()
from tessera.core import clock
from tessera.events.types import Actor
from tessera.http.scopes import Scope
from tessera.organizations.keys import create_key
from tessera.organizations.services import create_organization
at, actor, keys = clock.now(), Actor.system("tests"), {}
for name, test_now in (("House", None), ("Lab", at)):
    club = create_organization(
        name=name, slug=name.lower(), time_zone="Europe/London", currency="GBP", test_now=test_now, at=at,
        actor=actor,
    )
    keys[name] = create_key(organization=club, name="tests", scopes=list(Scope), at=at, actor=actor)[1]
print(json.dumps(keys))
"""
NODE, NPM, TSC = (shutil.which(program) for program in ("node", "npm", "tsc"))

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node here")


def run(*command: str | None, folder: Path, **environment: str) -> str:
    """Return what a command says; its failure is the test's, with all that it said."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def passed(told: str) -> int:
    """How many tests node passed; none may have been left out."""
    assert re.search(r"^# skipped 0$", told, re.MULTILINE), told
    found = re.search(r"^# pass (\d+)$", told, re.MULTILINE)
    assert found is not None, told
    return int(found[1])


def test_tokens_and_keys_of_its_own() -> None:
    told = run(NODE, "--test", "test/gate.test.js", "test/mount.test.js", folder=MODULE)
    assert passed(told) == 14


@pytest.fixture(scope="module")
def tessera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """A Tessera that runs, with Ada, a member of a live organization and of a test one: where it is, and its keys."""
    with fresh(tmp_path_factory.mktemp("club")) as installation:
        installation.migrate()
        keys = json.loads(replace(installation, command=(sys.executable, "-c", FOUNDING)).run().stdout)
        with installation.served() as server:
            for key in keys.values():
                _member(Server(server.address, key))
            yield {
                "TESSERA_HOST": server.address,
                "TESSERA_KEY": keys["House"],
                "TESSERA_TEST_KEY": keys["Lab"],
                "TESSERA_CUSTOMER": "external:ada",
            }


def _member(server: Server) -> None:
    server.post("/api/v1/permissions", {"key": "members-area", "name": "Members' area"})
    price = {"amount": {"amount": 0, "currency": "GBP"}, "interval": "year"}
    plan = server.post(
        "/api/v1/plans", {"name": "Gold", "audience": "customers", "permissions": ["members-area"], "prices": [price]}
    )
    server.post("/api/v1/customers", {"first_name": "Ada", "last_name": "Lovelace", "external_id": "ada"})
    server.post("/api/v1/memberships", {"plan": plan["id"], "customer": "external:ada"})


def test_tokens_of_a_tessera_that_runs(tessera: Mapping[str, str]) -> None:
    told = run(NODE, "--test", "test/live.test.js", folder=MODULE, **tessera)
    assert passed(told) == 3


@pytest.mark.skipif(NPM is None, reason="there is no npm here")
def test_it_is_installed_from_the_folder_without_the_network(tessera: Mapping[str, str], tmp_path: Path) -> None:
    (packed,) = json.loads(run(NPM, "pack", "--json", "--pack-destination", str(tmp_path), folder=MODULE))
    names = {each["path"] for each in packed["files"]}
    assert {"package.json", "README.md", "src/index.js", "src/index.d.ts"} <= names
    assert not [name for name in names if name.startswith("test")], "tests stay at home"
    site = tmp_path / "site"
    site.mkdir()
    (site / "package.json").write_text('{"type": "module", "private": true}')
    run(NPM, "install", "--offline", "--no-audit", "--no-fund", str(tmp_path / packed["filename"]), folder=site)
    (site / "page.js").write_text(
        """
        import { createGate, fetchToken } from "tessera-membership";
        import { mount } from "tessera-membership/mount";
        const { TESSERA_HOST: host, TESSERA_KEY: apiKey } = process.env;
        const { token, issuer } = await fetchToken({ host, apiKey, customer: "external:ada", audience: "site" });
        const gate = createGate({ jwksUrl: `${host}/.well-known/jwks.json`, issuer, audience: "site" });
        console.log(JSON.stringify([await gate.can(token, "members-area"), typeof mount]));
        """
    )

    told = run(NODE, "page.js", folder=site, **tessera)

    assert json.loads(told) == [True, "function"]
    assert sorted(each.name for each in (site / "node_modules").iterdir() if each.name[0] != ".") == [packed["name"]]


def test_its_types_are_of_what_it_exports() -> None:
    """Each name that the module exports is declared, and nothing else is (without a type checker)."""
    for name in ("mount", "gate", "server"):
        code = (MODULE / "src" / f"{name}.js").read_text()
        types = (MODULE / "src" / f"{name}.d.ts").read_text()
        exported = set(re.findall(r"^export (?:async )?(?:function|class) (\w+)", code, re.MULTILINE))
        exported |= set(re.findall(r"^export \{ (\w+) \};", code, re.MULTILINE))
        assert set(re.findall(r"^export (?:function|class) (\w+)", types, re.MULTILINE)) == exported


@pytest.mark.skipif(TSC is None, reason="there is no type checker here")
def test_its_types_say_what_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "tessera-membership").symlink_to(MODULE)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(MODULE / "test" / "types.ts", tmp_path)
    run(TSC, "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "types.ts", folder=tmp_path)
