"""Consents that somebody gave while they joined: given again, or taken back, as a further answer."""

from datetime import datetime

from tessera import db
from tessera.core.ids import new_id
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.present import locked
from tessera.signup import queries
from tessera.signup.errors import QuestionNotFound
from tessera.signup.models import Answer
from tessera.signup.types import NO, YES, Kind


def change_consent(
    *, organization: Organization, customer: Customer, question: str, agreed: bool, at: datetime, actor: Actor
) -> None:
    """Write down that the customer agrees to what a question says today, or does so no longer (`que_…`).

    What was said before stays, as evidence. Said already, nothing is written. Taking back is for every consent, also
    one that nobody can join without: it is asked again then. Raises QuestionNotFound unless it is a consent that the
    customer was once asked for; CustomerMerged, CustomerErased.
    """
    found = queries.question_by_id(organization, question)
    with db.transaction():
        locked(customer)
        before = queries.latest(queries.answers_of(customer)).get(found.id)
        if found.kind is not Kind.CONSENT or before is None:
            raise QuestionNotFound("there is no such consent")
        if before.agreed == agreed and (before.current or not agreed):
            return
        Answer(
            id=new_id(),
            organization=organization,
            customer=customer,
            wording_id=found.wording_id if agreed else before.wording_id,
            value=YES if agreed else NO,
            answered_at=at,
        ).save(force_insert=True)
        events.record(
            events.Happened(
                organization_id=organization.pk,
                type=EventType.QUESTIONS_ANSWERED,
                at=at,
                actor=actor,
                customer_id=customer.pk,
                data={"questions": [found.ref]},
            )
        )
