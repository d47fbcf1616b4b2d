"""Lists as files: whole, of one instant, harmless to spreadsheets, in the log, and gone after a day."""

import csv
import io
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from tessera.core import clock, ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tessera.transfer import exporting, queries, tasks
from tessera.transfer.errors import ExportNotFound, ListUnknown
from tessera.transfer.lists import LISTS
from tessera.transfer.models import Export, Import, ImportBlock
from tessera.transfer.types import Kind
from tests import make
from tests.transfer.files import ACTOR, UPDATE, checked, counts, imported

pytestmark = pytest.mark.django_db


def exported(club: Organization, name: str = "customers", **told: object) -> str:
    """The text of a list as a file."""
    asked = {"filters": {}, "selection": None, "excel": False, **told}
    row = exporting.request(organization=club, name=name, at=make.JAN_10, actor=ACTOR, **asked)  # type: ignore[arg-type]
    tasks.write_export.call(str(row.pk))
    with exporting.download(organization=club, export_id=row.pk, at=make.JAN_10, actor=ACTOR) as file:
        return file.read().decode()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_list_can_be_exported_and_holds_nothing_of_others(club: Organization, elsewhere: Organization) -> None:
    for each in (club, elsewhere):
        acme = make.company(each, f"Acme of {each.name}")
        ada = make.customer(
            each, last_name=each.name, emails=["a@example.org", "b@example.org"], phones=["+14155552671"]
        )
        make.affiliation(ada, acme, title="CTO")
        make.membership(make.plan(each, f"Gold of {each.name}"), customer=ada, external_reference="M-1")
        make.membership(make.plan(each, f"Team of {each.name}"), company=acme)
    for name, listed in LISTS.items():
        text = exported(club, name)
        rows = rows_of(text)
        assert rows, name
        assert tuple(rows[0]) == listed.columns
        assert "Elsewhere" not in text, name
    (row,) = rows_of(exported(club))
    assert (row["email"], row["other_emails"], row["phone"]) == ("a@example.org", "b@example.org", "+1 415 555 2671")
    held = rows_of(exported(club, "memberships"))
    assert {each["plan"] for each in held} == {"Gold of Strand House", "Team of Strand House"}
    assert {bool(each["customer"]) for each in held} == {True, False}


def test_what_a_spreadsheet_would_compute_is_guarded_and_phone_numbers_stay_usable(club: Organization) -> None:
    for first in ("=1+1", "+1+1", "-1+1", "@x", "\u200b=1", "\uff1d1", "'=1", " =1", "+44 20 7946"):
        make.customer(club, first_name=first, last_name='=HYPERLINK("x");=2', phones=["+442079460000"])
    rows = rows_of(exported(club))
    shown = [each["first_name"] for each in rows]
    assert shown == ["'=1+1", "'+1+1", "'-1+1", "'@x", "'\u200b=1", "'\uff1d1", "''=1", "' =1", "+44 20 7946"]
    assert {each["phone"] for each in rows} == {"+44 20 7946 0000"}
    assert {each["last_name"] for each in rows} == {'\'=HYPERLINK("x");=2'}


def test_for_a_spreadsheet_it_has_a_mark_and_the_separator_of_its_country(elsewhere: Organization) -> None:
    verein = make.organization("Verein", locale="de-DE", test_now=make.JAN_10)
    assert exported(verein, excel=True).startswith('\ufeff"number";"external_id"')
    assert exported(elsewhere, excel=True).startswith('\ufeff"number","external_id"')
    assert exported(verein).startswith('"number","external_id"')


def test_it_is_narrowed_as_its_page_is_or_to_what_was_picked_out(club: Organization, elsewhere: Organization) -> None:
    ada = make.customer(club, first_name="Ada", last_name="Lovelace")
    make.customer(club, first_name="Bo", last_name="Li", status=CustomerStatus.BANNED)
    stranger = make.customer(elsewhere)
    assert [each["first_name"] for each in rows_of(exported(club, filters={"q": "lov", "cursor": "x"}))] == ["Ada"]
    assert [each["first_name"] for each in rows_of(exported(club, filters={"status": "banned"}))] == ["Bo"]
    picked = [ids.to_text(Prefix.CUSTOMER, each.pk) for each in (ada, stranger)]
    assert [each["first_name"] for each in rows_of(exported(club, selection=picked))] == ["Ada"]
    with pytest.raises(ListUnknown):
        exported(club, selection=["com_01h2xcejqtf2nbrexx3vqjhp41"])
    with pytest.raises(ListUnknown):
        exported(club, "staff")
    with pytest.raises(ExportNotFound):  # what it was narrowed by is no status: given up, and said so
        exported(club, filters={"status": "no such"})
    assert Export.objects.filter(status="failed").count() == 1


def test_it_is_narrowed_by_whatever_its_page_can_be(club: Organization) -> None:
    acme, plan = make.company(club, "Acme"), make.plan(club, "Team", seats=0)
    make.company(club, "Bold")
    make.membership(plan, company=acme)
    make.membership(make.plan(club, "Gold"), customer=make.employee(acme), starts_at=None, awaits_payment=True)
    assert [each["name"] for each in rows_of(exported(club, "companies", filters={"over": "1"}))] == ["Acme"]
    unpaid = rows_of(exported(club, "memberships", filters={"payment": "missing"}))
    assert [each["plan"] for each in unpaid] == ["Gold"]
    assert rows_of(exported(club, "events", filters={"type": "export.*", "actor": str(ACTOR)}))
    assert not rows_of(exported(club, "events", filters={"type": "export.*", "until": "2026-01-09"}))
    assert not rows_of(exported(club, "events", filters={"type": "export.*", "actor": "staff:stf_x"}))
    for told in ({"until": "soon"}, {"until": "9999-12-31"}, {"type": "export.*,nonsense"}):
        with pytest.raises(ExportNotFound):
            exported(club, "events", filters=told)


def test_an_export_of_customers_is_an_import_of_them(club: Organization, elsewhere: Organization) -> None:
    make.customer(club, first_name="=1+1", last_name="Li", external_id="a", verified_emails=["a@example.org"])
    make.customer(club, first_name="Zoë", last_name="Østby", phones=["+442079460000", "+14155552671"])
    text = exported(club, excel=True)

    assert counts(checked(club, text, policy=UPDATE)) == {"skipped": 2}  # nothing differs
    assert counts(imported(elsewhere, text)) == {"created": 2}
    again = exported(elsewhere)
    for before, after in zip(rows_of(text.lstrip("\ufeff")), rows_of(again), strict=True):
        same = ("number", "external_id", "first_name", "last_name", "email", "email_verified", "phone", "other_phones")
        assert [before[name] for name in same] == [after[name] for name in same]


def test_exports_of_companies_affiliations_and_memberships_are_imports_too(
    club: Organization, elsewhere: Organization
) -> None:
    acme = make.company(club, "Acme", phone="+442079460000", email_domains=["acme.example"])
    ada = make.customer(club, first_name="Ada")
    make.affiliation(ada, acme, title="CTO", company_admin=True)
    make.plan(elsewhere, "Gold", amount=0)
    make.membership(make.plan(club, "Gold", amount=0), customer=ada)
    for name in ("customers", "companies", "affiliations", "memberships"):
        facts = imported(elsewhere, exported(club, name), Kind(name))
        assert counts(facts) == {"created": 1}, [name, list(queries.left_out(facts))]
    assert elsewhere.affiliations.get().title == "CTO"
    assert elsewhere.memberships.get().terms.get().starts_at == make.JAN_10


def test_who_asked_and_who_took_it_along_is_in_the_log_without_personal_values(club: Organization) -> None:
    make.customer(club, first_name="Ada", last_name="Lovelace")
    exported(club, filters={"q": "lovelace"})
    lines = Event.objects.filter(type__startswith="export.").order_by("sequence")
    assert [each.type for each in lines] == ["export.requested", "export.finished", "export.downloaded"]
    assert lines[0].data["filters"] == ["q"] and "lovelace" not in str([each.data for each in lines])
    assert {each.data.get("rows") for each in lines} == {None, 1}


def test_the_file_is_for_this_program_alone_and_gone_after_a_day(club: Organization, home: Path) -> None:
    exported(club)
    file = next((home / "transfer").glob("*.csv"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    tasks.prune.call()
    assert Export.objects.exists()

    Export.objects.update(kept_until=clock.now() - timedelta(seconds=1))
    row = Export.objects.get()
    with pytest.raises(ExportNotFound):
        exporting.download(organization=club, export_id=row.pk, at=make.JAN_10, actor=ACTOR)
    assert queries.exports(club) == ([], None)
    tasks.prune.call()
    assert not Export.objects.exists()
    assert not list((home / "transfer").iterdir())
    assert Event.objects.filter(type="export.removed").exists()


def test_of_an_export_that_is_removed_while_it_is_written_nothing_is_left(
    club: Organization, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = exporting.request(
        organization=club, name="customers", filters={}, selection=None, excel=False, at=make.JAN_10, actor=ACTOR
    )
    monkeypatch.setattr(exporting, "_write", lambda *_: Export.objects.all().delete()[0])
    tasks.write_export.call(str(row.pk))
    assert list((home / "transfer").iterdir()) == []


def test_imports_are_gone_after_a_month_with_all_that_was_said_of_rows(club: Organization, home: Path) -> None:
    imported(club, "first_name,last_name\nAda,Lovelace\nBo,\n")
    Import.objects.update(kept_until=clock.now() - timedelta(seconds=1))
    tasks.prune.call()
    assert not Import.objects.exists() and not ImportBlock.objects.exists()
    assert not list((home / "transfer").iterdir())
    assert Customer.objects.exists()
