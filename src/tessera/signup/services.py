"""What somebody does who joins by themselves: tell what is asked, join, renew. Sent twice, each is done once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera import db
from tessera.core.ids import new_id
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.memberships import granting, renewing
from tessera.memberships.capacity import refuse_full
from tessera.memberships.errors import MembershipNotFound, RenewalNotPossible
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.organizations.time import zone
from tessera.people import present
from tessera.people import services as people
from tessera.people.models import Customer, CustomerPhone
from tessera.people.types import CustomerDetails
from tessera.plans.models import Plan, Price
from tessera.plans.types import Visibility
from tessera.signup import missing, offers, queries, wordings
from tessera.signup.checkout import AT_THE_DESK, Asked, Provider, start_checkout
from tessera.signup.errors import DetailsMissing, PlanPrivate, SignupClosed, TermsChanged
from tessera.signup.models import Acceptance, Answer
from tessera.signup.queries import SettingsFacts
from tessera.signup.types import Told


@dataclass(frozen=True, slots=True)
class Joined:
    """What somebody has now. `new`: they did not have it before. `pay_at`: where it is paid, if that is on line."""

    membership_id: UUID
    new: bool
    pay_at: str = ""


def join(
    *,
    organization: Organization,
    customer: Customer,
    plan: Plan,
    price: Price | None,
    terms_id: UUID | None,
    at: datetime,
    actor: Actor,
    provider: Provider = AT_THE_DESK,
) -> Joined:
    """Let a customer join a plan by themselves: active, applied for, or waiting for its payment.

    Whoever has it already keeps what they have, and nothing is written: one membership whatever is repeated, also at
    once. `price`: the only active one if None. `terms_id`: the terms that were shown, whose acceptance is kept.

    Raises SignupClosed, PlanPrivate, TermsChanged, DetailsMissing; PlanFull, PlanArchived, PriceInactive,
    PriceNotOfPlan, PriceAmbiguous, WrongAudience, HolderBanned, HolderArchived.
    """
    with db.transaction():
        locked = _locked(customer, organization)
        if (held := _held(locked, plan, at)) is not None:
            return Joined(held.pk, new=False)
        settings = queries.settings_of(organization)
        if settings.closed:
            raise SignupClosed("nobody can join by themselves for now")
        plan, price = granting.offered(plan, price, locked)
        if plan.visibility == Visibility.PRIVATE:
            raise PlanPrivate(said("{plan} is given by the organization itself", plan=plan.name))
        if missing.missing(organization, locked, plan, settings):
            raise DetailsMissing("something that is asked is not known yet")
        _accept(organization, locked, settings, terms_id, at, actor)
        trial = offers.has_trial(price) and not granting.had_trial(locked, plan)
        offer = offers.offer(plan, price, at=at, zone=zone(organization), trial=trial)
        started = start_checkout(
            Asked(organization, locked, plan, price, pay_first=offer.pay_first, at=at, actor=actor), provider=provider
        )
    return Joined(started.membership.pk, new=True, pay_at=started.pay_at)


def tell(*, organization: Organization, customer: Customer, plan: Plan, told: Told, at: datetime, actor: Actor) -> None:
    """Write down what somebody says about themselves: names, a phone number, answers to what is asked for the plan.

    An answer that is as it was is not written again. Answers to what is not asked are not looked at.

    Raises AnswerMissing, AnswerInvalid; TextInvalid, PhoneInvalid, CustomerIncomplete; DetailsMissing if a name or a
    phone number that has to be known is left empty.
    """
    with db.transaction():
        locked = _locked(customer, organization)
        _tell_details(locked, told, queries.settings_of(organization), at, actor)
        asked = {each.id: each for each in queries.questions(organization) if each.asked_for(plan.pk)}
        before = queries.latest(queries.answers_of(locked)) if told.answers else {}
        written = []
        for question_id, given in told.answers:
            question = asked.get(question_id)
            if question is None:
                continue
            value = wordings.answer(given, question)
            was = before.get(question_id)
            if was is not None and (was.wording_id, was.value) == (question.wording_id, value):
                continue
            Answer(
                id=new_id(),
                organization=organization,
                customer=locked,
                wording_id=question.wording_id,
                value=value,
                answered_at=at,
            ).save(force_insert=True)
            written.append(question)
        if written:
            _record(EventType.QUESTIONS_ANSWERED, locked, at, actor, questions=missing.refs(written))


def renew(*, organization: Organization, customer: Customer, membership_id: UUID, at: datetime, actor: Actor) -> None:
    """Let a customer renew a membership of theirs that costs nothing, after its end. Done already, nothing is done.

    Raises MembershipNotFound if it is not theirs; RenewalNotPossible if it costs something; SignupClosed; PlanFull;
    NotRenewable, AlreadyHeld, HolderBanned, HolderArchived.
    """
    with db.transaction():
        locked = _locked(customer, organization)
        row = organization.memberships.filter(pk=membership_id, customer=locked).first()
        if row is None:
            raise MembershipNotFound("there is no such membership")
        if any(each.pk == row.pk for each, _terms in granting.unended(locked, at)):
            return
        if queries.settings_of(organization).closed:
            raise SignupClosed("nobody can join by themselves for now")
        term = row.terms.select_related("plan", "price").order_by("-starts_at").first()
        if term is None or (row.next_price or term.price).amount_minor:
            raise RenewalNotPossible("what costs something is renewed where it is paid")
        refuse_full(Plan.objects.select_for_update(no_key=True).get(pk=row.next_plan_id or term.plan_id), at)
        renewing.renew(organization=organization, membership_id=row.pk, at=at, actor=actor)


def _locked(customer: Customer, organization: Organization) -> Customer:
    locked = present.locked(customer)
    locked.organization = organization
    return locked


def _held(customer: Customer, plan: Plan, at: datetime) -> Membership | None:
    """The membership by which the customer, who is locked, has the plan or is getting it."""
    for membership, terms in granting.unended(customer, at):
        if plan.pk in granting.plans_occupied(membership, terms, at):
            return membership
    return None


def _tell_details(customer: Customer, told: Told, settings: SettingsFacts, at: datetime, actor: Actor) -> None:
    given: CustomerDetails = {}
    if told.first_name is not None:
        if not told.first_name.strip() and not customer.display_name:
            raise DetailsMissing("a first name is needed", pointer="/first_name")
        given["first_name"] = told.first_name
    if told.last_name is not None:
        given["last_name"] = told.last_name
    if told.phone and told.phone.strip() and not CustomerPhone.objects.filter(customer=customer).exists():
        given["phones"] = [told.phone]
    if given:
        people.update_customer(customer=customer, at=at, actor=actor, **given)


def _accept(
    organization: Organization,
    customer: Customer,
    settings: SettingsFacts,
    terms_id: UUID | None,
    at: datetime,
    actor: Actor,
) -> None:
    """Keep under which terms somebody joins. Raises TermsChanged if they were shown others, or none."""
    if settings.terms is None:
        return
    if terms_id != settings.terms.id:
        raise TermsChanged("the terms have been changed; read them again")
    if Acceptance.objects.filter(customer=customer, terms=settings.terms.id).exists():
        return
    Acceptance(
        id=new_id(), organization=organization, customer=customer, terms_id=settings.terms.id, accepted_at=at
    ).save(force_insert=True)
    _record(EventType.TERMS_ACCEPTED, customer, at, actor, number=settings.terms.number)


def _record(what: EventType, customer: Customer, at: datetime, actor: Actor, **data: object) -> None:
    events.record(
        events.Happened(
            organization_id=customer.organization_id,
            type=what,
            at=at,
            actor=actor,
            customer_id=customer.pk,
            data=data,
        )
    )
