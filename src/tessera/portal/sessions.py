"""Where a member is signed in, and by what: sessions, passkeys, sites."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext

from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.identity import linking, passkeys, signing_in
from tessera.identity.types import How, Session, Surface
from tessera.organizations.adapters import passkey_domain
from tessera.portal.access import Member, member_may, open_to_all, page_asked_for
from tessera.portal.pages import done, page
from tessera.signup.pages.visit import Visit, again


@dataclass(frozen=True, slots=True)
class SessionShown:
    """A session in words."""

    ref: str
    device: str
    where: str
    how: str
    seen: str
    present: bool


@member_may
def sessions(member: Member) -> HttpResponse:
    """List where the member is signed in, and by what they can be."""
    return _shown(member)


@member_may
def end(member: Member) -> HttpResponse:
    """Sign out somewhere else: of one session, or of all but this."""
    if member.request.method == "POST":
        post, signed_in = member.request.POST, member.signed_in
        key = ids.from_text(Prefix.SESSION, post.get("session", ""))
        if post.get("session") == "others":
            signing_in.end_others(customer=member.customer, session_id=signed_in.session_id)
        elif key is not None and key != signed_in.session_id:
            signing_in.end(customer=member.customer, session_id=key)
        return done(member, member.address("sessions", done="signed-out"))
    return done(member, member.address("sessions"))


@member_may
def unlink(member: Member) -> HttpResponse:
    """Let a site sign this member in no more."""
    key = ids.from_text(Prefix.SITE_LINK, member.request.POST.get("site", ""))
    if member.request.method == "POST" and key is not None:
        linking.unlink(customer=member.customer, link_id=key, at=member.at, actor=member.actor)
        return done(member, member.address("sessions", done="unlinked"))
    return done(member, member.address("sessions"))


@member_may
def passkey(member: Member) -> HttpResponse:
    """Add a passkey, call one otherwise, or forget one."""
    post, domain = member.request.POST, passkey_domain(member.request)
    if member.request.method != "POST":
        return done(member, member.address("sessions"))
    try:
        match post.get("do", ""):
            case "add" if domain is not None:
                passkeys.make(
                    member.signed_in, domain=domain, state=post.get("state", ""), answer=post.get("passkey", ""),
                    name=post.get("name", "")[:200],
                )  # fmt: skip
            case "rename":
                ref = post.get("which", "")[:80]
                passkeys.rename(customer=member.customer, passkey=ref, name=post.get("name", "")[:200])
            case "forget":
                passkeys.forget(customer=member.customer, passkey=post.get("which", "")[:80])
            case _:
                pass
    except TesseraError as refusal:
        if refusal.status == 404:
            raise
        return _shown(member, problem=_said(refusal))
    return done(member, member.address("sessions", done="saved"))


@open_to_all
def by_passkey(visit: Visit) -> HttpResponse:
    """Sign in with a passkey alone; then on to the page that was asked for."""
    onward = page_asked_for(visit, visit.request.GET.get("next", ""))
    domain, post = passkey_domain(visit.request), visit.request.POST
    if visit.request.method != "POST" or visit.signed_in is not None or domain is None:
        return again(visit, onward)
    begun = passkeys.sign_in(
        organization=visit.organization,
        domain=domain,
        browser=visit.flow.nonce,
        state=post.get("state", ""),
        answer=post.get("passkey", ""),
        device=visit.device,
        client_address=visit.client_address,
    )
    visit.sign_in(begun)
    return again(visit, onward)


def _shown(member: Member, *, problem: str = "") -> HttpResponse:
    domain = passkey_domain(member.request)
    known = passkeys.passkeys_of(member.customer)
    room = domain is not None and len(known) < passkeys.MOST
    found = signing_in.sessions_of(member.customer, present=member.signed_in.session_id)
    return page(
        member,
        "portal/sessions.html",
        place="sessions",
        status=422 if problem else 200,
        problem=problem,
        sessions=[_session(each, member) for each in found],
        passkeys=[(each.id, each.name, member.formats.moment(each.created_at)) for each in known],
        question=passkeys.question_to_make(member.signed_in, domain=domain) if room and domain else None,
        sites=[(ids.to_text(Prefix.SITE_LINK, each.id), each.site) for each in linking.sites_of(member.customer)],
    )


def _session(each: Session, member: Member) -> SessionShown:
    where = {
        Surface.PORTAL: gettext("these pages"),
        Surface.EMBED: gettext("the form on a website"),
        Surface.APP: gettext("an app"),
    }
    how = {
        How.CODE: gettext("by a code"),
        How.TOKEN: gettext("by a website"),
        How.PASSKEY: gettext("with a passkey"),
    }
    return SessionShown(
        ids.to_text(Prefix.SESSION, each.id),
        each.device or gettext("An unknown device"),
        where[each.surface],
        how[each.how],
        member.formats.moment(each.seen_at),
        each.present,
    )


def _said(refusal: TesseraError) -> str:
    return {
        "passkey_refused": gettext("That passkey could not be checked. Try again, or go on with codes."),
        "too_many_passkeys": gettext("You have ten passkeys: remove one first."),
    }.get(refusal.code) or gettext("Give the passkey a name of 1 to 100 characters, such as Phone.")
