"""Lays down what the journeys of embedding need, in the installation of the environment. Prints it as JSON."""

import json
import sys

import django


def main() -> None:
    """A club with a free plan and a priced one, two allowed sites, and an issuer with the public key that is given."""
    django.setup()
    from tessera import organizations
    from tessera.core import clock
    from tessera.core.ids import Prefix, to_text
    from tessera.events.types import Actor
    from tessera.organizations import issuers
    from tessera.organizations.services import create_organization, update_organization
    from tessera.plans.permissions import create_permission
    from tessera.plans.services import create_plan
    from tessera.plans.types import PriceTerms, Target

    actor, at = Actor.system("journey"), clock.now()
    club = create_organization(
        slug="strand-house", name="Strand House", time_zone="Europe/London", currency="GBP", test_now=None, at=at,
        actor=actor,
    )  # fmt: skip
    sites = ["https://club.example", "https://other.example"]
    update_organization(organization=club, changes={"allowed_origins": sites}, at=at, actor=actor)
    issuers.trust_issuer(
        organization=club, name="The site", issuer="https://club.example", jwks_url="", keys=sys.stdin.read(),
        at=at, actor=actor,
    )  # fmt: skip
    create_permission(
        organization=club, key="library", name="The library", description="", targets=[Target("enter", "door", "1")],
        at=at, actor=actor,
    )  # fmt: skip
    plan = create_plan(
        organization=club, name="Friends", description="Free. News, and tickets early.", permissions=["library"],
        prices=[PriceTerms(0)], at=organizations.now(club), actor=actor,
    )  # fmt: skip
    sys.stdout.write(json.dumps({"plan": to_text(Prefix.PLAN, plan.pk), "audience": issuers.audience(club)}))


if __name__ == "__main__":
    main()
