"""What the club's systems ask and are told, without the ids: to be compared before and after a migration."""

import re
from typing import Any, Protocol

SLUG, OTHER_SLUG = "strand-house", "harbour-gym"
PERMISSIONS = ("members-area", "pool", "sauna")
_ID = re.compile(r"\b([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}\b")


class Caller(Protocol):
    """Calls the API with a key of the club, and fails where it is refused."""

    def get(self, path: str) -> Any: ...

    def post(self, path: str, body: object, *, status: int = 201) -> Any: ...


def ask(api: Caller) -> dict[str, Any]:
    """Return every customer, membership, and decision about every customer; also what happened, by type."""
    customers = api.get("/api/v1/customers?limit=200")["data"]
    memberships = api.get("/api/v1/memberships?limit=200")["data"]
    events = _all_events(api)
    told: dict[str, Any] = _without_ids(
        {
            "organization": api.get("/api/v1/organization"),
            "plans": api.get("/api/v1/plans?limit=200")["data"],
            "customers": customers,
            "memberships": memberships,
            "held": {
                each["number"]: api.get(f"/api/v1/customers/{each['id']}/memberships")["data"] for each in customers
            },
            "decisions": {key: _decisions(api, key, customers) for key in PERMISSIONS},
            "events": [[line["sequence"], line["type"], line["at"], line["actor"]] for line in events],
        }
    )
    return told


def _decisions(api: Caller, key: str, customers: list[dict[str, Any]]) -> dict[str, Any]:
    asked = {
        "action": {"name": "enter"},
        "resource": {"type": "door", "id": key},
        "evaluations": [{"subject": {"type": "customer", "id": each["id"]}} for each in customers],
    }
    told = api.post("/access/v1/evaluations", asked, status=200)["evaluations"]
    return {each["number"]: answer for each, answer in zip(customers, told, strict=True)}


def _all_events(api: Caller) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    page = {"next_after": 0, "more": True}
    while page["more"]:
        page = api.get(f"/api/v1/events?after={page['next_after']}&limit=200")
        lines += page["data"]
    return lines


def _without_ids(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _without_ids(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_without_ids(value) for value in told]
    return _ID.sub(r"\1_…", told) if isinstance(told, str) else told


def missing(told: Any, now: Any, where: str = "") -> list[str]:
    """Return where what was told once is not told any more. New members of objects may have come."""
    if isinstance(told, dict) and isinstance(now, dict):
        return [
            fault
            for name, value in told.items()
            for fault in (missing(value, now[name], f"{where}/{name}") if name in now else [f"{where}/{name} is gone"])
        ]
    if isinstance(told, list) and isinstance(now, list) and len(told) == len(now):
        pairs = enumerate(zip(told, now, strict=True))
        return [fault for place, (one, other) in pairs for fault in missing(one, other, f"{where}/{place}")]
    return [] if told == now else [f"{where}: {told!r} became {now!r}"]
