"""An endpoint's page: what it gets and how it takes it; trying it out, another secret, replays, turning it off."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from tessera import db
from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.console.webhook_forms import EnableForm, ReplayForm, RotateForm
from tessera.console.webhook_strip import strip_of
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.webhooks import queries, replaying, services
from tessera.webhooks.models import WebhookEndpoint
from tessera.webhooks.replaying import Replayed
from tessera.webhooks.types import DeliveryStatus

_A_PAGE = 30
_MOST_COUNTED = 1_000
_STATUSES = {status.value: status for status in DeliveryStatus}


@staff_may(Right.WEBHOOKS_READ)
@require_safe
def profile(request: StaffRequest, ref: str) -> HttpResponse:
    """Everything about one endpoint, and what was sent to it."""
    row = queries.endpoint_by_id(request.staff.organization, ref)
    status = _STATUSES.get(request.GET.get("status", ""))
    found = queries.deliveries(row, status=status, limit=_A_PAGE, cursor=request.GET.get("cursor") or None)
    return answers.page(
        request,
        "console/webhooks/profile.html",
        section="webhooks",
        endpoint=queries.endpoint(row),
        reference=ref,
        deliveries=found.data,
        shown=status,
        strip=strip_of(row),
        waiting=queries.waiting(row, most=_MOST_COUNTED),
        latest_url=f"?status={status or ''}" if request.GET.get("cursor") else "",
        next_url=next_page(request, found.next_cursor),
    )


@staff_may(Right.WEBHOOKS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def test(request: StaffRequest, ref: str) -> HttpResponse:
    """Send a message that tells of nothing, and show what comes of it."""
    staff = request.staff
    row = queries.endpoint_by_id(staff.organization, ref)

    def send() -> str:
        delivery = services.send_test(endpoint=row, at=staff.at, actor=staff.actor)
        reference = ids.to_text(Prefix.DELIVERY, delivery.pk)
        return reverse("console:webhook_delivery", args=[staff.organization.slug, ref, reference])

    return _asked(
        request,
        ref,
        lambda: once(request, send),
        title=gettext("Send a test"),
        sentences=[
            gettext("A message of type webhook.test goes to the endpoint now, before all that waits for it."),
            gettext("It tells of nothing, and is tried once. The next page shows what the endpoint answers."),
        ],
        button=gettext("Send the test"),
        done="",
    )


@staff_may(Right.WEBHOOKS_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: StaffRequest, ref: str) -> HttpResponse:
    """Give the endpoint another secret, which the answer shows."""
    staff = request.staff
    row = queries.endpoint_by_id(staff.organization, ref)
    form = RotateForm(answers.sent(request))
    if request.method == "POST" and form.is_valid():
        secrets: list[str] = []
        overlap = timedelta(hours=form.cleaned_data["overlap_hours"])

        def make() -> str:
            _row, secret = services.rotate_secret(endpoint=row, overlap=overlap, at=staff.at, actor=staff.actor)
            secrets[:] = [secret]
            return _address(staff, ref)

        address = answers.carried_out(lambda: once(request, make))
        if not secrets:  # sent twice: the first answer had the secret
            return answers.go(request, address)
        return answers.drawer(
            request,
            "console/webhooks/secret.html",
            section="webhooks",
            secret=secrets[0],
            until=queries.endpoint(queries.endpoint_by_id(staff.organization, ref)).previous_secret_until,
            back=address,
        )
    return answers.drawer(
        request,
        "console/webhooks/rotate.html",
        section="webhooks",
        status=422 if request.method == "POST" else 200,
        form=form,
        action=request.path,
        back=_address(staff, ref),
    )


@staff_may(Right.WEBHOOKS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def replay(request: StaffRequest, ref: str) -> HttpResponse:
    """Send again what happened since an instant, or events by their numbers."""
    staff = request.staff
    row = queries.endpoint_by_id(staff.organization, ref)
    form = ReplayForm(answers.sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            replayed = answers.carried_out(
                lambda: replaying.replay(endpoint=row, at=staff.at, actor=staff.actor, **form.asked())
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, _address(staff, ref), _told(replayed))
    return answers.drawer(
        request,
        "console/webhooks/replay.html",
        section="webhooks",
        status=422 if request.method == "POST" else 200,
        form=form,
        action=request.path,
        back=_address(staff, ref),
    )


@staff_may(Right.WEBHOOKS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def enable(request: StaffRequest, ref: str) -> HttpResponse:
    """Turn the endpoint on again, and send what it missed if that is wanted."""
    staff = request.staff
    row = queries.endpoint_by_id(staff.organization, ref)
    off_since = row.disabled_at
    form = EnableForm(answers.sent(request))

    def turn_on() -> str:
        with db.transaction():
            services.enable_endpoint(endpoint=row, at=staff.at, actor=staff.actor)
            if form.is_valid() and form.cleaned_data["missed_too"] and off_since is not None:
                replayed = replaying.replay(
                    endpoint=row, since=off_since, undelivered_only=True, at=staff.at, actor=staff.actor
                )
                messages.success(request, _told(replayed))
        return _address(staff, ref)

    return _asked(
        request,
        ref,
        turn_on,
        title=gettext("Turn it on"),
        sentences=[_kept(row, gettext("What happens from now on is sent to it."))],
        button=gettext("Turn it on"),
        done=gettext("The endpoint is on."),
        form=form,
    )


@staff_may(Right.WEBHOOKS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def disable(request: StaffRequest, ref: str) -> HttpResponse:
    """Turn the endpoint off."""
    staff = request.staff
    row = queries.endpoint_by_id(staff.organization, ref)

    def turn_off() -> str:
        services.disable_endpoint(endpoint=row, at=staff.at, actor=staff.actor)
        return _address(staff, ref)

    return _asked(
        request,
        ref,
        turn_off,
        title=gettext("Turn it off"),
        sentences=[
            gettext("Nothing more is sent. What happens meanwhile is not kept for it, but can be sent later."),
            _kept(row, ""),
        ],
        button=gettext("Turn it off"),
        done=gettext("The endpoint is off."),
        hurts=True,
    )


@staff_may(Right.WEBHOOKS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: StaffRequest, ref: str) -> HttpResponse:
    """Delete the endpoint with all that is known of it."""
    staff = request.staff
    row = queries.endpoint_by_id(staff.organization, ref)

    def remove() -> str:
        services.delete_endpoint(endpoint=row, at=staff.at, actor=staff.actor)
        return reverse("console:webhooks", args=[staff.organization.slug])

    count = queries.waiting(row, most=_MOST_COUNTED)
    lost = ngettext(
        "%(count)s message that waits for it is not sent.", "%(count)s messages that wait are not sent.", count
    )
    return _asked(
        request,
        ref,
        remove,
        title=gettext("Delete the endpoint"),
        sentences=[
            gettext(
                "It is told nothing more. Its secrets, and the record of what was sent to it, are deleted with it."
            ),
            lost % {"count": _counted(count)} if count else "",
        ],
        button=gettext("Delete the endpoint"),
        done=gettext("Endpoint deleted."),
        hurts=True,
    )


def _asked(
    request: StaffRequest,
    ref: str,
    run: Callable[[], str],
    *,
    done: str,
    form: forms.Form | None = None,
    **context: Any,
) -> HttpResponse:
    """Ask before something is done, then do it and go where `run` says."""
    problem = ""
    if request.method == "POST":
        try:
            address = answers.carried_out(run)
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            return answers.done(request, address, done) if done else answers.go(request, address)
    context["sentences"] = [each for each in context["sentences"] if each]
    return answers.drawer(
        request,
        "console/_confirm.html",
        section="webhooks",
        status=422 if problem else 200,
        problem=problem,
        form=form,
        action=request.path,
        back=_address(request.staff, ref),
        **context,
    )


def _kept(row: WebhookEndpoint, otherwise: str) -> str:
    count = queries.waiting(row, most=_MOST_COUNTED)
    if not count:
        return otherwise
    if row.disabled_at is None:
        text = ngettext(
            "%(count)s message that waits is kept, and sent when it is turned on again.",
            "%(count)s messages that wait are kept, and sent when it is turned on again.",
            count,
        )
    else:
        text = ngettext(
            "%(count)s message that waited is sent, and what happens from now on.",
            "%(count)s messages that waited are sent, and what happens from now on.",
            count,
        )
    return text % {"count": _counted(count)}


def _counted(count: int) -> str:
    return gettext("1,000 or more") if count >= _MOST_COUNTED else str(count)


def _told(replayed: Replayed) -> str:
    if replayed.more:
        return gettext(
            "%(count)s messages are sent again: the first part, up to number %(last)s. Replay from %(next)s to go on."
        ) % {
            "count": replayed.deliveries,
            "last": replayed.last_sequence,
            "next": (replayed.last_sequence or 0) + 1,
        }
    if not replayed.deliveries:
        return gettext("There is nothing to send again.")
    count = replayed.deliveries
    return ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", count) % {"count": count}


def _address(staff: Member, ref: str) -> str:
    return reverse("console:webhook", args=[staff.organization.slug, ref])
