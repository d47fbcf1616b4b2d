"""How a customer signs in: the part that their page asks for, signing them out, undoing the link to a site."""

from django.http import HttpResponse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.customer import address_of
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.identity import linking, sessions
from tessera.identity.errors import SiteLinkUnknown
from tessera.identity.queries import first_sign_in
from tessera.organizations.rights import Right
from tessera.people import queries


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def page(request: StaffRequest, ref: str) -> HttpResponse:
    """Since when, where now, and through which sites."""
    staff = request.staff
    row = queries.customer_by_ref(staff.organization, ref)
    return answers.page(
        request,
        "console/customers/_signs_in.html" if request.htmx else "console/customers/signs_in.html",
        section="customers",
        name=row.name,
        reference=ids.to_text(Prefix.CUSTOMER, row.pk),
        first_sign_in=first_sign_in(row),
        sites=linking.sites_of(row),
        sessions=sessions.sessions_of(row),
        back=address_of(staff, row),
    )


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: StaffRequest, ref: str) -> HttpResponse:
    """Sign the customer out everywhere."""
    staff = request.staff
    row = queries.customer_by_ref(staff.organization, ref)
    name = {"name": row.name}
    if request.method == "POST":
        gone = answers.carried_out(lambda: sessions.end_all(customer=row, actor=staff.actor))
        said = gettext("%(name)s is signed out everywhere.") if gone else gettext("%(name)s was signed in nowhere.")
        return answers.done(request, address_of(staff, row), said % name)
    many = len(sessions.sessions_of(row))
    return answers.drawer(
        request,
        "console/_confirm.html",
        section="customers",
        title=gettext("Sign %(name)s out everywhere") % name,
        sentences=[
            ngettext(
                "%(many)s browser is signed out at once.", "%(many)s browsers are signed out at once.", many
            ) % {"many": many},
            gettext("They can sign in again, with a code by e-mail or as before."),
        ],
        button=gettext("Sign out everywhere"),
        action=request.path,
        back=address_of(staff, row),
    )  # fmt: skip


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def unlink_site(request: StaffRequest, ref: str, link_ref: str) -> HttpResponse:
    """Let a site's visitor be this customer no more."""
    staff = request.staff
    row = queries.customer_by_ref(staff.organization, ref)
    key = ids.from_text(Prefix.SITE_LINK, link_ref)
    site = next((each for each in linking.sites_of(row) if each.id == key), None)
    if request.method == "POST" and key is not None:
        answers.carried_out(lambda: linking.unlink(customer=row, link_id=key, at=staff.at, actor=staff.actor))
        name = {"name": row.name}
        return answers.done(request, address_of(staff, row), gettext("%(name)s is linked to it no more.") % name)
    if site is None:
        raise SiteLinkUnknown("there is no such link")
    names = {"name": row.name, "site": site.site}
    return answers.drawer(
        request,
        "console/_confirm.html",
        section="customers",
        title=gettext("Unlink %(site)s") % names,
        sentences=[
            gettext("Whoever is signed in at %(site)s as this visitor is not taken for %(name)s any more.") % names,
            gettext("They are asked for a code by e-mail next time; with it the link is made again."),
        ],
        button=gettext("Unlink the site"),
        action=request.path,
        back=address_of(staff, row),
    )
