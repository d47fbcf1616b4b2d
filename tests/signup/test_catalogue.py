"""`plans.json`: the public catalogue, for programs and the scripts of allowed origins."""

import json
from typing import Any

import pytest
from django.test import Client

from tessera.organizations.models import Organization
from tessera.plans.types import Audience, Visibility
from tests import make

pytestmark = pytest.mark.django_db
SITE = "https://club.example"


def ask(club: Organization, **headers: str) -> Any:
    return Client().get(f"/embed/{club.slug}/plans.json", headers=headers)


def test_it_gives_the_public_plans_with_prices_and_addresses(club: Organization) -> None:
    plan = make.plan(club, "Gold <b>", permissions=["pool"], amount=3500, trial_days=14, joining_fee=500)
    make.price(plan, amount=1, active=False)
    for hidden in ({"visibility": Visibility.UNLISTED}, {"audience": Audience.COMPANIES}, {"archived_at": make.JAN_10}):
        make.plan(club, "Hidden", **hidden)
    told = json.loads(ask(club).content)

    assert (told["organization"]["name"], told["open"], len(told["plans"])) == ("Strand House", True, 1)
    shown = told["plans"][0]
    assert (shown["name"], shown["permissions"], shown["full"]) == ("Gold <b>", ["Pool"], False)
    (price,) = shown["prices"]
    assert (price["amount"], price["text"], price["trial_days"]) == (
        {"amount": 3500, "currency": "GBP"},
        "£35.00 a month",
        14,
    )
    assert shown["join_url"] == f"http://127.0.0.1:8000/join/{club.slug}/{shown['id']}"
    assert Client().get(shown["embed_url"]).status_code == 200


def test_it_speaks_the_language_that_is_asked_for(club: Organization) -> None:
    make.plan(club, amount=3500)
    told = json.loads(Client().get(f"/embed/{club.slug}/plans.json?locale=de").content)

    assert told["plans"][0]["prices"][0]["text"] != "£35.00 a month"
    assert told["locale"] == "de"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [(SITE, SITE), ("https://evil.example", None), ("null", None), (f"{SITE}.evil.example", None), ("", None)],
)
def test_scripts_of_allowed_origins_may_read_it(club: Organization, origin: str, allowed: str | None) -> None:
    answer = ask(club, **({"Origin": origin} if origin else {}))

    assert answer.status_code == 200
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer["Vary"]


def test_it_is_kept_for_a_minute_and_asked_for_by_its_tag(club: Organization) -> None:
    make.plan(club)
    first = ask(club)
    assert first["Cache-Control"] == "public, max-age=60"
    again = ask(club, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    make.plan(club)
    assert ask(club, **{"If-None-Match": first["ETag"]}).status_code == 200


def test_nobodys_catalogue_is_a_problem_document(club: Organization) -> None:
    club.deleting_since = make.JAN_10
    club.save()

    assert ask(club).status_code == 404
    assert Client().post(f"/embed/{club.slug}/plans.json").status_code == 405
