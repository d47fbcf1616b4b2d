"""Webhook endpoints: which systems are told what happens, and how they take it; a new one, changing one."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.console.webhook_forms import EndpointForm, first_values
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.organizations.rights import Right
from tessera.webhooks import queries, services

_A_PAGE = 50


@staff_may(Right.WEBHOOKS_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every endpoint: what it gets, and whether it takes it."""
    found = queries.endpoints(request.staff.organization, limit=_A_PAGE, cursor=request.GET.get("cursor") or None)
    return answers.page(
        request,
        "console/webhooks/list.html",
        section="webhooks",
        endpoints=found.data,
        next_url=next_page(request, found.next_cursor),
    )


@staff_may(Right.WEBHOOKS_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Add an endpoint; the answer shows its secret."""
    staff = request.staff
    organization = staff.organization
    form = EndpointForm(answers.sent(request))
    if request.method == "POST" and form.is_valid():
        secrets: list[str] = []

        def make() -> str:
            row, secret = services.create_endpoint(
                organization=organization, at=staff.at, actor=staff.actor, **form.details()
            )
            secrets[:] = [secret]
            return reverse("console:webhook", args=[organization.slug, ids.to_text(Prefix.WEBHOOK_ENDPOINT, row.pk)])

        try:
            address = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            if not secrets:  # sent twice: the first answer had the secret
                return answers.go(request, address)
            return answers.page(
                request,
                "console/webhooks/made.html",
                section="webhooks",
                secret=secrets[0],
                address=address,
                test_address=f"{address}/test",
            )
    return _form(request, form, title=gettext("Add an endpoint"), button=gettext("Add the endpoint"))


@staff_may(Right.WEBHOOKS_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, ref: str) -> HttpResponse:
    """Change an endpoint. What waits for it goes to the new address."""
    staff = request.staff
    row = queries.endpoint_by_id(staff.organization, ref)
    form = EndpointForm(answers.sent(request), initial=first_values(queries.endpoint(row)))
    address = reverse("console:webhook", args=[staff.organization.slug, ref])
    if request.method == "POST" and form.is_valid():
        try:
            answers.carried_out(
                lambda: services.update_endpoint(
                    endpoint=row,
                    version=form.cleaned_data["version"],
                    at=staff.at,
                    actor=staff.actor,
                    **form.details(),
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: _now(staff, ref))
        else:
            return answers.done(request, address, gettext("Endpoint saved."))
    return _form(
        request,
        form,
        title=gettext("Edit the endpoint"),
        button=gettext("Save the endpoint"),
        waiting=queries.waiting(row),
        back=address,
    )


def _now(staff: Member, ref: str) -> dict[str, Any]:
    return first_values(queries.endpoint(queries.endpoint_by_id(staff.organization, ref)))


def _form(request: StaffRequest, form: EndpointForm, **context: object) -> HttpResponse:
    defaults = {"back": reverse("console:webhooks", args=[request.staff.organization.slug]), "waiting": 0}
    return answers.page(
        request,
        "console/webhooks/edit.html",
        section="webhooks",
        status=422 if request.method == "POST" else 200,
        form=form,
        action=request.path,
        **{**defaults, **context},
    )
