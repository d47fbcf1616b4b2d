"""A delivery's page: what is said, every attempt and what was answered; sending it again."""

import json
from datetime import timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.core.errors import TesseraError
from tessera.events import queries as events
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.webhooks import messages, queries, replaying
from tessera.webhooks.errors import DeliveryNotFound
from tessera.webhooks.models import Delivery
from tessera.webhooks.types import DeliveryStatus, Payload

_SOON = timedelta(minutes=1)


@staff_may(Right.WEBHOOKS_READ)
@require_safe
def profile(request: StaffRequest, ref: str, delivery_ref: str) -> HttpResponse:
    """Everything about one message to an endpoint. While it is on its way the page asks again by itself."""
    row = _delivery(request, ref, delivery_ref)
    known = queries.delivery(row)
    made = queries.attempts(row)
    return answers.page(
        request,
        "console/webhooks/delivery.html",
        section="webhooks",
        endpoint=queries.endpoint(row.endpoint),
        reference=ref,
        delivery=known,
        delivery_reference=delivery_ref,
        message_id=messages.id_of(row),
        attempts=made,
        watched=_soon(row, known, made),
        body=_body(row, request),
    )


@staff_may(Right.WEBHOOKS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def replay(request: StaffRequest, ref: str, delivery_ref: str) -> HttpResponse:
    """Send one message again."""
    staff = request.staff
    row = _delivery(request, ref, delivery_ref)
    address = reverse("console:webhook_delivery", args=[staff.organization.slug, ref, delivery_ref])
    problem = ""
    if request.method == "POST":
        try:
            answers.carried_out(lambda: replaying.replay_delivery(delivery=row, at=staff.at, actor=staff.actor))
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            return answers.done(request, address, gettext("It is sent again."))
    return answers.drawer(
        request,
        "console/_confirm.html",
        section="webhooks",
        status=422 if problem else 200,
        problem=problem,
        title=gettext("Send it again"),
        sentences=[
            gettext("The message is sent again, before what waits, and has ten attempts."),
            gettext("It has the same id: a receiver that has had it will know, and do nothing twice."),
        ],
        button=gettext("Send it again"),
        action=request.path,
        back=address,
    )


def _delivery(request: StaffRequest, ref: str, delivery_ref: str) -> Delivery:
    """The delivery, if it is one to this endpoint. Raises EndpointNotFound, DeliveryNotFound."""
    endpoint = queries.endpoint_by_id(request.staff.organization, ref)
    row = queries.delivery_by_id(request.staff.organization, delivery_ref)
    if row.endpoint_id != endpoint.pk:
        raise DeliveryNotFound("there is no such delivery")
    return row


def _soon(row: Delivery, known: queries.DeliveryFacts, made: tuple[queries.AttemptFacts, ...]) -> bool:
    """Whether something will happen within a minute or so, as far as can be said without asking what time it is."""
    if row.endpoint.disabled_at is not None:
        return False
    if known.status is DeliveryStatus.WAITING:
        return row.endpoint.quiet_until is None
    return known.next_at is not None and bool(made) and known.next_at - made[0].at <= _SOON


def _body(row: Delivery, request: StaffRequest) -> str:
    """What the message would say if it was sent now; empty if its event is no longer there."""
    organization = request.staff.organization
    if row.event_id is None:
        message = messages.of_test(row, row.endpoint)
    else:
        line = events.lines_by_id(organization, [row.event_id]).get(row.event_id)
        if line is None:
            return ""
        message = messages.of_event(
            line, organization=organization, payload=Payload(row.endpoint.payload), at=request.staff.at
        )
    return json.dumps(json.loads(message.body), indent=2, ensure_ascii=False)
