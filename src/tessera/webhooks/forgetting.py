"""What is left of a person with webhooks: what receivers answered to messages about them. Messages are kept nowhere."""

from tessera.events.models import Event
from tessera.people.erasure import Person
from tessera.webhooks.models import DeliveryAttempt


def forget(person: Person) -> None:
    """Forget the answers, which may repeat what was sent; that they came, and how, stays. Part of an erasure."""
    about = Event.objects.filter(organization=person.organization_id, customer_id__in=person.keys)
    attempts = DeliveryAttempt.objects.filter(
        delivery__endpoint__organization=person.organization_id, delivery__event_id__in=about.values("pk")
    )
    attempts.exclude(response_body="").update(response_body="")
