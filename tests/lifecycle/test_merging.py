"""Two records of one person become one, and nothing of either is lost."""

from datetime import datetime, timedelta
from typing import get_args

import pytest
import time_machine

from tessera.access.engine import decide
from tessera.access.types import Reason
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.queries import timeline
from tessera.events.types import Actor, EventType
from tessera.lifecycle.api import Taken
from tessera.lifecycle.errors import MergeUnsettled, SameCustomer
from tessera.lifecycle.merge import TAKEN, merge_customer
from tessera.memberships.seats import seating
from tessera.organizations.models import Organization
from tessera.people.errors import CustomerArchived, CustomerMerged
from tessera.people.models import Affiliation, Customer
from tessera.people.queries import customer as known
from tessera.people.queries import customer_by_ref, merged_ids
from tessera.people.services import ban_customer
from tessera.people.types import CustomerStatus, Email
from tests import make
from tests.http.client import Api

DESK = Actor.system("tests")
NOON = make.JAN_10


def day(number: int) -> datetime:
    return NOON + timedelta(days=number)


def merge(customer: Customer, into: Customer, at: datetime = NOON) -> Customer:
    return merge_customer(customer=customer, into=into, at=at, actor=DESK)


def may(customer: Customer, permission: str, at: datetime = NOON) -> Reason:
    found = decide(organization_id=customer.organization_id, customer_id=customer.pk, asked=permission, at=at)
    return found.reason


def test_memberships_move_and_grant_to_the_survivor_alone(club: Organization) -> None:
    twin, ada, bystander = make.customer(club), make.customer(club), make.customer(club)
    held = make.membership(make.plan(club, permissions=["pool"]), customer=twin, starts_at=day(-3), ends_at=day(9))
    over = make.membership(make.plan(club, permissions=["gym"]), customer=twin, starts_at=day(-90), ends_at=day(-60))
    other = make.membership(make.plan(club, permissions=["bar"]), customer=bystander, ends_at=day(9))

    survivor = merge(twin, into=ada)

    assert survivor == ada
    assert set(ada.memberships.all()) == {held, over}
    assert ada.memberships.get(pk=held.pk).version == 2
    assert may(ada, "pool") == Reason.GRANTED
    assert may(ada, "gym") == Reason.MEMBERSHIP_EXPIRED
    assert list(bystander.memberships.all()) == [other]


def test_the_old_id_number_and_references_mean_the_survivor(club: Organization) -> None:
    twin = make.customer(club, external_id="crm-7", emails=["old@example.org"], phones=["+447700900123"])
    ada = make.customer(club, emails=["ada@example.org"])
    ref = ids.to_text(Prefix.CUSTOMER, twin.pk)

    merge(twin, into=ada)

    for old in (ref, twin.number, "external:crm-7", "email:old@example.org", "phone:+447700900123"):
        assert customer_by_ref(club, old) == ada
    assert may(twin, "pool") == may(ada, "pool")


def test_who_was_merged_before_is_part_of_the_survivor_too(club: Organization) -> None:
    first, second, third = make.customer(club), make.customer(club), make.customer(club)

    merge(first, into=second)
    merge(second, into=third)

    assert customer_by_ref(club, first.number) == third
    assert Customer.objects.get(pk=first.pk).merged_into == third
    assert set(merged_ids(third)) == {first.pk, second.pk}


def test_addresses_are_united_and_verified_if_either_was(club: Organization) -> None:
    phone = "+447700900001"
    twin = make.customer(club, emails=["Ada@Example.org"], verified_emails=["ada@work.example"], phones=[phone])
    ada = make.customer(club, emails=["ada@example.org", "ADA@work.example"], phones=["+447700900002", phone])

    merge(twin, into=ada)

    assert known(ada).emails == (Email("ada@example.org"), Email("ADA@work.example", verified=True))
    assert known(ada).phones == ("+447700900002", "+447700900001")
    assert known(twin).emails == ()


def test_what_only_one_has_comes_after_what_the_survivor_has(club: Organization) -> None:
    twin = make.customer(club, verified_emails=["one@example.org", "two@example.org"], phones=["+447700900005"])
    ada = make.customer(club, emails=["ada@example.org"])

    merge(twin, into=ada)

    assert [email.address for email in known(ada).emails] == ["ada@example.org", "one@example.org", "two@example.org"]
    assert [email.verified for email in known(ada).emails] == [False, True, True]
    assert known(ada).phones == ("+447700900005",)


def test_what_the_survivor_lacks_is_filled_in_and_consent_is_not(club: Organization) -> None:
    twin = make.customer(club, first_name="Ada", last_name="Ashby")
    Customer.objects.filter(pk=twin.pk).update(marketing_consent=True, locale="fr-FR")
    nameless = make.customer(club, first_name="", last_name="", emails=["ada@example.org"])

    survivor = merge(twin, into=nameless)

    assert survivor.name == "Ada Ashby"
    assert survivor.name_key == "ada ashby"
    assert survivor.locale == "fr-FR"
    assert not survivor.marketing_consent


def test_a_name_that_is_there_stays(club: Organization) -> None:
    twin, ada = make.customer(club, first_name="A.", last_name="Ashbey"), make.customer(club, first_name="Ada")

    assert merge(twin, into=ada).first_name == "Ada"


def test_affiliations_to_one_company_become_one_with_the_earlier_place_for_a_seat(club: Organization) -> None:
    acme, zeta = make.company(club), make.company(club)
    twin, ada, colleague = make.customer(club), make.customer(club), make.customer(club)
    make.affiliation(twin, acme, starts_at=day(-30), ends_at=day(-1), title="Engineer", company_admin=True)
    make.affiliation(colleague, acme, starts_at=day(-20))
    make.affiliation(ada, acme, starts_at=day(-10))
    make.affiliation(twin, zeta, starts_at=day(-5))

    merge(twin, into=ada)

    at_acme = Affiliation.objects.get(customer=ada, company=acme)
    assert (at_acme.starts_at, at_acme.ends_at) == (day(-30), None)
    assert (at_acme.title, at_acme.company_admin) == ("Engineer", True)
    assert at_acme.queue_at == max(at_acme.starts_at, at_acme.recorded_at) == day(-30)
    assert seating(company_id=acme.pk, seats=1, at=NOON).seated(at_acme.queue_at, at_acme.pk)
    assert Affiliation.objects.get(customer=ada, company=zeta).starts_at == day(-5)
    assert not Affiliation.objects.filter(customer=twin).exists()
    assert Affiliation.objects.filter(customer=colleague).count() == 1


def test_what_somebody_is_in_the_company_now_wins(club: Organization) -> None:
    acme, twin, ada = make.company(club), make.customer(club), make.customer(club)
    make.affiliation(twin, acme, starts_at=day(-30), title="Apprentice")
    make.affiliation(ada, acme, starts_at=day(-10), title="Director")

    merge(twin, into=ada)

    assert Affiliation.objects.get(customer=ada).title == "Director"


def test_times_apart_stay_apart_and_touching_ones_are_united(club: Organization) -> None:
    acme, twin, ada = make.company(club), make.customer(club), make.customer(club)
    make.affiliation(twin, acme, starts_at=day(-90), ends_at=day(-80))
    make.affiliation(twin, acme, starts_at=day(-70), ends_at=day(-40))
    make.affiliation(ada, acme, starts_at=day(-40), ends_at=day(-35))
    never = make.affiliation(twin, acme, starts_at=day(-60), ends_at=day(-60))
    make.affiliation(ada, acme, starts_at=day(-65), ends_at=day(-64))

    merge(twin, into=ada)

    spans = Affiliation.objects.filter(customer=ada).order_by("starts_at").values_list("starts_at", "ends_at")
    assert list(spans) == [(day(-90), day(-80)), (day(-70), day(-35)), (day(-60), day(-60))]
    assert Affiliation.objects.get(pk=never.pk).customer == ada


def test_a_later_recording_does_not_get_a_better_seat_by_an_earlier_start(club: Organization) -> None:
    acme, twin, ada = make.company(club), make.customer(club), make.customer(club)
    make.affiliation(twin, acme, starts_at=day(-10), recorded_at=day(-15))
    make.affiliation(ada, acme, starts_at=day(-30), recorded_at=day(-2))

    merge(twin, into=ada)

    united = Affiliation.objects.get(customer=ada)
    assert united.starts_at == day(-30)
    assert united.queue_at == max(united.starts_at, united.recorded_at) == day(-10)


def test_the_timeline_is_one(club: Organization) -> None:
    twin, ada = make.customer(club), make.customer(club)
    ban_customer(customer=twin, reason="Noise", at=day(-3), actor=DESK)
    ban_customer(customer=ada, reason="Noise", at=day(-2), actor=DESK)

    merge(twin, into=ada)

    lines, _ = timeline(club, customer_id=ada.pk, merged_ids=merged_ids(ada))
    assert [line.type for line in lines] == [
        EventType.CUSTOMER_MERGED,
        EventType.CUSTOMER_BANNED,
        EventType.CUSTOMER_BANNED,
    ]
    assert lines[0].data["merged"] == ids.to_text(Prefix.CUSTOMER, twin.pk)


def test_both_holding_a_plan_is_to_be_settled_first(club: Organization) -> None:
    gold = make.plan(club)
    twin, ada = make.customer(club), make.customer(club)
    one = make.membership(gold, customer=twin, ends_at=day(9))
    two = make.membership(gold, customer=ada, starts_at=day(20), ends_at=day(30))

    with pytest.raises(MergeUnsettled) as refused:
        merge(twin, into=ada)

    pair = [ids.to_text(Prefix.MEMBERSHIP, row.pk) for row in (one, two)]
    assert refused.value.extra["memberships"] == [pair]
    assert refused.value.extra["customers"] == [ids.to_text(Prefix.CUSTOMER, row.pk) for row in (twin, ada)]
    assert not Event.objects.exists()
    assert Customer.objects.get(pk=twin.pk).merged_into is None


def test_one_plan_that_one_of_them_had_is_no_obstacle(club: Organization) -> None:
    gold, twin, ada = make.plan(club), make.customer(club), make.customer(club)
    make.membership(gold, customer=twin, starts_at=day(-60), ends_at=day(-30))
    make.membership(gold, customer=ada, ends_at=day(9))

    merge(twin, into=ada)

    assert ada.memberships.count() == 2


@pytest.mark.parametrize("banned", [0, 1])
def test_a_ban_on_one_is_to_be_settled_first(club: Organization, banned: int) -> None:
    pair = [
        make.customer(club, status=CustomerStatus.BANNED if place == banned else CustomerStatus.ACTIVE)
        for place in range(2)
    ]

    with pytest.raises(MergeUnsettled):
        merge(pair[0], into=pair[1])


def test_two_who_are_both_banned_stay_banned(club: Organization) -> None:
    twin, ada = (make.customer(club, status=CustomerStatus.BANNED) for _ in range(2))

    assert merge(twin, into=ada).status == CustomerStatus.BANNED


def test_nobody_is_merged_into_themselves_an_archived_customer_or_twice(club: Organization) -> None:
    ada, away = make.customer(club), make.customer(club, status=CustomerStatus.ARCHIVED)
    gone = make.customer(club, merged_into=ada)

    with pytest.raises(SameCustomer):
        merge(ada, into=ada)
    with pytest.raises(CustomerArchived):
        merge(ada, into=away)
    with pytest.raises(CustomerMerged) as refused:
        merge(gone, into=away)
    assert refused.value.extra["into"] == ids.to_text(Prefix.CUSTOMER, ada.pk)


@time_machine.travel(NOON, tick=False)
def test_merging_over_http_answers_the_survivor(club: Organization, api: Api, stranger: Api) -> None:
    twin, ada = make.customer(club, emails=["ada@example.org"]), make.customer(club)

    foreign = stranger.post(f"/customers/{twin.number}/merge", {"into": ada.number})
    unknown = api.post(f"/customers/{twin.number}/merge", {"into": "CUS-999999"})
    done = api.post(f"/customers/{twin.number}/merge", {"into": ada.number})
    again = api.post(f"/customers/{twin.number}/merge", {"into": ada.number})

    assert (foreign.status, unknown.status, unknown.code) == (404, 404, "customer_not_found")
    assert done.status == 200
    assert done.json["id"] == ids.to_text(Prefix.CUSTOMER, ada.pk)
    assert done.json["emails"] == [{"address": "ada@example.org", "verified": False}]
    assert (again.status, again.code) == (409, "same_customer")
    assert api.get(f"/customers/{twin.number}").json["number"] == ada.number


def test_over_http_too_one_says_whose_fields_win(club: Organization, api: Api) -> None:
    twin = make.customer(club, first_name="Adah", last_name="Okonkwo", emails=["new@example.org"])
    ada = make.customer(club, first_name="Ada", last_name="Obi", emails=["old@example.org"])
    unknown = api.post(f"/customers/{twin.number}/merge", {"into": ada.number, "take": ["photo"]})
    assert unknown.status == 422
    done = api.post(f"/customers/{twin.number}/merge", {"into": ada.number, "take": ["first_name", "emails"]})
    assert (done.json["first_name"], done.json["last_name"]) == ("Adah", "Obi")
    assert [each["address"] for each in done.json["emails"]] == ["new@example.org", "old@example.org"]
    assert set(get_args(Taken)) == set(TAKEN)


@time_machine.travel(NOON, tick=False)
def test_a_merge_that_is_refused_shows_both(club: Organization, api: Api) -> None:
    gold, twin, ada = make.plan(club), make.customer(club), make.customer(club)
    for person in (twin, ada):
        make.membership(gold, customer=person, ends_at=day(9))

    refused = api.post(f"/customers/{twin.number}/merge", {"into": ada.number})

    assert (refused.status, refused.code) == (409, "merge_unsettled")
    assert len(refused.json["memberships"][0]) == len(refused.json["customers"]) == 2
