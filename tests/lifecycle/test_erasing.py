"""What was known of a customer is forgotten for good; what they held stays true, and names nobody."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.http.scopes import Scope
from tessera.lifecycle.archive import archive_customer, restore_customer
from tessera.lifecycle.erasing import erase_customer
from tessera.lifecycle.errors import MembershipsRunning
from tessera.lifecycle.merge import merge_customer
from tessera.memberships import granting, inheritance, seats
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.people import contacts, notes, own_data, portraits, queries, references
from tessera.people.errors import CustomerErased, CustomerMerged, CustomerNotFound
from tessera.people.models import Affiliation, Customer
from tessera.people.services import ban_customer, create_customer, update_customer
from tessera.people.types import CustomerStatus, Email, Source, Via
from tests import make
from tests.http.client import Api

pytestmark = pytest.mark.django_db
DESK = Actor.system("tests")
NOON = make.JAN_10
OVER: dict[str, Any] = {"starts_at": NOON - timedelta(days=60), "ends_at": NOON - timedelta(days=30)}


def erased(person: Customer) -> Customer:
    return erase_customer(customer=person, at=NOON, actor=DESK)


def happened(club: Organization) -> list[str]:
    return list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", flat=True))


def test_their_number_stays_and_stands_for_them_in_every_language(club: Organization) -> None:
    ada = erased(make.customer(club, first_name="Ada", emails=["ada@example.org"], number="CUS-000042"))
    assert ada.name == "Erased customer CUS-000042"
    assert (ada.status, ada.erased_at) == (CustomerStatus.ARCHIVED, NOON)
    assert references.customer_by_ref(club, "CUS-000042") == ada
    with pytest.raises(CustomerNotFound):
        references.customer_by_ref(club, "email:ada@example.org")
    (line,) = Event.objects.filter(organization=club)
    assert (line.type, line.customer_id, line.data) == ("customer.erased", ada.pk, {"asked_at": None, "merged": []})


def test_what_they_held_stays_and_who_is_found_is_not_them(club: Organization) -> None:
    gold = make.plan(club)
    ada, bea = make.customer(club, last_name="Okonkwo"), make.customer(club, last_name="Okonkwo")
    over = make.membership(gold, customer=ada, **OVER)
    erased(ada)
    assert Membership.objects.get(pk=over.pk).customer_id == ada.pk
    assert [each.id for each in queries.customers(club, q="okonkwo").data] == [bea.pk]
    assert [each.id for each in queries.customers(club, q=ada.number).data] == [ada.pk]


def test_whoever_still_holds_something_is_not_erased(club: Organization) -> None:
    gold, ada = make.plan(club), make.customer(club, first_name="Ada")
    running = make.membership(gold, customer=ada)
    with pytest.raises(MembershipsRunning) as refusal:
        erased(ada)
    assert refusal.value.extra["memberships"] == [ids.to_text(Prefix.MEMBERSHIP, running.pk)]
    ada.refresh_from_db()
    assert (ada.first_name, ada.erased_at) == ("Ada", None)
    assert happened(club) == []


def test_they_leave_their_companies_those_to_come_too_and_free_their_seat(club: Organization) -> None:
    acme, other = make.company(club), make.company(club)
    team = make.membership(make.plan(club, seats=1), company=acme)
    ada, bea = make.customer(club), make.customer(club)
    inheritance.join_company(customer=ada, company=acme, at=NOON, actor=DESK, via=Via.STAFF, ends_at=make.FEB_10)
    inheritance.join_company(customer=ada, company=acme, at=NOON, actor=DESK, via=Via.STAFF, starts_at=make.FEB_10)
    inheritance.join_company(customer=ada, company=other, at=NOON, actor=DESK, via=Via.STAFF, starts_at=make.FEB_10)
    make.affiliation(bea, acme)

    erased(ada)

    (left,) = Affiliation.objects.filter(customer=ada)
    assert (left.company_id, left.ends_at) == (acme.pk, NOON)
    assert happened(club)[3:] == ["affiliation.ended", "affiliation.ended", "affiliation.ended", "customer.erased"]
    assert seats.boundaries(acme.pk, (), NOON)[0] == 1
    assert team.seats is None


def test_done_again_it_does_nothing(club: Organization) -> None:
    ada = make.customer(club)
    first, again = erased(ada), erased(ada)
    assert (first.version, first.erased_at) == (again.version, again.erased_at)
    assert happened(club) == ["customer.erased"]


def test_a_record_that_was_merged_goes_with_the_survivor_and_not_by_itself(club: Organization) -> None:
    ada, twin = make.customer(club), make.customer(club, display_name="Ada's twin", external_id="crm-2")
    merge_customer(customer=twin, into=ada, at=NOON, actor=DESK)
    with pytest.raises(CustomerMerged):
        erased(twin)
    erased(ada)
    twin.refresh_from_db()
    assert (twin.display_name, twin.external_id, twin.merged_into_id, twin.erased_at) == ("", None, ada.pk, NOON)
    assert references.customer_by_ref(club, twin.number) == ada


def test_a_ban_is_forgotten_and_whoever_comes_back_is_somebody_new(club: Organization) -> None:
    ada = make.customer(club, emails=["ada@example.org"], status=CustomerStatus.BANNED)
    assert erased(ada).ban_reason == ""
    again = create_customer(organization=club, at=NOON, actor=DESK, emails=[Email("ada@example.org", verified=True)])
    assert (again.status, again.pk == ada.pk) == (CustomerStatus.ACTIVE, False)


def test_an_address_that_somebody_else_has_too_stays_theirs(club: Organization) -> None:
    ada, bea = (make.customer(club, emails=["family@example.org"]) for _ in range(2))
    erased(ada)
    assert [each.address for each in contacts.emails_of(bea)] == ["family@example.org"]


def test_nothing_more_is_done_with_them(club: Organization) -> None:
    gold, acme, other = make.plan(club), make.company(club), make.customer(club)
    lapsed = make.membership(gold, customer=(ada := make.customer(club)), **OVER)
    ada = erased(ada)
    ada.organization = club
    refused: list[Callable[[], object]] = [
        lambda: update_customer(customer=ada, at=NOON, actor=DESK, first_name="Ada"),
        lambda: ban_customer(customer=ada, reason="no", at=NOON, actor=DESK),
        lambda: archive_customer(customer=ada, at=NOON, actor=DESK),
        lambda: restore_customer(customer=ada, at=NOON, actor=DESK),
        lambda: merge_customer(customer=ada, into=other, at=NOON, actor=DESK),
        lambda: merge_customer(customer=other, into=ada, at=NOON, actor=DESK),
        lambda: granting.grant(organization=club, plan=gold, holder=ada, at=NOON, actor=DESK, source=Source.STAFF),
        lambda: inheritance.join_company(customer=ada, company=acme, at=NOON, actor=DESK, via=Via.STAFF),
        lambda: notes.write_note(about=ada, text="no", at=NOON, actor=DESK),
        lambda: portraits.remove_photo(customer=ada, at=NOON, actor=DESK),
        lambda: own_data.ask_deletion(customer=ada, at=NOON, actor=DESK),
    ]
    for verb in refused:
        with pytest.raises(CustomerErased):
            verb()
    assert lapsed.customer_id == ada.pk
    assert happened(club) == ["customer.erased"]


def test_the_database_itself_lets_nobody_write_anything_of_them(club: Organization) -> None:
    ada = erased(make.customer(club))
    for told in ({"first_name": "Ada"}, {"external_id": "crm-1"}, {"status": CustomerStatus.ACTIVE}, {"locale": "de"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Customer.objects.filter(pk=ada.pk).update(**told)


class TestOverHttp:
    def test_it_is_done_once_and_answers_alike_when_repeated(self, club: Organization, api: Api) -> None:
        ada = make.customer(club, first_name="Ada", emails=["ada@example.org"])
        assert [api.call("DELETE", f"/customers/{ada.number}").status for _ in range(2)] == [204, 204]
        told = api.get(f"/customers/{ada.number}").json
        assert (told["name"], told["display_name"], told["emails"]) == (f"Erased customer {ada.number}", "", [])
        assert told["status"] == "archived"
        assert told["erased_at"] > told["created_at"]
        assert api.call("DELETE", "/customers/email:ada@example.org").code == "customer_not_found"
        assert happened(club) == ["customer.erased"]

    def test_running_memberships_are_named(self, club: Organization, api: Api) -> None:
        ada = make.customer(club)
        make.membership(make.plan(club), customer=ada)
        answer = api.call("DELETE", f"/customers/{ada.number}")
        assert (answer.status, answer.code, len(answer.json["memberships"])) == (409, "memberships_running", 1)

    def test_whoever_is_gone_is_refused_by_name(self, club: Organization, api: Api) -> None:
        ada, gold = make.customer(club), make.plan(club)
        make.membership(gold, customer=ada, **OVER)
        erased(ada)
        at = f"/customers/{ada.number}"
        assert api.patch(at, {"first_name": "Ada"}).code == "customer_erased"
        assert api.post(f"{at}/restore").code == "customer_erased"
        held = api.get(f"{at}/memberships").json["data"]
        assert [each["holder"]["name"] for each in held] == [f"Erased customer {ada.number}"]
        assert api.get(f"{at}/timeline").json["data"][0]["type"] == "customer.erased"

    def test_a_key_of_its_own_is_needed_and_the_desk_cannot_give_it(self, club: Organization, stranger: Api) -> None:
        ada = make.customer(club)
        without = Api(make.key(club, [each for each in Scope if each is not Scope.CUSTOMERS_ERASE])[1])
        desk = Api(make.key(club, [Scope.CUSTOMERS_ERASE], made_by=make.staff(club, Role.FRONT_DESK))[1])
        for each in (without, desk):
            assert each.call("DELETE", f"/customers/{ada.number}").code == "scope_missing"
        assert stranger.call("DELETE", f"/customers/{ids.to_text(Prefix.CUSTOMER, ada.pk)}").status == 404
        manager = Api(make.key(club, [Scope.CUSTOMERS_ERASE], made_by=make.staff(club, Role.MANAGER))[1])
        assert manager.call("DELETE", f"/customers/{ada.number}").status == 204
