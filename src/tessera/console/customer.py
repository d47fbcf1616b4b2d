"""A customer's page: who, memberships with what can be done, what they may use and through what, companies, history."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.access.queries import effective_permissions, effective_sources
from tessera.console import answers, erased, notes
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.customer_forms import CustomerForm, first_values
from tessera.console.memberships import held
from tessera.console.standing import SAYS_MOST
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.memberships import queries as memberships
from tessera.memberships import seats
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import joined, sentence
from tessera.organizations.rights import Right
from tessera.people import queries, services
from tessera.people.models import Affiliation, Customer
from tessera.people.queries import Affiliated
from tessera.people.types import Belonging, CustomerStatus


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def profile(request: StaffRequest, ref: str) -> HttpResponse:
    """Who a customer is, what they hold and may use, at the one instant of the request. What happened comes after."""
    staff = request.staff
    organization = staff.organization
    row = queries.customer_by_ref(organization, ref)
    if row.erased_at is not None:
        return erased.page(request, row)
    rows = seats.with_ahead(Affiliation.objects.filter(customer=row).select_related("customer", "company"), staff.at)
    views = memberships.held_through(organization=organization, customer=row, belonging=rows, at=staff.at)
    permissions = effective_sources(
        organization,
        row.pk,
        staff.at,
        names={each.plan.id: dict(zip(each.permissions, each.permission_names, strict=True)) for each in views},
        ahead={each.pk: each.ahead for each in rows},  # type: ignore[attr-defined]
    )
    belongings = sorted((queries.affiliated(each, staff.at) for each in rows), key=_present_first)
    return answers.page(
        request,
        "console/customers/profile.html",
        section="customers",
        customer=queries.customer(row),
        reference=ids.to_text(Prefix.CUSTOMER, row.pk),
        memberships=held([each for each in views if each.status is not Status.EXPIRED], staff),
        past=held([each for each in views if each.status is Status.EXPIRED], staff),
        telling=_telling(views),
        permissions=permissions,
        affiliations=belongings,
        notes=notes.shown(row, staff),
        timeline_url=reverse(
            "console:customer_timeline", args=[organization.slug, ids.to_text(Prefix.CUSTOMER, row.pk)]
        ),
    )


def _telling(views: list[MembershipView]) -> MembershipView | None:
    """Return the membership that says most of whether they may come in: of those with a seat the one that runs, else
    what is nearest to it; of what is over, what ended last. None without any."""
    with_seat = [each for each in views if each.seated is not False]
    ended_last = sorted(with_seat, key=lambda each: each.ended_at or each.ends_at or each.created_at, reverse=True)
    return min(ended_last, key=lambda each: (SAYS_MOST.index(each.status), each.in_grace), default=None)


def _present_first(each: Affiliated) -> tuple[bool, bool, str]:
    return each.belonging is Belonging.ENDED, each.belonging is Belonging.PLANNED, each.company_name.casefold()


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, ref: str) -> HttpResponse:
    """Change what is known of a customer; refused if somebody else has changed it since."""
    staff = request.staff
    row = queries.customer_by_ref(staff.organization, ref)
    known = queries.customer(row)
    form = CustomerForm(answers.sent(request), initial=first_values(known))
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            answers.carried_out(
                lambda: services.update_customer(
                    customer=row, at=staff.at, actor=staff.actor, version=version, **form.details(known)
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: _now(staff, ref))
        else:
            return answers.done(request, address_of(staff, row), gettext("Details saved."))
    return answers.drawer(
        request,
        "console/customers/form.html",
        section="customers",
        status=422 if request.method == "POST" else 200,
        form=form,
        title=gettext("Edit %(name)s") % {"name": row.name},
        button=gettext("Save the details"),
        action=reverse("console:customer_edit", args=[staff.organization.slug, ref]),
        back=address_of(staff, row),
    )


def _now(staff: Member, ref: str) -> dict[str, Any]:
    return first_values(queries.customer(queries.customer_by_ref(staff.organization, ref)))


class BanForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("For staff only. It stays in this record and in no log.")
    )


@staff_may(Right.CUSTOMERS_BAN)
@require_http_methods(["GET", "HEAD", "POST"])
def ban(request: StaffRequest, ref: str) -> HttpResponse:
    """Refuse somebody everything, saying before what they lose."""
    staff = request.staff
    row = queries.customer_by_ref(staff.organization, ref)
    form = BanForm(answers.sent(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            answers.carried_out(
                lambda: services.ban_customer(customer=row, reason=reason, at=staff.at, actor=staff.actor)
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, address_of(staff, row), gettext("%(name)s is banned.") % {"name": row.name})
    names = [each.name for each in effective_permissions(staff.organization, row.pk, staff.at)]
    loses = gettext("%(name)s loses %(loses)s at once.") % {"name": row.name, "loses": joined(names)} if names else ""
    return answers.drawer(
        request,
        "console/customers/ban.html",
        section="customers",
        status=422 if request.method == "POST" else 200,
        form=form,
        customer=row,
        sentences=[
            *([loses] if loses else []),
            gettext("Signing up and renewing are refused, too, until somebody lifts the ban."),
            gettext("Memberships go on running and are not given back. Lifting the ban restores what still runs then."),
        ],
        action=reverse("console:customer_ban", args=[staff.organization.slug, ref]),
        back=address_of(staff, row),
    )


@staff_may(Right.CUSTOMERS_BAN)
@require_http_methods(["GET", "HEAD", "POST"])
def lift_ban(request: StaffRequest, ref: str) -> HttpResponse:
    """Lift a ban: what still runs grants again."""
    staff = request.staff
    row = queries.customer_by_ref(staff.organization, ref)
    problem = ""
    if request.method == "POST":
        try:
            answers.carried_out(lambda: services.lift_ban(customer=row, at=staff.at, actor=staff.actor))
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            message = gettext("The ban of %(name)s is lifted.") % {"name": row.name}
            return answers.done(request, address_of(staff, row), message)
    return answers.drawer(
        request,
        "console/customers/lift_ban.html",
        section="customers",
        status=422 if problem else 200,
        customer=row,
        problem=problem,
        banned=row.status == CustomerStatus.BANNED,
        action=reverse("console:customer_lift_ban", args=[staff.organization.slug, ref]),
        back=address_of(staff, row),
    )


def address_of(staff: Member, row: Customer) -> str:
    """Return the address of a customer's page."""
    return reverse("console:customer", args=[staff.organization.slug, ids.to_text(Prefix.CUSTOMER, row.pk)])
