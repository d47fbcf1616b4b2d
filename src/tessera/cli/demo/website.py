"""The demo's third program: the club's own website, which embeds, vouches for its visitors and asks who is a member."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any, Final

from tessera import organizations
from tessera.access.engine import decide
from tessera.cli.demo.club import PASSWORD, SLUG
from tessera.cli.demo.home import Home, website_port
from tessera.cli.supervising import Part
from tessera.config.boot import DEMO_ACTOR
from tessera.identity import signatures
from tessera.organizations import issuers
from tessera.organizations.models import Organization
from tessera.organizations.services import update_organization
from tessera.people.models import CustomerEmail

# In the wheel it lies beside this module; in the repository it is an example.
_PLACES: Final = (Path(__file__).parent / "club_site", Path(__file__).parents[4] / "examples" / "club-site")
# The issuer is a name that tokens say: nothing need answer there, and the site may be served anywhere.
ISSUER: Final = "https://strand-house.example"
_NAME: Final = "Strand House, the website"
VISITOR: Final = "wren@strand-house.example"  # somebody the club does not know yet


def website(home: Home, port: int) -> Part | None:
    """Return the website of the club that is served on `port`, known to it; None where its files were not shipped.

    Its origin is allowed, its key trusted, and one of its accounts is of a member, the other of a stranger.
    """
    folder = next((place for place in _PLACES if (place / "club_site.py").exists()), None)
    keys = home.keys()
    if folder is None or keys is None:
        return None
    club = Organization.objects.get(slug=SLUG)
    origin, site = f"http://localhost:{website_port(port)}", home.website
    signing = runpy.run_path(str(folder / "signing.py"))
    visitors = runpy.run_path(str(folder / "visitors.py"))
    _trust(club, origin, signing["public_pem"](signing["key_in"](site / "signing-key.pem")))
    if not (site / "accounts.json").exists():
        home.keep_of_website("accounts.json", json.dumps(_accounts(club, visitors["entry"]), indent=2))
    home.keep_of_website("api-key", keys.key)
    settings = {
        "tessera": f"http://127.0.0.1:{port}",
        "organization": SLUG,
        "origin": origin,
        "issuer": ISSUER,
        "audience": issuers.audience(club),
        "access_issuer": signatures.issuer(club),
        "signing_key": str(site / "signing-key.pem"),
        "api_key": str(site / "api-key"),
        "accounts": str(site / "accounts.json"),
        "hint": _hint(home),
    }
    home.keep_of_website("settings.json", json.dumps(settings, indent=2))
    arguments = ["--port", str(website_port(port)), "--settings", str(site / "settings.json")]
    program = [sys.executable, str(folder / "club_site.py")]
    return Part("website", arguments, needed=False, program=program)


def accounts(home: Home) -> list[str]:
    """Return the addresses with which one can sign in to the website: a stranger's, and a member's if there is one."""
    file = home.website / "accounts.json"
    return [row["email"] for row in json.loads(file.read_text(encoding="utf-8"))] if file.exists() else []


def _trust(club: Organization, origin: str, pem: str) -> None:
    """Let the site frame, and have its tokens count. What is so already is not written."""
    at = organizations.now(club)
    others = [each for each in club.allowed_origins if not each.startswith("http://localhost:")]
    if club.allowed_origins != [*others, origin]:
        update_organization(
            organization=club, changes={"allowed_origins": [*others, origin]}, at=at, actor=DEMO_ACTOR
        )  # fmt: skip
    told: issuers.IssuerDetails = {"name": _NAME, "issuer": ISSUER, "jwks_url": "", "keys": pem}
    known = next((row for row in issuers.trusted_issuers(club) if row.issuer == ISSUER), None)
    if known is None:
        issuers.trust_issuer(organization=club, at=at, actor=DEMO_ACTOR, **told)
    else:
        issuers.update_issuer(row=known, version=None, at=at, actor=DEMO_ACTOR, **told)


def _accounts(club: Organization, entry: Any) -> list[dict[str, str]]:
    """Somebody new, and one of the earliest customers who may read the members' pages and have an address alone."""
    rows = [entry(number="1001", email=VISITOR, first="Wren", last="Calloway", password=PASSWORD)]
    member = _member(club)
    if member is not None:
        rows.append(
            entry(
                number="1002", email=member.address, first=member.customer.first_name,
                last=member.customer.last_name, password=PASSWORD,
            )
        )  # fmt: skip
    return rows


def _member(club: Organization) -> CustomerEmail | None:
    at = organizations.now(club)
    rows = CustomerEmail.objects.filter(organization=club, customer__merged_into=None, position=0)
    for row in rows.select_related("customer").order_by("customer__number")[:100]:
        alone = CustomerEmail.objects.filter(organization=club, key=row.key).count() == 1
        if alone and decide(organization_id=club.pk, customer_id=row.customer_id, asked="members-area", at=at).allow:
            return row
    return None


def _hint(home: Home) -> str:
    people = " or ".join(accounts(home))
    return f"In this demo: {people}, with the password {PASSWORD}."
