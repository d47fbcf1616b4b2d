"""Two records side by side: found, compared, chosen from, and merged once."""

import pytest

from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tests import make
from tests.console.visitor import Visitor

pytestmark = pytest.mark.django_db


def pair(owner: Visitor) -> tuple[Customer, Customer]:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo", emails=["ada@x.example"])
    twin = make.customer(owner.club, first_name="Adah", last_name="Okonkwo", emails=["ada@x.example"])
    return ada, twin


def test_likely_duplicates_are_listed_with_what_they_have_in_common(owner: Visitor) -> None:
    ada, twin = pair(owner)
    page = owner.get("customer_merge", ada)
    assert "Adah Okonkwo" in page.words
    assert "same e-mail" in page.words
    assert f"with={twin.number}" in page.text
    assert "No other record looks like this one" in owner.get("customer_merge", make.customer(owner.club)).words


def test_both_are_shown_and_what_is_chosen_survives(owner: Visitor) -> None:
    ada, twin = pair(owner)
    make.membership(make.plan(owner.club, "Gold", permissions=["pool"]), customer=twin)
    page = owner.get("customer_merge", ada, **{"with": twin.number})
    assert "Ada Okonkwo gains Pool at once." in page.words
    assert "With them: 1 membership." in page.words
    assert "This cannot be undone." in page.words
    assert page.queries == owner.get("customer_merge", ada, **{"with": twin.number}).queries
    told = {"with": twin.number, "version": page.value("version"), "field-first_name": "other"}
    done = owner.post("customer_merge", ada, **told)
    assert done.location == owner.address("customer", ada)
    ada.refresh_from_db()
    twin.refresh_from_db()
    assert (ada.first_name, twin.merged_into_id) == ("Adah", ada.pk)
    assert "<title>Adah Okonkwo" in owner.get("customer", twin).text


def test_sent_twice_it_merges_once_and_says_so(owner: Visitor) -> None:
    ada, twin = pair(owner)
    told = {"with": twin.number, "version": f"{ada.version}.{twin.version}"}
    owner.post("customer_merge", ada, **told)
    again = owner.post("customer_merge", ada, **told)
    assert again.status == 422
    assert "That is this record itself" in again.words
    assert Customer.objects.filter(merged_into=ada).count() == 1


def test_what_stands_in_the_way_is_shown_with_where_to_settle_it(owner: Visitor) -> None:
    ada, twin = pair(owner)
    gold = make.plan(owner.club, "Gold")
    both = [make.membership(gold, customer=each) for each in (ada, twin)]
    page = owner.get("customer_merge", ada, **{"with": twin.number})
    assert "Both have Gold running. End one of the two first." in page.words
    for membership in both:
        assert owner.address("membership", membership) in page.text
    assert "Merge CUS" not in page.words


def test_a_ban_on_one_is_settled_first(owner: Visitor) -> None:
    ada, twin = pair(owner)
    twin.status, twin.ban_reason = CustomerStatus.BANNED, "Broke a window"
    twin.save()
    page = owner.get("customer_merge", ada, **{"with": twin.number})
    assert "is banned and the other is not" in page.words
    assert owner.address("customer", twin) in page.text


def test_a_change_meanwhile_is_refused_and_shows_both_as_they_are_now(owner: Visitor) -> None:
    ada, twin = pair(owner)
    version = owner.get("customer_merge", ada, **{"with": twin.number}).value("version")
    owner.post("customer_edit", twin, first_name="Later", last_name="Okonkwo", version=1)
    page = owner.post("customer_merge", ada, **{"with": twin.number, "version": version})
    assert page.status == 422
    assert "changed meanwhile" in page.words
    assert "Later" in page.words
    twin.refresh_from_db()
    assert twin.merged_into_id is None


@pytest.mark.parametrize("who", ["", "Nobody At All", "CUS-999999"])
def test_nobody_meant_is_said_at_the_field(owner: Visitor, who: str) -> None:
    ada, _twin = pair(owner)
    page = owner.get("customer_merge", ada, **{"with": who})
    assert page.status == (422 if who else 200)
    assert ("Nobody here goes by that" in page.words) is bool(who)


def test_another_organizations_record_is_nobody(owner: Visitor) -> None:
    ada, _twin = pair(owner)
    stranger = make.customer(make.organization(), number="CUS-777777")
    assert "Nobody here goes by that" in owner.get("customer_merge", ada, **{"with": stranger.number}).words
    assert owner.get("customer_merge", stranger).status == 404


def test_likely_duplicates_of_everybody_lead_to_their_comparison(owner: Visitor) -> None:
    ada, twin = pair(owner)
    page = owner.get("duplicates")
    assert "ada@x.example" in page.words
    assert f"{owner.address('customer_merge', ada)}?with={twin.number}" in page.text
    assert page.queries <= 12
    assert "No two records look alike" in owner.get("duplicates", by="phone").words
    assert "No two records look alike" in owner.get("duplicates", by="name_and_birthday").words
    assert owner.get("duplicates", by="nonsense", after="zz").status == 200
