"""`tessera check`: one decision, explained."""

import json
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import click

from tessera.cli import project

if TYPE_CHECKING:
    from tessera.organizations.models import Organization


@click.command("check")
@click.argument("customer")
@click.argument("permission")
@click.option("--at", "when", help="An instant, or local time of the organization; otherwise now.")
@click.option("--organization", "slug", help="Not needed where there is only one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(customer: str, permission: str, when: str | None, slug: str | None, as_json: bool) -> None:
    """Say whether a CUSTOMER (id, number, external:…, email:…, phone:…) may use a PERMISSION, and why.

    PERMISSION is a permission's key, or an action on a resource: "enter door:main".
    """
    project.start()
    from tessera import organizations
    from tessera.access.engine import decide
    from tessera.access.queries import explain
    from tessera.access.types import Target

    club = project.organization(slug)
    at = organizations.now(club) if when is None else project.instant(when, club)
    action, separator, resource = permission.partition(" ")
    kind, colon, resource_id = resource.partition(":")
    asked = Target(action, kind, resource_id) if separator and colon else permission
    decision = decide(organization_id=club.pk, customer_id=_customer(club, customer), asked=asked, at=at)
    text = explain(decision, club)
    if not as_json:
        verdict, colour = ("allow", "green") if decision.allow else ("deny", "red")
        click.echo(f"{click.style(verdict, fg=colour, bold=True)}  {decision.reason}")
        click.echo(text)
        return
    from tessera.core.ids import Prefix

    source = None if decision.source is None else str(decision.source)
    click.echo(
        json.dumps(
            {
                "decision": decision.allow,
                "reason": str(decision.reason),
                "reason_text": text,
                "permission": decision.permission,
                "membership": _id(Prefix.MEMBERSHIP, decision.membership_id),
                "plan": _id(Prefix.PLAN, decision.plan_id),
                "plan_name": decision.plan_name or None,
                "source": source,
                "company": _id(Prefix.COMPANY, decision.company_id),
                "in_grace": decision.in_grace,
                "valid_until": _text(decision.valid_until),
                "evaluated_at": _text(decision.evaluated_at),
            },
            ensure_ascii=False,
        )
    )


def _customer(club: "Organization", ref: str) -> UUID | None:
    from tessera.people.errors import CustomerNotFound
    from tessera.people.queries import customer_by_ref

    try:
        return customer_by_ref(club, ref).pk
    except CustomerNotFound:
        return None


def _id(prefix: str, key: UUID | None) -> str | None:
    from tessera.core import ids

    return None if key is None else ids.to_text(ids.Prefix(prefix), key)


def _text(at: datetime | None) -> str | None:
    from tessera.core.instants import instant_text

    return None if at is None else instant_text(at)
