"""The one verb of signing up: who may join what, what it leads to, and that it is done once."""

from datetime import timedelta
from typing import Any

import pytest

from tessera.core.errors import TesseraError
from tessera.core.periods import Interval
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.memberships import granting
from tessera.memberships import queries as memberships
from tessera.memberships.models import Membership, Term
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tessera.plans.models import Plan, Price
from tessera.plans.types import Audience, Billing, Visibility
from tessera.signup import services
from tessera.signup.models import Acceptance, SignupSettings, TermsVersion
from tessera.signup.services import Joined
from tessera.signup.types import AskPhone, Kind, Told
from tests import make

pytestmark = pytest.mark.django_db
NOON = make.JAN_10


def join(who: Customer, plan: Plan, **told: Any) -> Joined:
    return services.join(
        **{
            "organization": plan.organization,
            "customer": who,
            "plan": plan,
            "price": None,
            "terms_id": None,
            "at": NOON,
            "actor": Actor.customer(who.pk),
            **told,
        }
    )


def seen(joined: Joined, club: Organization) -> MembershipView:
    return memberships.membership(organization=club, membership_id=joined.membership_id, at=NOON)


def told(club: Organization) -> list[str]:
    return list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", flat=True))


def test_a_free_plan_is_had_at_once(club: Organization) -> None:
    ada, bystander = make.customer(club), make.customer(club)
    joined = join(ada, make.plan(club, amount=0))

    assert (joined.new, joined.pay_at) == (True, "")
    view = seen(joined, club)
    assert (view.status, view.source, view.renews, view.awaiting) == (Status.ACTIVE, "signup", True, ())
    assert told(club) == ["membership.granted"]
    assert not Membership.objects.filter(customer=bystander).exists()
    assert Event.objects.get(organization=club).actor == str(Actor.customer(ada.pk))


def test_a_plan_with_a_price_waits_for_its_payment_which_staff_confirm(club: Organization) -> None:
    joined = join(make.customer(club), make.plan(club, amount=3500))

    view = seen(joined, club)
    assert (view.status, view.awaiting) == (Status.PENDING, ("payment",))
    assert view.pending_until == NOON + timedelta(hours=24)
    granting.confirm_payment(
        organization=club, membership_id=view.id, at=NOON, actor=Actor.system("tests"), paid_by="manual"
    )
    assert seen(joined, club).status is Status.ACTIVE


def test_a_free_plan_with_a_joining_fee_waits_for_it(club: Organization) -> None:
    joined = join(make.customer(club), make.plan(club, amount=0, joining_fee=1000))

    assert seen(joined, club).awaiting == ("payment",)


def test_what_needs_approval_is_applied_for(club: Organization) -> None:
    free = join(make.customer(club), make.plan(club, amount=0, needs_approval=True))
    priced = join(make.customer(club), make.plan(club, amount=100, needs_approval=True))

    assert seen(free, club).awaiting == ("approval",)
    assert seen(priced, club).awaiting == ("approval", "payment")


def test_a_trial_begins_at_once_and_only_the_first_time(club: Organization) -> None:
    ada, plan = make.customer(club), make.plan(club, amount=3500, trial_days=14)
    joined = join(ada, plan)

    assert seen(joined, club).status is Status.ACTIVE
    assert Term.objects.get(membership=joined.membership_id).trial

    Membership.objects.filter(pk=joined.membership_id).update(ended_at=NOON, ended_reason=EndedReason.CANCELED)
    again = join(ada, plan)
    assert seen(again, club).awaiting == ("payment",)


def test_joining_twice_is_joining_once(club: Organization) -> None:
    ada, plan = make.customer(club), make.plan(club, amount=0)
    first, second = join(ada, plan), join(ada, plan)

    assert (first.new, second.new) == (True, False)
    assert first.membership_id == second.membership_id
    assert told(club) == ["membership.granted"]


@pytest.mark.parametrize(
    ("code", "plan"),
    [
        ("plan_private", {"visibility": Visibility.PRIVATE}),
        ("plan_archived", {"archived_at": NOON}),
        ("wrong_audience", {"audience": Audience.COMPANIES}),
    ],
)
def test_what_cannot_be_joined_is_refused_by_name(club: Organization, code: str, plan: dict[str, Any]) -> None:
    assert refusal(make.customer(club), make.plan(club, amount=0, **plan)) == code


def test_what_is_unlisted_is_joined_by_whoever_has_the_link(club: Organization) -> None:
    assert join(make.customer(club), make.plan(club, amount=0, visibility=Visibility.UNLISTED)).new


@pytest.mark.parametrize(
    ("code", "status"), [("holder_banned", CustomerStatus.BANNED), ("holder_archived", CustomerStatus.ARCHIVED)]
)
def test_who_is_not_welcome_joins_nothing(club: Organization, code: str, status: CustomerStatus) -> None:
    assert refusal(make.customer(club, status=status), make.plan(club, amount=0)) == code


def test_where_it_is_closed_nobody_joins_and_who_has_it_keeps_it(club: Organization) -> None:
    ada, plan = make.customer(club), make.plan(club, amount=0)
    join(ada, plan)
    make.signup_settings(club, closed=True)

    assert refusal(make.customer(club), plan) == "signup_closed"
    assert not join(ada, plan).new


def test_a_price_that_is_not_offered_or_of_another_plan_is_refused(club: Organization) -> None:
    plan, ada = make.plan(club, amount=0), make.customer(club)
    retired = make.price(plan, amount=100, active=False)
    other = Price.objects.get(plan=make.plan(club))

    assert refusal(ada, plan, price=retired) == "price_inactive"
    assert refusal(ada, plan, price=other) == "price_not_of_plan"
    make.price(plan, amount=500, interval=Interval.YEAR)
    assert refusal(ada, plan) == "price_ambiguous"


def test_a_full_plan_takes_nobody_until_somebody_leaves_and_staff_may_go_beyond_it(club: Organization) -> None:
    plan = make.plan(club, amount=0, capacity=1)
    first = join(make.customer(club), plan)

    assert refusal(make.customer(club), plan) == "plan_full"
    granting.grant(
        organization=club,
        plan=plan,
        holder=make.customer(club),
        at=NOON,
        actor=Actor.system("tests"),
        source="staff",  # type: ignore[arg-type]
    )
    assert refusal(make.customer(club), plan) == "plan_full"
    Membership.objects.exclude(pk=first.membership_id).update(ended_at=NOON, ended_reason=EndedReason.CANCELED)
    assert refusal(make.customer(club), plan) == "plan_full"
    Membership.objects.update(ended_at=NOON, ended_reason=EndedReason.CANCELED)
    assert join(make.customer(club), plan).new


def test_terms_that_were_shown_are_accepted_by_joining_and_kept(club: Organization) -> None:
    settings, plan, ada = make.signup_settings(club, terms="Be kind."), make.plan(club, amount=0), make.customer(club)

    assert refusal(ada, plan) == "terms_changed"
    assert not Acceptance.objects.exists()
    join(ada, plan, terms_id=settings.terms_id)
    kept = Acceptance.objects.get(customer=ada)
    assert (kept.terms.text, kept.accepted_at) == ("Be kind.", NOON)
    assert told(club) == ["terms.accepted", "membership.granted"]


def test_terms_that_were_changed_meanwhile_have_to_be_read_again(club: Organization) -> None:
    settings, plan, ada = make.signup_settings(club, terms="Be kind."), make.plan(club, amount=0), make.customer(club)
    newer = TermsVersion.objects.create(organization=club, number=2, text="Be kinder.", made_at=NOON)
    SignupSettings.objects.update(terms=newer)

    assert refusal(ada, plan, terms_id=settings.terms_id) == "terms_changed"


def test_what_is_asked_has_to_be_known_first(club: Organization) -> None:
    plan = make.plan(club, amount=0)
    nameless = make.customer(club, first_name="", last_name="", emails=["x@example.org"])
    assert refusal(nameless, plan) == "signup_details_missing"
    services.tell(
        organization=club,
        customer=nameless,
        plan=plan,
        told=Told(first_name="Łucja 🌊", last_name="O'Brien"),
        at=NOON,
        actor=Actor.customer(nameless.pk),
    )
    assert join(nameless, plan).new
    assert Customer.objects.get(pk=nameless.pk).name == "Łucja 🌊 O'Brien"


def test_questions_of_the_plan_alone_have_to_be_answered(club: Organization) -> None:
    plan, other = make.plan(club, amount=0), make.plan(club, amount=0)
    make.question(club, "Which boat?", required=True, plans=[other])
    make.question(club, "Gone", required=True, archived_at=NOON)

    assert join(make.customer(club), plan).new
    assert refusal(make.customer(club), other) == "signup_details_missing"


def test_a_phone_number_is_asked_for_if_the_club_wants_one(club: Organization) -> None:
    make.signup_settings(club, ask_phone=AskPhone.REQUIRED)
    plan = make.plan(club, amount=0)

    assert refusal(make.customer(club), plan) == "signup_details_missing"
    assert join(make.customer(club, phones=["+442079460000"]), plan).new


def test_what_is_told_goes_into_no_event(club: Organization) -> None:
    ada, plan = make.customer(club, first_name="", last_name="", emails=["a@example.org"]), make.plan(club)
    question = make.question(club, kind=Kind.TEXT)
    services.tell(
        organization=club,
        customer=ada,
        plan=plan,
        told=Told(first_name="Secretia", answers=((question.pk, "Hushhush"),)),
        at=NOON,
        actor=Actor.customer(ada.pk),
    )
    lines = Event.objects.filter(organization=club)
    assert told(club) == ["customer.updated", "questions.answered"]
    assert "Secretia" not in str([line.data for line in lines])
    assert "Hushhush" not in str([line.data for line in lines])


def test_a_free_membership_that_lapsed_is_renewed_once(club: Organization) -> None:
    ada = make.customer(club)
    plan = make.plan(club, amount=0, billing=Billing.ONCE)
    lapsed = make.membership(plan, customer=ada, starts_at=NOON - timedelta(days=90), ends_at=NOON - timedelta(days=60))
    for _ in range(2):
        services.renew(organization=club, customer=ada, membership_id=lapsed.pk, at=NOON, actor=Actor.customer(ada.pk))

    assert Term.objects.filter(membership=lapsed).count() == 2
    assert told(club).count("membership.renewed") == 1


def test_nobody_renews_what_is_anothers_or_costs_something(club: Organization) -> None:
    ada, eve = make.customer(club), make.customer(club)
    old = {"starts_at": NOON - timedelta(days=90), "ends_at": NOON - timedelta(days=60)}
    free = make.membership(make.plan(club, amount=0, billing=Billing.ONCE), customer=ada, **old)  # type: ignore[arg-type]
    priced = make.membership(make.plan(club, amount=1), customer=ada, **old)  # type: ignore[arg-type]

    def code(who: Customer, which: Membership) -> str:
        with pytest.raises(TesseraError) as refused:
            services.renew(
                organization=club, customer=who, membership_id=which.pk, at=NOON, actor=Actor.customer(who.pk)
            )
        return refused.value.code

    assert code(eve, free) == "membership_not_found"
    assert code(ada, priced) == "renewal_not_possible"


def refusal(who: Customer, plan: Plan, **told: Any) -> str:
    before = Membership.objects.count(), Event.objects.count()
    with pytest.raises(TesseraError) as refused:
        join(who, plan, **told)
    assert (Membership.objects.count(), Event.objects.count()) == before
    return refused.value.code
