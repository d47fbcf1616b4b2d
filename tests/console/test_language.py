"""The console speaks the language of whoever asks, as far as it has it."""

import pytest
from django.test import Client

from tessera.console import language
from tests import make
from tests.console.visitor import working_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def german_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "SPOKEN", frozenset({"en", "de", "fr"}))


def spoken(client: Client, address: str = "/console/signin", accepts: str = "") -> str:
    page = client.get(address, headers={"Accept-Language": accepts} if accepts else {}).content.decode()
    return page.partition('<html lang="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("accepts", "said"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"), ("fr;q=0.4, de;q=0.8", "de"), ("pt-BR,pt", "en"), ("", "en"),
        ("xx;q=nonsense,fr", "fr"), ("de;q=0.1,en", "en"),
    ],
)  # fmt: skip
def test_a_stranger_is_spoken_to_as_their_browser_says(accepts: str, said: str) -> None:
    assert spoken(Client(), accepts=accepts) == said


def test_a_person_is_spoken_to_as_they_chose_whatever_the_browser_says() -> None:
    staff = make.staff(make.organization())
    staff.user.locale = "fr-FR"
    staff.user.save()
    client = Client()
    client.force_login(staff.user)
    assert spoken(client, "/console/account", accepts="de") == "fr"


def test_without_either_the_organization_speaks_its_own() -> None:
    club = make.organization(locale="de-DE")
    client = Client()
    client.force_login(make.staff(club).user)
    address = f"/console/{club.slug}/customers"
    assert spoken(client, address) == "de"
    assert spoken(client, address, accepts="en-GB") == "en"


def test_what_will_happen_is_written_with_the_days_of_whoever_reads_it() -> None:
    club = make.organization(test_now=make.JAN_10, locale="en-GB")
    visitor = working_for(club)
    assert visitor.staff is not None
    visitor.staff.user.locale = "de-DE"
    visitor.staff.user.save()
    ada = make.customer(club, first_name="Ada", last_name="Okonkwo")
    held = make.membership(make.plan(club, "Gold"), customer=ada, ends_at=make.FEB_10)
    said = visitor.get("membership_extend", held, last_day="2026-03-31").words
    assert "31. März" in said
    assert "31 Mar" not in said
    visitor.post("membership_extend", held, last_day="2026-03-31")
    assert "Sa., 10. Jan. 2026" in visitor.get("customer_timeline", ada).words
    assert "Sa., 10. Jan. 2026" in visitor.get("membership", held).words


def test_what_is_not_translated_is_not_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "SPOKEN", frozenset({"en"}))
    assert spoken(Client(), accepts="de") == "en"


@pytest.mark.parametrize("address", ["/join/nowhere/", "/portal/nowhere/at/all", "/console/nowhere/at/all/x"])
def test_where_there_is_nothing_it_is_said_as_the_browser_speaks(address: str) -> None:
    assert Client().get(address).status_code == 404
    assert spoken(Client(), address, accepts="de") == "de"
    assert spoken(Client(), address) == "en"
