"""The main job, end to end: the real server, the real commands, and HTTP alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.installation import Server, fresh

ADA = "external:ada"
STARTED = "2026-01-10T12:00:00Z"


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Server]:
    """A served installation with one test organization, its clock at noon of 10 January 2026, and a key of it."""
    with fresh(tmp_path) as installation:
        installation.migrate()
        installation.run(
            "organization", "create", "Strand House Lab", "--timezone", "Europe/London", "--currency", "GBP",
            "--test", "--now", STARTED,
        )  # fmt: skip
        made = installation.run("key", "create", "--name", "Journey", "--scopes", "all")
        with installation.served() as server:
            yield replace(server, key=made.stdout.splitlines()[-1])


def may_use_the_pool(club: Server, ref: str = ADA) -> tuple[bool, dict[str, Any]]:
    answer = club.post(
        "/access/v1/evaluation",
        {
            "subject": {"type": "customer", "id": ref},
            "action": {"name": "enter"},
            "resource": {"type": "door", "id": "pool"},
        },
        status=200,
    )
    return answer["decision"], answer["context"]


def memberships_of(club: Server, ref: str = ADA) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = club.get(f"/api/v1/customers/{ref}/memberships")["data"]
    return found


def test_people_are_let_in_while_their_company_is_a_member_and_they_belong_to_it(club: Server) -> None:
    club.post(
        "/api/v1/permissions",
        {"key": "pool", "targets": [{"action": "enter", "resource_type": "door", "resource_id": "pool"}]},
    )
    plan = club.post(
        "/api/v1/plans",
        {
            "name": "Corporate",
            "permissions": ["pool"],
            "prices": [{"amount": {"amount": 50_000, "currency": "GBP"}, "interval": "month"}],
        },
    )
    club.post("/api/v1/customers", {"first_name": "Ada", "last_name": "Ashby", "external_id": "ada"})
    club.post("/api/v1/customers", {"first_name": "Bo", "last_name": "Bystander", "external_id": "bo"})
    acme = club.post("/api/v1/companies", {"name": "Acme Ltd"})["id"]
    held = club.post("/api/v1/memberships", {"plan": plan["id"], "company": acme})
    assert held["status"] == "active"
    assert held["last_day"] == "2026-02-09"

    before = may_use_the_pool(club)
    club.put(f"/api/v1/companies/{acme}/customers/{ADA}", {"title": "Engineer"}, status=201)
    linked = may_use_the_pool(club)
    assert club.call("DELETE", f"/api/v1/companies/{acme}/customers/{ADA}").status == 204
    unlinked = may_use_the_pool(club)

    assert (before[0], before[1]["reason"]) == (False, "not_in_any_plan")
    assert (linked[0], linked[1]["reason"]) == (True, "granted")
    assert linked[1]["valid_until"] == "2026-02-10T00:00:00Z"
    assert (unlinked[0], unlinked[1]["reason"]) == (False, "affiliation_ended")

    club.put("/api/v1/test-clock", {"now": "2026-01-11T09:00:00Z"})
    club.put(f"/api/v1/companies/{acme}/customers/{ADA}", {}, status=201)
    assert may_use_the_pool(club)[0]
    clock = club.put("/api/v1/test-clock", {"now": "2026-02-10T00:00:00Z"})
    late = may_use_the_pool(club)

    assert clock == {"now": "2026-02-10T00:00:00Z", "status": "ready"}
    assert (late[0], late[1]["reason"]) == (False, "membership_expired")
    (inherited,) = memberships_of(club)
    assert inherited["id"] == held["id"]
    assert inherited["status"] == "expired"
    assert inherited["inherited_from"]["name"] == "Acme Ltd"
    assert club.get(f"/api/v1/memberships/{held['id']}")["ended_reason"] == "lapsed"
    expired = [line for line in club.get("/api/v1/events?limit=200")["data"] if line["type"] == "membership.expired"]
    assert [line["at"] for line in expired] == ["2026-02-10T00:00:00Z"]
    assert memberships_of(club, "external:bo") == []
    assert may_use_the_pool(club, "external:bo")[1]["reason"] == "not_in_any_plan"
