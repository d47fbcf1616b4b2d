"""What is refused is said in the language of whoever reads it: in drawers, on pages, in lists of what was kept."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from tessera.events.types import Actor
from tessera.memberships import bulk
from tessera.memberships.types import BulkAction
from tessera.people.models import Customer
from tessera.transfer import blocks
from tessera.transfer.models import Import
from tests import make
from tests.console.visitor import Visitor, ref
from tests.memberships.desk import london

pytestmark = pytest.mark.django_db


@pytest.fixture
def german(owner: Visitor) -> Visitor:
    """The owner, who reads German."""
    assert owner.staff is not None
    owner.staff.user.locale = "de-DE"
    owner.staff.user.save()
    return owner


@pytest.fixture
def ada(german: Visitor) -> Customer:
    return make.customer(german.club, first_name="Ada", last_name="Okonkwo")


def test_in_a_drawer_with_the_name_as_it_is_written(german: Visitor, ada: Customer) -> None:
    plan = make.plan(german.club, "swim & gym")
    make.membership(plan, customer=ada)
    page = german.post("customer_assign", ada, htmx=True, price=ref(plan.prices.get()), once="other")
    assert page.status == 422
    assert "Eine Mitgliedschaft von „swim & gym“ gibt es schon." in page.words


def test_with_an_instant_in_the_clubs_zone(german: Visitor, ada: Customer) -> None:
    held = make.membership(make.plan(german.club), customer=ada, ends_at=london("2026-06-01"))
    page = german.post("membership_extend", held, htmx=True, last_day="2026-03-31")
    assert page.status == 422
    assert "Das Ende muss später sein als Mo., 1. Juni 2026, 00:00." in page.words


def test_on_a_page_of_its_own(german: Visitor, ada: Customer) -> None:
    assert german.staff is not None
    page = german.post("staff_disable", german.staff)
    assert page.status == 409
    assert "Die Organisation hätte keinen Inhaber mehr" in page.words


def test_in_what_was_kept_of_an_import(german: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HOME", tmp_path)
    file = SimpleUploadedFile("people.csv", b"First;Mail\nBo;nobody\n")
    german.post("import_new", kind="customers", file=file)
    row = Import.objects.get()
    german.post("import_columns", row, **{"column.first_name": "0", "column.email": "1", "policy": "skip"})
    while blocks.advance(row.pk):
        pass
    assert "„nobody“ ist keine E-Mail-Adresse wie ada@example.org." in german.get("import", row).words
    left_out = b"".join(german.client.get(german.address("import_left_out", row)).streaming_content).decode()  # type: ignore[attr-defined]
    heads, row_left_out = left_out.splitlines()
    assert heads.endswith('"Zeile";"Ergebnis";"Code";"Feld";"was richtig wäre"')
    assert row_left_out.startswith('"Bo";"nobody";"2";"abgelehnt";"email_invalid";"emails";')
    assert "„nobody“ ist keine E-Mail-Adresse wie ada@example.org" in row_left_out


def test_in_what_was_kept_of_a_bulk_run(german: Visitor, ada: Customer) -> None:
    assert german.staff is not None
    plan = make.plan(german.club, "Gold")
    make.membership(plan, customer=ada)
    run = bulk.start(
        organization=german.club,
        action=BulkAction.ASSIGN,
        arguments={"price": ref(plan.prices.get())},
        customer_ids=[ada.pk],
        which=None,
        at=make.JAN_10,
        actor=Actor.system("test"),
    )
    bulk.carry_on(run_id=run.pk, at=make.JAN_10, seconds=60)
    ((_, refused),) = bulk.refusals(organization=german.club, run_id=run.pk, limit=9)
    assert refused.reason == "there is a membership of Gold already"
    assert "Eine Mitgliedschaft von „Gold“ gibt es schon." in german.get("bulk_run", run).words


def test_in_the_explanation_of_a_decision(german: Visitor, ada: Customer) -> None:
    make.membership(make.plan(german.club, "Gold", permissions=["pool"]), customer=ada, ends_at=london("2026-04-01"))
    page = german.get("check", who=ada.number, permission="pool")
    assert "Gewährt durch den eigenen Plan „Gold“, bis Di., 31. März 2026." in page.words
    page = german.get("check", who=ada.number, permission="pool", moment="2026-05-01T12:00")
    assert "Der Plan „Gold“ endete am Di., 31. März 2026." in page.words
