"""Details, consents, the e-mail address, a copy of the record, and the wish to be deleted."""

import json

import pytest

from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.http import limits
from tessera.lifecycle.erasing import erase_customer
from tessera.organizations.models import Organization
from tessera.people import own_data
from tessera.people.models import Customer, CustomerEmail, DeletionRequest
from tessera.people.types import CustomerStatus
from tessera.signup.models import Answer
from tessera.signup.types import Kind
from tests import make
from tests.portal.member import Browser, signed_in

pytestmark = pytest.mark.django_db
FILLED = {
    "first_name": "Ada", "last_name": "Byron", "display_name": "",
    "phones": "+44 20 7946 0000", "birthday": "1990-02-28",
    "locale": "fr",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nobody_counted() -> None:
    limits.forget_everyone()


def told(club: Organization) -> list[str]:
    return list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", flat=True))[1:]


@pytest.mark.parametrize(
    ("noted", "called"), [("en-GB", "English (United Kingdom)"), ("xx-YY", "xx-YY"), ("de", "Deutsch")]
)
def test_a_language_that_staff_noted_has_a_name_and_stays(club: Organization, noted: str, called: str) -> None:
    ada = make.customer(club)
    Customer.objects.filter(pk=ada.pk).update(locale=noted)
    page = signed_in(ada).get("/details")
    assert page.text.count(f'value="{noted}" selected') == 1
    assert f">{called}</option>" in page.text
    signed_in(ada).follow("/details", **FILLED | {"locale": noted})
    ada.refresh_from_db()
    assert ada.locale == noted


def test_details_are_changed_by_whose_they_are(club: Organization) -> None:
    ada, bystander = make.customer(club), make.customer(club)
    page = signed_in(ada).follow("/details", **FILLED)
    assert 'role="status"' in page.text
    ada.refresh_from_db()
    assert (ada.name, str(ada.birthday), ada.locale) == ("Ada Byron", "1990-02-28", "fr")
    assert ada.phones.get().number == "+442079460000"
    assert Event.objects.get(type="customer.updated").actor.startswith("customer:cus_")
    assert Customer.objects.get(pk=bystander.pk).version == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phones", "not a phone"),
        ("birthday", "28.2.1990"),
        ("birthday", "2999-01-01"),
        ("locale", "xx"),
        ("first_name", "n" * 10_000),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_the_rest_is_kept(
    club: Organization, field: str, value: str
) -> None:
    ada = make.customer(club)
    answer = signed_in(ada).post("/details", **{**FILLED, field: value})
    assert answer.status == 422
    assert 'class="error"' in answer.text
    assert 'value="Byron"' in answer.text
    ada.refresh_from_db()
    assert ada.last_name != "Byron"


def test_a_refusal_is_in_the_language_of_who_reads_it(club: Organization) -> None:
    ada = make.customer(club)
    Customer.objects.filter(pk=ada.pk).update(locale="de")
    answer = signed_in(ada).post("/details", **FILLED | {"first_name": "n" * 1_000})
    assert answer.status == 422
    assert "Höchstens 200 Zeichen, nicht 1.000." in answer.words


def test_the_address_is_changed_by_a_code_that_goes_to_the_new_one(club: Organization) -> None:
    ada = make.customer(club, verified_emails=["old@member.example"])
    browser = signed_in(ada)
    page = browser.follow("/details/email", do="address", address="new@member.example")
    assert "Look into your mail" in page.words
    wrong = browser.post("/details/email", do="code", code="12")
    assert (wrong.status, CustomerEmail.objects.get().address) == (422, "old@member.example")
    page = browser.follow("/details/email", do="code", code=browser.code("new@member.example"))
    assert "Your e-mail address is changed." in page.words
    email = CustomerEmail.objects.get()
    assert (email.address, email.verified_at) == ("new@member.example", make.JAN_10)


def test_an_address_that_somebody_else_has_verified_is_not_taken(club: Organization) -> None:
    make.customer(club, verified_emails=["bea@member.example"])
    ada = make.customer(club, verified_emails=["ada@member.example"])
    browser = signed_in(ada)
    browser.post("/details/email", do="address", address="bea@member.example")
    answer = browser.post("/details/email", do="code", code=browser.code("bea@member.example"))
    assert (answer.status, "somebody else's" in answer.words) == (422, True)
    assert ada.emails.get().address == "ada@member.example"


def test_other_addresses_are_removed_and_the_first_one_stays(club: Organization) -> None:
    ada = make.customer(club, verified_emails=["a@member.example", "b@member.example"])
    browser = signed_in(ada)
    browser.post("/details/email/remove", address="B@member.example")
    browser.post("/details/email/remove", address="a@member.example")
    assert ada.emails.get().address == "a@member.example"


def test_consents_are_taken_back_and_what_was_said_stays_as_evidence(club: Organization) -> None:
    ada, bea = make.customer(club), make.customer(club)
    asked = make.question(club, "I agree to photos", kind=Kind.CONSENT, required=True)
    for person in (ada, bea):
        Answer.objects.create(
            organization=club, customer=person, wording=asked.wordings.get(), value="yes", answered_at=make.JAN_10
        )
    browser = signed_in(ada)
    page = browser.get("/details")
    ref = next(each for each in page.text.split('"') if each.startswith("que_"))
    for _ in range(2):
        browser.post("/details/consent", question=ref, agreed="no")
    values = Answer.objects.filter(customer=ada).order_by("id").values_list("value", flat=True)
    assert list(values) == ["yes", "no"]
    assert Answer.objects.get(customer=bea).value == "yes"
    assert told(club) == ["questions.answered"]
    browser.post("/details/consent", question="marketing", agreed="yes")
    ada.refresh_from_db()
    assert ada.marketing_consent is True
    never = make.question(club, "Another", kind=Kind.CONSENT)
    from_nowhere = f"que_{'0' * 26}"
    assert browser.post("/details/consent", question=from_nowhere, agreed="yes").status == 404
    assert never.wordings.exists()


def test_a_copy_has_everything_of_the_person_and_nothing_of_others_or_the_staffs(club: Organization) -> None:
    ada, eve = make.customer(club, phones=["+442079460000"], tags=["troublesome"]), make.customer(club)
    acme = make.company(club)
    make.affiliation(ada, acme)
    make.note(ada, text="Prefers the window")
    mine = make.membership(make.plan(club), customer=ada)
    make.membership(make.plan(club, "Theirs"), customer=eve)
    browser = signed_in(ada)
    answer = browser.post("/data/download")

    assert answer.headers["Content-Disposition"].startswith("attachment;")
    found = json.loads(answer.text)
    assert found["customer"]["number"] == ada.number
    assert found["customer"]["phones"] == ["+442079460000"]
    assert found["companies"][0]["company_name"] == acme.name
    assert [each["plan"]["name"] for each in found["memberships"]] == [mine.terms.get().plan.name]
    assert len(found["memberships"][0]["terms"]) == 1
    assert {"customer.signed_in", "customer.data_downloaded"} <= {each["type"] for each in found["events"]}
    for secret in ("window", "troublesome", "Theirs", eve.number, "stf_"):
        assert secret not in answer.text, secret
    assert told(club) == ["customer.data_downloaded"]


def test_copies_are_limited_and_looking_gives_none(club: Organization) -> None:
    browser = signed_in(make.customer(club))
    assert browser.get("/data/download").location.endswith("/data")
    assert [browser.post("/data/download").status for _ in range(6)] == [200] * 5 + [429]


def test_who_asks_to_be_deleted_is_shown_to_staff_until_they_take_it_back(club: Organization) -> None:
    ada = make.customer(club)
    browser = signed_in(ada)
    browser.follow("/data/deletion", wish="delete")
    page = browser.follow("/data/deletion", wish="delete")
    assert "You have asked to be deleted" in page.words
    assert "You have asked to be deleted." in browser.get("").words
    assert [each.name for each in own_data.waiting(club, limit=5)] == [ada.name]
    assert DeletionRequest.objects.count() == 1
    for _ in range(2):
        browser.follow("/data/deletion", wish="stay")
    assert own_data.waiting(club, limit=5) == []
    assert told(club) == ["customer.deletion_asked", "customer.deletion_withdrawn"]


def test_a_wish_follows_a_merge_and_is_over_once_the_person_is_erased(club: Organization) -> None:
    ada, kept = make.customer(club), make.customer(club)
    signed_in(ada).post("/data/deletion", wish="delete")
    ada.merged_into = kept
    ada.save()
    assert [each.customer_id for each in own_data.waiting(club, limit=5)] == [kept.pk]
    assert own_data.asked_at(kept) == make.JAN_10
    kept.status = CustomerStatus.ARCHIVED
    kept.save()
    assert [each.customer_id for each in own_data.waiting(club, limit=5)] == [kept.pk]
    erase_customer(customer=kept, at=make.JAN_10, actor=Actor.system("tests"))
    assert own_data.waiting(club, limit=5) == []
    assert Event.objects.get(type="customer.erased").data["asked_at"] == "2026-01-10T12:00:00Z"


def test_nobody_waits_at_another_organization(club: Organization) -> None:
    signed_in(make.customer(club)).post("/data/deletion", wish="delete")
    assert own_data.waiting(make.organization("Elsewhere", test_now=make.JAN_10), limit=5) == []
    assert Browser(club).get("/data").status == 302
