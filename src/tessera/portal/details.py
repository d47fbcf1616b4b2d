"""What the organization knows of a member: names, phones, birthday, language, what they agreed to, e-mail addresses."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from babel import Locale, UnknownLocaleError
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext

from tessera import db
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.http.errors import TooManyRequests
from tessera.identity import addresses
from tessera.identity.errors import CodeWrong
from tessera.organizations.formatting import sentence
from tessera.people import queries, services
from tessera.people.details import email_key
from tessera.people.queries import CustomerFacts
from tessera.people.types import CustomerDetails
from tessera.portal.access import Member, member_may
from tessera.portal.pages import done, page, refusal_of
from tessera.signup import consenting, speaking, tokens
from tessera.signup import queries as signup
from tessera.signup.pages import steps
from tessera.signup.pages.typed import Typed
from tessera.signup.queries import AcceptanceFacts, AnswerFacts
from tessera.signup.types import Kind

_FIELDS: Final = ("first_name", "last_name", "display_name", "phones", "birthday", "locale")
_MOST_PHONES: Final = 10


@dataclass(frozen=True, slots=True)
class Consent:
    """Something that a member agreed to, or does not any more. `ref` is the question's."""

    ref: str
    text: str
    agreed: bool
    since: str


@member_may
def details(member: Member) -> HttpResponse:
    """Show what is known, and change it."""
    known = queries.customer(member.customer)
    typed = Typed(_values(known))
    if member.request.method == "POST":
        typed = _save(member, known)
        if not typed.wrong:
            return done(member, member.address("details", done="saved"))
    answers = signup.answers_of(member.customer)
    latest = signup.latest(answers)
    return page(
        member,
        "portal/details.html",
        place="details",
        status=422 if typed.wrong else 200,
        known=known,
        typed=typed,
        others=[each.address for each in known.emails[1:]],
        locales=_languages(known.locale),
        consents=[_consent(each, member) for each in latest.values() if each.kind is Kind.CONSENT],
        told=[each for each in latest.values() if each.kind is not Kind.CONSENT and each.value],
        accepted=[_accepted(each, member) for each in signup.acceptances_of(member.customer)],
        action=member.address("details"),
    )


@member_may
def consent(member: Member) -> HttpResponse:
    """Agree to something, or do so no longer: to what was asked while joining, or to news by mail."""
    post = member.request.POST
    if member.request.method != "POST":
        return done(member, member.address("details"))
    agreed = post.get("agreed") == "yes"
    if post.get("question") == "marketing":
        refusal = refusal_of(
            lambda: services.update_customer(
                customer=member.customer, at=member.at, actor=member.actor, marketing_consent=agreed
            )
        )
    else:
        refusal = refusal_of(
            lambda: consenting.change_consent(
                organization=member.organization, customer=member.customer, question=post.get("question", "")[:80],
                agreed=agreed, at=member.at, actor=member.actor,
            )
        )  # fmt: skip
    if refusal is not None:
        raise refusal
    return done(member, member.address("details", done="saved"))


@member_may
def email(member: Member) -> HttpResponse:
    """Change the e-mail address: a code goes to the new one, and once it is entered the address is theirs."""
    visit, typed = member.visit, Typed()
    if member.request.method == "POST":
        do = member.request.POST.get("do", "")
        if do == "code":
            typed = _enter(member)
            if not typed.wrong and not visit.flow.attempt:
                return done(member, member.address("details", done="address"))
        elif do in ("address", "again", "other-address"):
            typed = steps.SIGNING_IN[do](visit, None)
        if not typed.wrong:
            return done(member, member.address("email"))
    waiting = visit.flow.waiting
    return page(
        member,
        "portal/email.html",
        place="details",
        status=422 if typed.wrong else 200,
        step_template="signup/_code.html" if waiting else "signup/_address.html",
        typed=typed,
        address=visit.flow.address,
        resend_in=visit.flow.resend_in,
        action=member.address("email"),
        back=member.address("details"),
    )


@member_may
def remove_email(member: Member) -> HttpResponse:
    """Remove an address that is not the one that is written to."""
    if member.request.method != "POST":
        return done(member, member.address("details"))
    key = email_key(member.request.POST.get("address", "")[:254])
    known = queries.customer(member.customer)
    kept = [each for n, each in enumerate(known.emails) if n == 0 or email_key(each.address) != key]
    refusal = refusal_of(
        lambda: services.update_customer(
            customer=member.customer, at=member.at, actor=member.actor, version=known.version, emails=kept
        )
    )
    if refusal is not None:
        raise refusal
    return done(member, member.address("details", done="address-removed"))


def _enter(member: Member) -> Typed:
    visit = member.visit
    given = visit.request.POST.get("code", "")[:40]
    typed = Typed({"code": given})
    if not visit.flow.attempt:
        typed.problem = gettext("This code counts no more. Have another one sent.")
        return typed
    try:
        proven = steps.proven_by(visit, given)
        db.retrying_deadlocks(
            lambda: addresses.change_address(
                organization=member.organization, customer=member.customer, proven=proven, at=member.at,
                actor=member.actor,
            )
        )  # fmt: skip
    except (CodeWrong, TooManyRequests) as refusal:
        typed.refuse(refusal, steps.said_of(refusal), fields=("code",))
        return typed
    except TesseraError as refusal:
        taken = gettext("This address is somebody else's here. Ask at the desk if it is yours.")
        typed.refuse(refusal, taken if refusal.code == "email_taken" else steps.said_of(refusal))
    visit.flow = replace(tokens.fresh(), locale=visit.flow.locale)
    return typed


def _values(known: CustomerFacts) -> dict[str, str]:
    return {
        "first_name": known.first_name,
        "last_name": known.last_name,
        "display_name": known.display_name,
        "phones": "\n".join(known.phones),
        "birthday": known.birthday.isoformat() if known.birthday else "",
        "locale": known.locale,
    }


def _save(member: Member, known: CustomerFacts) -> Typed:
    post = member.request.POST
    typed = Typed({name: post.get(name, "")[:10_000] for name in _FIELDS})
    given = _told(post, typed, known)
    if typed.wrong:
        return typed
    refusal = refusal_of(
        lambda: services.update_customer(customer=member.customer, at=member.at, actor=member.actor, **given)
    )
    if refusal is not None:
        typed.refuse(refusal, _said(refusal), fields=_FIELDS)
    return typed


def _languages(present: str) -> list[tuple[str, str]]:
    """The languages that pages and mails speak, each in its own words; and what staff or an import noted, if other."""
    spoken = list(speaking.NAMES.items())
    if not present or present in speaking.NAMES:
        return spoken
    try:
        name = Locale.parse(present, sep="-").get_display_name()
    except (ValueError, UnknownLocaleError):
        name = None
    return [*spoken, (present, name or present)]


def _told(post: QueryDict, typed: Typed, known: CustomerFacts) -> CustomerDetails:
    given: CustomerDetails = {
        "first_name": typed.values["first_name"],
        "last_name": typed.values["last_name"],
        "display_name": typed.values["display_name"],
        "phones": [line for line in typed.values["phones"].splitlines() if line.strip()][: _MOST_PHONES + 1],
    }
    spoken = typed.values["locale"]
    if spoken != known.locale:
        if spoken and spoken not in speaking.NAMES:
            typed.errors["locale"] = gettext("Choose one of the languages.")
        given["locale"] = spoken
    try:
        day = typed.values["birthday"].strip()
        given["birthday"] = date.fromisoformat(day) if day else None
    except ValueError:
        typed.errors["birthday"] = gettext("Write the day as in 2026-01-31.")
    return given


def _said(refusal: TesseraError) -> str:
    return {
        "phone_invalid": gettext("One number a line, each beginning with + and the country code."),
        "customer_incomplete": gettext("Leave your first and last name, or an e-mail address."),
        "birthday_invalid": gettext("A birthday is in the past."),
    }.get(refusal.code, sentence(refusal.detail))


def _consent(each: AnswerFacts, member: Member) -> Consent:
    ref = ids.to_text(Prefix.QUESTION, each.question_id)
    return Consent(ref, each.label, each.agreed, member.formats.moment(each.answered_at))


def _accepted(each: AcceptanceFacts, member: Member) -> tuple[str, str]:
    return each.url, member.formats.moment(each.accepted_at)
