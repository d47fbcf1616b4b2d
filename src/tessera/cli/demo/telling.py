"""The demo's other program: a receiver of webhooks, which Strand House tells what happens."""

from tessera import organizations
from tessera.cli.demo.club import SLUG
from tessera.cli.demo.home import Home, receiver_port
from tessera.cli.supervising import Part
from tessera.config.boot import DEMO_ACTOR
from tessera.organizations.models import Organization
from tessera.webhooks.models import WebhookEndpoint
from tessera.webhooks.services import create_endpoint, update_endpoint
from tessera.webhooks.types import Payload

_DESCRIPTION = "Demo: the receiver on this machine"


def receiver(home: Home, port: int) -> Part:
    """Return the receiver as a part of the demo that is served on `port`, known to the club as an endpoint."""
    club = Organization.objects.get(slug=SLUG)
    at, url = organizations.now(club), f"http://127.0.0.1:{receiver_port(port)}/hook"
    known = WebhookEndpoint.objects.filter(organization=club, description=_DESCRIPTION, deleted_at=None).first()
    if known is None or not home.webhook_secret.exists():
        _, secret = create_endpoint(
            organization=club,
            url=url,
            description=_DESCRIPTION,
            event_types=[],
            payload=Payload.FULL,
            at=at,
            actor=DEMO_ACTOR,
        )
        home.keep_webhook_secret(secret)
    elif known.url != url:
        known.organization = club
        update_endpoint(endpoint=known, url=url, at=at, actor=DEMO_ACTOR)
    arguments = ["receiver", "--port", str(receiver_port(port)), "--secret-file", str(home.webhook_secret)]
    return Part("receiver", arguments, needed=False)
