"""Linking a pasted list, unlinking several, and a company whose seats do not go round."""

import pytest

from tessera.people.models import Affiliation
from tests import make
from tests.console.test_profiles import undo
from tests.console.visitor import Visitor, ref

pytestmark = pytest.mark.django_db


def test_a_list_is_said_line_by_line_before_anything_happens(owner: Visitor) -> None:
    acme = make.company(owner.club, "Acme Ltd")
    make.membership(make.plan(owner.club, "Corporate", seats=1), company=acme)
    make.customer(owner.club, first_name="Ada", last_name="Known", emails=["ada@x.example"])
    text = "Grace Hopper <grace@x.example>\nada@x.example\nno address\nada@x.example"
    page = owner.post("company_paste", acme, text=text)
    assert page.status == 200
    assert "1 known, will be linked 1 new customer 1 repeated 1 not readable" in page.words
    assert "1 person will be over the limit: Corporate has 1 seats, 0 of them taken." in page.words
    assert "Link 2 people" in page.words
    assert not Affiliation.objects.exists()

    told = {"text": text, "do": "link", "once": page.value("once")}
    first, second = owner.post("company_paste", acme, **told), owner.post("company_paste", acme, **told)
    assert first.location == second.location == owner.address("company", acme)
    assert Affiliation.objects.count() == 2
    assert "2 people linked to Acme Ltd. 1 of them is new here." in owner.get("company", acme).words
    again = owner.post("company_paste", acme, text=text)
    assert "There is nobody to link in this list." in again.words


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "This field is required."),
        ("Ada Lovelace", "There is no e-mail address in this."),
        ("\n".join(f"p{number}@x.example" for number in range(501)), "At most 500 at once, and these are 501."),
    ],
)
def test_a_list_that_cannot_be_read_is_kept_and_refused(owner: Visitor, text: str, says: str) -> None:
    acme = make.company(owner.club)
    page = owner.post("company_paste", acme, text=text)
    assert page.status == 422
    assert says in page.words
    assert text in page.text


def test_several_are_unlinked_at_once_with_what_each_loses_and_undone(owner: Visitor) -> None:
    acme = make.company(owner.club, "Acme Ltd")
    make.membership(make.plan(owner.club, permissions=["pool"]), company=acme)
    people = [make.employee(acme) for _ in range(3)]
    other = make.employee(acme)
    make.membership(make.plan(owner.club, permissions=["pool"]), customer=people[0])
    who = "&".join(f"who={ref(each)}" for each in people)
    asked = owner.open(f"{owner.address('unlink_several', acme)}?{who}")
    assert "Unlink 3 people from Acme Ltd" in asked.words
    assert f"{people[1].name} loses Pool at once." in asked.words
    assert "1 of them loses nothing." in asked.words
    owner.client.post(owner.address("unlink_several", acme), {"who": [ref(each) for each in people]})
    current = Affiliation.objects.filter(ends_at=None)
    assert [each.customer_id for each in current] == [other.pk]
    assert "3 people belong to Acme Ltd as before." in undo(owner).words
    assert current.all().count() == 4


def test_unlinking_nobody_changes_nothing_and_a_strangers_is_not_found(owner: Visitor) -> None:
    acme = make.company(owner.club)
    stranger = make.customer(make.organization())
    assert owner.get("unlink_several", acme).location == owner.address("company", acme)
    assert owner.get("unlink_several", acme, who=ref(stranger)).status == 404
    assert owner.get("unlink_several", acme, who="cus_nonsense").status == 404


def test_an_undone_unlink_does_nothing_twice(owner: Visitor) -> None:
    acme = make.company(owner.club)
    ada = make.employee(acme)
    owner.post("unlink", acme, ada)
    Affiliation.objects.update(ends_at=None)
    assert "There was nothing to undo any more." in undo(owner).words


def test_who_finds_the_seats_taken_is_listed_with_what_to_do(owner: Visitor) -> None:
    acme = make.company(owner.club, "Acme Ltd")
    corporate = make.membership(make.plan(owner.club, "Corporate", permissions=["pool"], seats=2), company=acme)
    people = [make.employee(acme) for _ in range(5)]
    page = owner.get("company", acme)
    assert "3 people who belong to it inherit nothing of Corporate: its 2 seats are taken." in page.words
    assert owner.address("membership_seats", corporate) in page.text
    over = owner.get("company", acme, people="over")
    assert people[1].name not in over.words
    assert all(each.name in over.words for each in people[2:])
    assert "Pool Corporate" in page.words


def test_people_of_a_company_are_searched(owner: Visitor) -> None:
    acme = make.company(owner.club)
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo", emails=["boss@x.example"])
    make.affiliation(ada, acme)
    make.employee(acme)
    make.customer(owner.club, first_name="Ada", last_name="Outsider")
    for q in ("oko", "boss@", ada.number):
        page = owner.get("company", acme, q=q)
        assert "Ada Okonkwo" in page.words
        assert "Outsider" not in page.words
        assert page.words.count("has a seat") + page.text.count('name="who"') == 1
    assert "Nobody here goes by “zzz”." in owner.get("company", acme, q="zzz").words
