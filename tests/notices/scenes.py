"""What can happen to somebody at a club so that a mail is written to them: a scene for every kind, and its variants."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from tessera import db
from tessera.core import clock
from tessera.events.types import Actor, EventType
from tessera.identity import passkeys
from tessera.identity.codes import ask
from tessera.identity.types import Surface
from tessera.memberships.inheritance import join_company, leave_company
from tessera.memberships.models import Membership
from tessera.notices.types import Kind
from tessera.organizations import everywhere, factors
from tessera.organizations.accounts import ask_email_change, ask_password_reset, confirm_email_change
from tessera.organizations.codes import check
from tessera.organizations.factors import Factor
from tessera.organizations.invitations import invite
from tessera.organizations.models import User
from tessera.organizations.rights import Role
from tessera.organizations.staff import set_password
from tessera.organizations.time import now
from tessera.organizations.tokens import for_email_change
from tessera.people.company_joining import invite as ask_in
from tessera.people.services import update_customer
from tessera.people.types import Email, Via
from tessera.plans.types import Billing
from tessera.webhooks.recording import record
from tessera.webhooks.types import DisabledReason
from tests import make
from tests.memberships.desk import ACTOR
from tests.notices.stage import DAY, NOON, Stage


def _welcome(stage: Stage) -> None:
    stage.held()


def _welcome_later(stage: Stage) -> None:
    stage.held(starts_at=NOON + 30 * DAY)


def _welcome_renewing(stage: Stage) -> None:
    stage.held(renews=True)


def _welcome_open(stage: Stage) -> None:
    stage.desk.grant(stage.plan(billing=Billing.OPEN, amount=50_000), stage.holder, at=NOON)


def _received(stage: Stage) -> None:
    stage.held(await_approval=True)


def _approved(stage: Stage) -> None:
    stage.desk.approve(stage.held(await_approval=True), at=NOON)


def _approved_later(stage: Stage) -> None:
    stage.desk.approve(stage.held(await_approval=True, starts_at=NOON + 30 * DAY), at=NOON)


def _approved_to_be_paid(stage: Stage) -> None:
    stage.desk.approve(stage.held(await_approval=True, await_payment=True), at=NOON)


def _rejected(stage: Stage) -> None:
    stage.desk.reject(stage.held(await_approval=True), at=NOON)


def _renewal_coming(stage: Stage) -> None:
    stage.falls_due(EventType.MEMBERSHIP_RENEWAL_DUE, stage.held(renews=True), days=7)


def _renewal_to_another_plan(stage: Stage) -> None:
    membership = stage.held(renews=True)
    stage.desk.change_at_renewal(membership, make.plan(stage.club, stage.names.other_plan), at=NOON)
    membership.refresh_from_db()
    stage.falls_due(EventType.MEMBERSHIP_RENEWAL_DUE, membership, days=1)


def _expiring(stage: Stage) -> None:
    stage.falls_due(EventType.MEMBERSHIP_EXPIRY_DUE, stage.held(), days=7)


def _expiring_today(stage: Stage) -> None:
    membership = stage.held(renews=True)
    stage.desk.cancel_at_period_end(membership, at=NOON)
    membership.refresh_from_db()
    stage.falls_due(EventType.MEMBERSHIP_EXPIRY_DUE, membership, days=1)


def _expired(stage: Stage) -> None:
    membership = stage.held()
    assert membership.ends_at is not None
    stage.at = membership.ends_at
    stage.desk.announce(at=stage.at)


def _expired_unpaid(stage: Stage) -> None:
    grace_until = stage.held(renews=True).terms.get().grace_until
    assert grace_until is not None
    stage.at = grace_until
    stage.desk.announce(at=stage.at)


def _abandoned(stage: Stage) -> None:
    stage.held(await_payment=True)
    stage.at = NOON + 2 * DAY
    stage.desk.announce(at=stage.at)


def _cancel_booked(stage: Stage) -> None:
    stage.desk.cancel_at_period_end(stage.held(renews=True), at=NOON)


def _cancel_undone(stage: Stage) -> None:
    membership = stage.held(renews=True)
    stage.desk.cancel_at_period_end(membership, at=NOON)
    stage.desk.undo_cancel(membership, at=NOON)


def _canceled(stage: Stage) -> None:
    stage.desk.cancel_now(stage.held(), at=NOON + timedelta(hours=2))
    stage.at = NOON + timedelta(hours=3)


def _canceled_before(stage: Stage) -> None:
    stage.desk.cancel_now(stage.held(await_approval=True), at=NOON)


def _paused(stage: Stage) -> None:
    stage.desk.pause(stage.held(), at=NOON)


def _paused_until(stage: Stage) -> None:
    stage.desk.pause(stage.held(), at=NOON, ends_at=NOON.replace(hour=0) + 9 * DAY)


def _paused_later(stage: Stage) -> None:
    stage.desk.pause(stage.held(), at=NOON, starts_at=NOON.replace(hour=0) + 4 * DAY)


def _paused_later_until(stage: Stage) -> None:
    midnight = NOON.replace(hour=0)
    stage.desk.pause(stage.held(), at=NOON, starts_at=midnight + 4 * DAY, ends_at=midnight + 9 * DAY)


def _resumed(stage: Stage) -> None:
    membership = stage.held()
    stage.desk.pause(membership, at=NOON)
    stage.at = NOON + 3 * DAY
    stage.desk.resume(membership, at=stage.at)


def _pause_taken_back(stage: Stage) -> None:
    membership = stage.held()
    stage.desk.pause(membership, at=NOON, starts_at=NOON + 4 * DAY)
    stage.desk.resume(membership, at=NOON)


def _revoked(stage: Stage) -> None:
    stage.desk.revoke(stage.held(), at=NOON)


def _employed(stage: Stage) -> None:
    """Ada works for Acme, which holds the plan; the lounge is hers otherwise too."""
    stage.desk.grant(stage.plan(seats=5), stage.acme, at=NOON)
    join_company(customer=stage.ada, company=stage.acme, at=NOON, actor=ACTOR, via=Via.STAFF)


def _left(stage: Stage) -> None:
    _employed(stage)
    own = make.plan(stage.club, stage.names.other_plan, permissions=["lounge"])
    make.membership(own, customer=stage.ada)
    stage.at = NOON + timedelta(hours=1)
    leave_company(customer=stage.ada, company=stage.acme, at=stage.at, actor=ACTOR)


def _unseated(stage: Stage) -> None:
    make.affiliation(make.customer(stage.club), stage.acme, starts_at=NOON - DAY)
    _employed(stage)
    membership = Membership.objects.get(company=stage.acme)
    stage.at = NOON + timedelta(hours=1)
    stage.desk.change_seats(membership, 1, at=stage.at)


def _endpoint_disabled(stage: Stage) -> None:
    make.staff(stage.club, name=stage.names.first, email="owner@club.example")
    endpoint = make.webhook_endpoint(stage.club, "https://hooks.example.org/in?key=secret", disabled_at=NOON)
    with db.transaction():
        record(EventType.WEBHOOK_ENDPOINT_DISABLED, endpoint, at=NOON, actor=ACTOR, reason=DisabledReason.FAILING.value)


def _endpoint_gone(stage: Stage) -> None:
    make.staff(stage.club, name=stage.names.first, email="owner@club.example")
    endpoint = make.webhook_endpoint(stage.club, disabled_at=NOON)
    with db.transaction():
        record(EventType.WEBHOOK_ENDPOINT_DISABLED, endpoint, at=NOON, actor=ACTOR, reason=DisabledReason.GONE.value)


def _invited(stage: Stage) -> None:
    owner = make.staff(stage.club, name=stage.names.first, email="owner@club.example")
    invite(
        organization=stage.club,
        email="new@club.example",
        role=Role.FRONT_DESK,
        invited_by=owner,
        at=NOON,
        sent_at=clock.now(),
        actor=Actor.staff(owner.pk),
    )


def _invited_by_operator(stage: Stage) -> None:
    invite(
        organization=stage.club, email="new@club.example", role=Role.OWNER, at=NOON, sent_at=clock.now(), actor=ACTOR
    )


def _password_forgotten(stage: Stage) -> None:
    make.staff(stage.club, name=stage.names.first, email="owner@club.example")
    ask_password_reset("Owner@club.example")


def _another_address(stage: Stage) -> None:
    owner = make.staff(stage.club, name=stage.names.first, email="owner@club.example")
    ask_email_change(user=owner.user, email="new@club.example")


def _another_password(stage: Stage) -> None:
    owner = make.staff(stage.club, name=stage.names.first, email="owner@club.example")
    set_password(user=owner.user, password="a sentence of five words", now=now)


def _factor(event: EventType, factor: str) -> Callable[[Stage], None]:
    def changed(stage: Stage) -> None:
        owner = make.staff(stage.club, name=stage.names.first, email="owner@club.example")
        with db.transaction():
            everywhere.record(event, owner.user, factor=factor)

    return changed


def _with_codes(stage: Stage) -> tuple[User, list[str]]:
    """An owner with an authenticator app, and the recovery codes that came with it."""
    owner = make.staff(stage.club, name=stage.names.first, email="owner@club.example")
    return owner.user, factors.add_app(user=owner.user, secret=factors.fresh_secret())


def _other_codes(stage: Stage) -> None:
    user, _ = _with_codes(stage)
    factors.make_recovery_codes(user=user)


def signs_in_by_codes(user: User, codes: Sequence[str]) -> None:
    """Sign in by password and recovery code, once with each."""
    for code in codes:
        check(user=user, code=code)
        with db.transaction():
            everywhere.record(EventType.STAFF_SIGNED_IN, user, by=[Factor.PASSWORD.value, Factor.RECOVERY_CODE.value])


def _by_recovery_code(stage: Stage) -> None:
    user, codes = _with_codes(stage)
    signs_in_by_codes(user, codes[:1])


def _by_the_last_code(stage: Stage) -> None:
    signs_in_by_codes(*_with_codes(stage))


def _by_a_code_that_is_gone(stage: Stage) -> None:
    user, codes = _with_codes(stage)
    signs_in_by_codes(user, codes[:1])
    factors.remove_all(user=user)


def _left_the_address(stage: Stage) -> None:
    owner = make.staff(stage.club, name=stage.names.first, email="owner@club.example")
    ask_email_change(user=owner.user, email="new@club.example")
    user = User.objects.get(pk=owner.user.pk)
    confirm_email_change(user=user, token=for_email_change(user))


def _changes_address(stage: Stage) -> None:
    stage.change_address("new@member.example")


def _passkey_added(stage: Stage) -> None:
    stage.make_passkey(stage.names.plan)


def _passkey_removed(stage: Stage) -> None:
    gone, _ = (stage.make_passkey(name) for name in stage.names.permissions)
    passkeys.forget(customer=stage.ada, passkey=gone.id)


def _last_passkey_removed(stage: Stage) -> None:
    passkeys.forget(customer=stage.ada, passkey=stage.make_passkey(stage.names.plan).id)


def _by_another_address(stage: Stage) -> None:
    emails = [Email("ada@member.example"), Email("second@member.example")]
    update_customer(customer=stage.ada, at=NOON, actor=ACTOR, emails=emails)
    stage.sign_in("second@member.example")


def _asked_in(stage: Stage) -> None:
    ask_in(
        company=stage.acme, address="ada@member.example", at=stage.at, sent_at=clock.now(), actor=Actor.system("tests")
    )


def _signs_in(stage: Stage) -> None:
    ask(
        organization=stage.club,
        address="nobody@member.example",
        browser="a secret of the browser's own",
        surface=Surface.EMBED,
        client_address="192.0.2.1",
    )


# By name: the kind, and what happens. Those of `OF_PEOPLE` happen to a person only, a customer or an owner.
SCENES: Final[Mapping[str, tuple[Kind, Callable[[Stage], None]]]] = {
    "application received": (Kind.APPLICATION_RECEIVED, _received),
    "application approved": (Kind.APPLICATION_APPROVED, _approved),
    "application approved, to begin later": (Kind.APPLICATION_APPROVED, _approved_later),
    "application approved, to be paid": (Kind.APPLICATION_APPROVED, _approved_to_be_paid),
    "application rejected": (Kind.APPLICATION_REJECTED, _rejected),
    "renewal coming": (Kind.RENEWAL_COMING, _renewal_coming),
    "renewal coming, to another plan": (Kind.RENEWAL_COMING, _renewal_to_another_plan),
    "expiring": (Kind.EXPIRING, _expiring),
    "expiring today, canceled": (Kind.EXPIRING, _expiring_today),
    "expired": (Kind.EXPIRED, _expired),
    "expired, unpaid": (Kind.EXPIRED, _expired_unpaid),
    "expired before it began": (Kind.EXPIRED, _abandoned),
    "cancel booked": (Kind.CANCEL_BOOKED, _cancel_booked),
    "cancel undone": (Kind.CANCEL_UNDONE, _cancel_undone),
    "canceled": (Kind.CANCELED, _canceled),
    "canceled before it began": (Kind.CANCELED, _canceled_before),
    "paused": (Kind.PAUSED, _paused),
    "paused until": (Kind.PAUSED, _paused_until),
    "paused later": (Kind.PAUSED, _paused_later),
    "paused later, until": (Kind.PAUSED, _paused_later_until),
    "resumed": (Kind.RESUMED, _resumed),
    "pause taken back": (Kind.RESUMED, _pause_taken_back),
    "revoked": (Kind.REVOKED, _revoked),
}
OF_PEOPLE: Final[Mapping[str, tuple[Kind, Callable[[Stage], None]]]] = {
    "welcome": (Kind.WELCOME, _welcome),
    "welcome, later": (Kind.WELCOME, _welcome_later),
    "welcome, renewing": (Kind.WELCOME, _welcome_renewing),
    "welcome, open": (Kind.WELCOME, _welcome_open),
    "left the company": (Kind.SEAT_LOST, _left),
    "seat lost": (Kind.SEAT_LOST, _unseated),
    "endpoint disabled": (Kind.WEBHOOK_ENDPOINT_DISABLED, _endpoint_disabled),
    "endpoint gone": (Kind.WEBHOOK_ENDPOINT_DISABLED, _endpoint_gone),
    "staff invited": (Kind.STAFF_INVITATION, _invited),
    "staff invited by the operator": (Kind.STAFF_INVITATION, _invited_by_operator),
    "password forgotten": (Kind.STAFF_PASSWORD_RESET, _password_forgotten),
    "another address": (Kind.STAFF_EMAIL_CHANGE, _another_address),
    "another password": (Kind.STAFF_ACCOUNT_CHANGED, _another_password),
    "an app": (Kind.STAFF_ACCOUNT_CHANGED, _factor(EventType.STAFF_SECOND_FACTOR_ADDED, "app")),
    "a passkey": (Kind.STAFF_ACCOUNT_CHANGED, _factor(EventType.STAFF_SECOND_FACTOR_ADDED, "passkey")),
    "no app": (Kind.STAFF_ACCOUNT_CHANGED, _factor(EventType.STAFF_SECOND_FACTOR_REMOVED, "app")),
    "no passkey": (Kind.STAFF_ACCOUNT_CHANGED, _factor(EventType.STAFF_SECOND_FACTOR_REMOVED, "passkey")),
    "no second factor": (Kind.STAFF_ACCOUNT_CHANGED, _factor(EventType.STAFF_SECOND_FACTOR_REMOVED, "all")),
    "other recovery codes": (Kind.STAFF_ACCOUNT_CHANGED, _other_codes),
    "by a recovery code": (Kind.STAFF_RECOVERY_CODE_USED, _by_recovery_code),
    "by the last recovery code": (Kind.STAFF_RECOVERY_CODE_USED, _by_the_last_code),
    "by a recovery code, gone since": (Kind.STAFF_RECOVERY_CODE_USED, _by_a_code_that_is_gone),
    "left their address": (Kind.STAFF_EMAIL_CHANGED, _left_the_address),
    "changed the address": (Kind.EMAIL_CHANGED, _changes_address),
    "passkey added": (Kind.PASSKEY_ADDED, _passkey_added),
    "passkey removed": (Kind.PASSKEY_REMOVED, _passkey_removed),
    "last passkey removed": (Kind.PASSKEY_REMOVED, _last_passkey_removed),
    "signed in by another address": (Kind.OTHER_EMAIL_PROVED, _by_another_address),
    "asked to join a company": (Kind.COMPANY_INVITATION, _asked_in),
    "signs in": (Kind.SIGN_IN_CODE, _signs_in),
}
