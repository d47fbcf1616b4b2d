"""Somebody of whom everything is known that can be: told, typed, sent and uploaded in every way that there is.

All of it holds one of the marks, so that whatever is left of the person is found, wherever that is.
"""

from io import BytesIO
from typing import Final

from django.core.mail import EmailMessage
from PIL import Image

from tessera import db
from tessera.config import reactions
from tessera.core import clock, ids
from tessera.core.ids import Prefix
from tessera.events import queries
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.http import mailbox
from tessera.identity import app_tokens
from tessera.identity.types import Surface
from tessera.lifecycle.merge import merge_customer
from tessera.memberships import bulk, canceling, granting, inheritance, pausing
from tessera.memberships.filters import CustomerFilter
from tessera.memberships.types import BulkAction
from tessera.notices import services as notices
from tessera.notices.models import Notice
from tessera.notices.types import Group
from tessera.organizations import former_emails
from tessera.organizations.models import Organization
from tessera.people import company_joining
from tessera.people.models import Customer
from tessera.people.services import ban_customer
from tessera.people.types import Source, Via
from tessera.signup import services as signup
from tessera.signup.consenting import change_consent
from tessera.signup.models import TermsVersion
from tessera.signup.types import Kind, Told
from tessera.transfer import exporting, importing, tasks
from tessera.transfer.types import Match
from tessera.webhooks.models import DeliveryAttempt
from tessera.webhooks.types import DeliveryStatus
from tests import make
from tests.console.visitor import Visitor, working_for
from tests.http.client import Api
from tests.identity.authenticator import Device
from tests.identity.visitors import Browser, told
from tests.portal import test_passkeys as portal
from tests.portal.member import signed_in
from tests.transfer.files import imported, prepared, table, uploaded, worked_on

MARKS: Final = ("qvixand", "zorblat", "46012345", "4601 2345", "1987-06-05")
EMAIL, TWIN_EMAIL = "qvixander@zorblatt.example", "qvixander.twin@zorblatt.example"
PHONE: Final = "+442046012345"
DESK: Final = Actor.system("tests")
NOON: Final = make.JAN_10


def known_in_every_way(club: Organization) -> Customer:
    """Have somebody known, and leave traces wherever that is possible; what they held is over. Their clock: noon."""
    person = _told_by_a_program(club)
    _noted_by_staff(working_for(club), person)
    _merged(club, person)
    _signed_in(club, person)
    _joined_and_left(club, person)
    _of_a_company(club, person)
    _among_many(club, person)
    _in_files(club)
    _sent_elsewhere(club, person)
    ban_customer(customer=person, reason="Qvixander broke the door", at=NOON, actor=DESK)
    person.refresh_from_db()
    person.organization = club
    return person


def _told_by_a_program(club: Organization) -> Customer:
    """Over HTTP, with a key that lets each request be repeated: so its answer is kept."""
    api = Api(make.key(club)[1])
    body = {
        "first_name": "Qvixander", "last_name": "Zorblatt", "display_name": "Qvixander Zorblatt",
        "external_id": "zorblatt-77", "emails": [{"address": EMAIL, "verified": True}], "phones": [PHONE],
        "birthday": "1987-06-05", "marketing_consent": True, "tags": ["qvixander's friends"], "locale": "fr",
    }  # fmt: skip
    made = api.post("/customers", body, Idempotency_Key="once")
    assert made.status == 201, made.text
    at, picture = f"/customers/{made.json['id']}", BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    assert api.call("PUT", f"{at}/photo", None, picture.getvalue(), Content_Type="image/png").status == 204
    person = Customer.objects.get(organization=club, number=made.json["number"])
    person.organization = club
    return person


def _noted_by_staff(desk: Visitor, person: Customer) -> None:
    for text in ("Qvixander likes the window", "Zorblatt owes us a key"):
        assert desk.post("customer_note_write", person, text=text).location
    assert desk.post("customer_note_delete", person, person.notes.latest("id")).location
    once = desk.get("view_new", "customers").value("once")
    assert desk.post("view_new", "customers", name="Zorblatts", query="q=zorblatt", once=once).location


def _merged(club: Organization, person: Customer) -> None:
    """A second record of theirs, which had answered something, became part of the first one."""
    twin = make.customer(
        club, first_name="Qvixander", last_name="Zorblatt", display_name="Zorblatt's twin", external_id="qvixander-2",
        emails=[TWIN_EMAIL], tags=["zorblatt"],
    )  # fmt: skip
    said = Told(answers=((make.question(club, "Anything else?").pk, "Qvixander's twin"),))
    signup.tell(organization=club, customer=twin, plan=make.plan(club), told=said, at=NOON, actor=DESK)
    merge_customer(customer=twin, into=person, at=NOON, actor=DESK)


def _signed_in(club: Organization, person: Customer) -> None:
    """By a code, by a site's word, in an app and by a passkey; a code is asked for and not entered; a wish is told."""
    former_emails.keep(organization=club, whose=person.pk, address="old@zorblatt.example", locale="")
    Browser(club).ask("old@zorblatt.example")
    by_site = Browser(club)
    by_site.begin(by_site.prove(EMAIL), told(make.trusted_issuer(club), "zorblatt-of-the-site", address=EMAIL))
    proven = Browser(club, Surface.APP).prove(EMAIL)
    app_tokens.sign_in(
        organization=club, proven=proven, audience="https://app.example", device="", client_address="198.51.100.9"
    )
    browser = portal.here(signed_in(person, address=EMAIL))
    page = browser.get("/sessions")
    made = {**page.form(do="add"), "passkey": Device().made(portal.asked_by(page)), "name": "Zorblatt's phone"}
    browser.follow("/sessions/passkey", **made)
    browser.follow("/data/deletion", wish="delete")
    Browser(club).ask(EMAIL)


def _joined_and_left(club: Organization, person: Customer) -> None:
    """What they answered, agreed to and held, with a pause; it is over."""
    text, consent = make.question(club, "Whom do you know?"), make.question(club, "May we?", kind=Kind.CONSENT)
    make.signup_settings(club, terms="Be kind.")
    plan = make.plan(club, amount=0, pauses_allowed=True)
    said = Told(answers=((text.pk, "Zorblatt senior"), (consent.pk, "yes")))
    signup.tell(organization=club, customer=person, plan=plan, told=said, at=NOON, actor=DESK)
    question = ids.to_text(Prefix.QUESTION, consent.pk)
    change_consent(organization=club, customer=person, question=question, agreed=False, at=NOON, actor=DESK)
    terms = TermsVersion.objects.get(organization=club)
    joined = signup.join(
        organization=club, customer=person, plan=plan, price=None, terms_id=terms.pk, at=NOON, actor=DESK
    )
    pausing.pause(organization=club, membership_id=joined.membership_id, at=NOON, actor=DESK, reason="Qvixander is ill")
    canceling.cancel_now(organization=club, membership_id=joined.membership_id, at=NOON, actor=DESK)
    notices.unsubscribe(organization=club, customer=person, group=Group.REMINDERS, at=NOON, actor=DESK)


def _of_a_company(club: Organization, person: Customer) -> None:
    """They belong to one, belonged to another and were asked to join a third."""
    acme, former, third = make.company(club, "Acme"), make.company(club, "Former"), make.company(club, "Third")
    for company in (acme, former):
        inheritance.join_company(
            customer=person, company=company, at=NOON, actor=DESK, via=Via.STAFF, title="Head of Zorblatt"
        )
    inheritance.leave_company(customer=person, company=former, at=NOON, actor=DESK)
    company_joining.invite(company=third, address=EMAIL, at=NOON, sent_at=clock.now(), actor=DESK)


def _among_many(club: Organization, person: Customer) -> None:
    """Something was done with all whom a search found, and refused with them for a reason that names them."""
    gold = make.plan(club, "Gold")
    held = granting.grant(organization=club, plan=gold, holder=person, at=NOON, actor=DESK, source=Source.STAFF)
    price = ids.to_text(Prefix.PRICE, gold.prices.get().pk)
    run = bulk.start(
        organization=club, action=BulkAction.ASSIGN, arguments={"price": price, "starts_at": None, "ends_at": None},
        which=CustomerFilter(q="zorblatt"), at=NOON, actor=DESK,
    )  # fmt: skip
    while bulk.carry_on(run_id=run.pk, at=NOON, seconds=60):
        pass
    tagging = bulk.start(
        organization=club, action=BulkAction.TAG, arguments={"tag": "Friends of Qvixander Zorblatt"},
        customer_ids=[person.pk], at=NOON, actor=DESK,
    )  # fmt: skip
    bulk.carry_on(run_id=tagging.pk, at=NOON, seconds=60)
    run.items.filter(customer=person).update(reason="Qvixander Zorblatt has it already")
    canceling.cancel_now(organization=club, membership_id=held.pk, at=NOON, actor=DESK)


def _in_files(club: Organization) -> None:
    """In an import that is over, one that left them out, one that waits and one that was only uploaded; exported."""
    row = ["Qvixander", "Zorblatt", EMAIL]
    known = table(["first_name", "last_name", "email"], row, ["Bea", "Byron", "bea@example.org"])
    imported(club, known, match=(Match.EMAIL,))
    imported(club, table(["first_name", "last_name", "email"], ["Qvixander", "Zorblatt", "qvixander at zorblatt"]))
    worked_on(prepared(uploaded(club, table(["phone", "first_name"], ["+44 20 4601 2345", "Q."]))))
    worked_on(prepared(uploaded(club, table(["first_name", "last_name"], row[:2]))))
    without_headers = uploaded(club, table(["Qvixander", "Zorblatt"], ["Ada", "Okonkwo"]))
    prepared(without_headers, columns={"first_name": 0, "last_name": 1})
    importing.cancel(organization=club, import_id=without_headers.pk, at=NOON, actor=DESK)
    uploaded(club, table(["Name"], ["Ada"]), name="Qvixander Zorblatt.csv")
    for name, filters in (
        ("customers", {}),
        ("memberships", {}),
        ("plans", {"q": "zorblatt"}),
        ("customers", {"q": EMAIL}),
    ):
        export = exporting.request(
            organization=club, name=name, filters=filters, selection=None, excel=False, at=NOON, actor=DESK
        )
        tasks.write_export.call(str(export.pk))


def _sent_elsewhere(club: Organization, person: Customer) -> None:
    """A receiver of webhooks repeats what it was told, a job fails over them, a demo's mailbox has a mail to them."""
    line = Event.objects.filter(customer_id=person.pk).latest("sequence")
    sent = make.delivery(make.webhook_endpoint(club), DeliveryStatus.FAILED, event=line)
    DeliveryAttempt.objects.filter(delivery=sent).update(response_body='{"sorry": "Qvixander Zorblatt"}')
    make.parked_job(club, error=f"IntegrityError: Key (key)=({EMAIL}) already exists.")
    mailbox.Backend().send_messages([EmailMessage("Welcome", "Dear Qvixander Zorblatt", "us@example.org", [EMAIL])])
    lines = queries.feed(club, after=0, limit=1_000).lines
    for reaction in reactions.REACTIONS.values():
        with db.transaction():
            reaction(club, lines)
    assert Notice.objects.filter(recipient_id=person.pk).exists()
