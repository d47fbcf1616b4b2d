"""Photos and logos: shown, and changed in a drawer of the page they belong to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.uploads import takes_upload
from tessera.core.errors import TesseraError
from tessera.files import queries as files
from tessera.files import services
from tessera.files.answering import picture_answer
from tessera.files.types import ACCEPTED, Kind
from tessera.organizations.rights import Right
from tessera.people import portraits
from tessera.people import queries as people

# Larger than what is accepted, so that who comes with a photo straight from the camera is told what would be right.
_MOST_READ: Final = 32 * 1024 * 1024
_RIGHTS: Final = {
    Kind.CUSTOMER: Right.CUSTOMERS_READ,
    Kind.COMPANY: Right.COMPANIES_READ,
    Kind.ORGANIZATION: Right.ORGANIZATION_READ,
}


class PictureForm(forms.Form):
    """A picture to be uploaded."""

    picture = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG or WebP, at most 5 MB. Where and with what it was taken is not kept."),
        error_messages={"required": _("Choose a picture."), "empty": _("The file is empty.")},
        widget=forms.FileInput(attrs={"accept": ",".join(ACCEPTED)}),
        allow_empty_file=True,
    )


@dataclass(frozen=True, slots=True)
class Changing:
    """Whose picture is changed, how, and where it is seen afterwards."""

    name: str
    kind: Kind
    present: UUID | None
    section: str
    back: str
    put: Callable[[bytes], None]
    remove: Callable[[], None]


def shown(kind: Kind) -> Callable[..., HttpResponse]:
    """Return the view that answers with pictures of this kind, to whoever may see whose they are."""

    @staff_may(_RIGHTS[kind])
    @require_safe
    def picture(request: StaffRequest, ref: str, size: int) -> HttpResponse:
        return picture_answer(files.picture(request.staff.organization, kind, ref, size), by_address=True)

    return picture


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
@takes_upload(_MOST_READ)
def customer(request: StaffRequest, ref: str) -> HttpResponse:
    """A customer's photo."""
    staff = request.staff
    row = people.customer_by_ref(staff.organization, ref)
    return _change(
        request,
        Changing(
            name=row.name,
            kind=Kind.CUSTOMER,
            present=row.photo_id,
            section="customers",
            back=reverse("console:customer", args=[staff.organization.slug, ref]),
            put=lambda content: portraits.set_photo(customer=row, content=content, at=staff.at, actor=staff.actor),
            remove=lambda: portraits.remove_photo(customer=row, at=staff.at, actor=staff.actor),
        ),
    )


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
@takes_upload(_MOST_READ)
def company(request: StaffRequest, ref: str) -> HttpResponse:
    """A company's logo."""
    staff = request.staff
    row = people.company_by_ref(staff.organization, ref)
    return _change(
        request,
        Changing(
            name=row.name,
            kind=Kind.COMPANY,
            present=row.logo_id,
            section="companies",
            back=reverse("console:company", args=[staff.organization.slug, ref]),
            put=lambda content: portraits.set_logo(company=row, content=content, at=staff.at, actor=staff.actor),
            remove=lambda: portraits.remove_logo(company=row, at=staff.at, actor=staff.actor),
        ),
    )


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
@takes_upload(_MOST_READ)
def organization(request: StaffRequest) -> HttpResponse:
    """The organization's own logo."""
    staff = request.staff
    club = staff.organization
    return _change(
        request,
        Changing(
            name=club.name,
            kind=Kind.ORGANIZATION,
            present=club.logo,
            section="settings",
            back=reverse("console:branding", args=[club.slug]),
            put=lambda content: services.set_organization_logo(
                organization=club, content=content, at=staff.at, actor=staff.actor
            ),
            remove=lambda: services.remove_organization_logo(organization=club, at=staff.at, actor=staff.actor),
        ),
    )


def _change(request: StaffRequest, changing: Changing) -> HttpResponse:
    removing = request.method == "POST" and "remove" in request.POST
    form = PictureForm(*((request.POST, request.FILES) if request.method == "POST" and not removing else ()))
    if removing:
        answers.carried_out(changing.remove)
        return answers.done(request, changing.back, _said(changing.kind, there=False))
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["picture"].read()
        try:
            answers.carried_out(lambda: changing.put(content))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, changing.back, _said(changing.kind, there=True))
    return answers.drawer(
        request,
        "console/pictures/change.html",
        section=changing.section,
        status=422 if request.method == "POST" else 200,
        form=form,
        changing=changing,
        action=request.path,
        back=changing.back,
    )


def _said(kind: Kind, *, there: bool) -> str:
    if kind is Kind.CUSTOMER:
        return gettext("Photo saved.") if there else gettext("Photo removed.")
    return gettext("Logo saved.") if there else gettext("Logo removed.")
