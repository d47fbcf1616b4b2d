"""Taking lists along at the console: for those who may, as the page was narrowed down, and in the log."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve

from tessera.console.once import token
from tessera.events.models import Event
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.transfer import spool, tasks
from tessera.transfer.models import Export
from tests import make
from tests.console.visitor import Visitor, ref, working_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HOME", tmp_path)


def test_a_list_is_exported_as_its_page_is_narrowed_down(owner: Visitor) -> None:
    make.customer(owner.club, first_name="Ada", last_name="Lovelace")
    make.customer(owner.club, first_name="Bo", last_name="Li")
    assert "No file at the moment" in owner.get("exports").words
    asked = owner.get("export_new", list="customers", q="lovel", cursor="zzz")
    assert "found by “lovel”" in asked.words and "cursor" not in asked.text

    once = asked.value("once")
    told = {"list": "customers", "q": "lovel", "format": "plain", "once": once}
    sent = owner.post("export_new", **told)
    assert owner.post("export_new", **told).location == sent.location
    row = Export.objects.get()
    spool.note(row.pk, "12000")
    waiting = owner.open(sent.location)
    assert "12,000 rows so far" in waiting.words and 'hx-trigger="every 1s"' in waiting.text
    tasks.write_export.call(str(row.pk))
    ready = owner.open(sent.location)
    assert "1 row" in ready.words and "Download the file" in ready.words

    assert owner.get("export_download", row).status == 302  # looking takes nothing along
    file = owner.client.post(owner.address("export_download", row))
    assert "Lovelace" in file.getvalue().decode() and "Bo" not in file.getvalue().decode()
    assert file["Content-Disposition"] == 'attachment; filename="customers-2026-01-10.csv"'
    last = Event.objects.filter(type="export.downloaded").get()
    assert owner.staff is not None and last.actor.startswith("staff:")
    assert "Export downloaded" in owner.get("events", kind="transfer").words

    assert owner.post("export_remove", row).status == 302
    assert owner.get("export", row).status == 404


@pytest.mark.parametrize(
    ("name", "told", "says"),
    [
        ("memberships", {"payment": "missing"}, "payment missing"),
        ("companies", {"over": "1"}, "with more people than seats"),
        ("customers", {"membership": "grace"}, "membership: In grace"),
    ],
)
def test_what_a_list_is_narrowed_by_is_said_and_kept(
    owner: Visitor, name: str, told: dict[str, str], says: str
) -> None:
    assert says in owner.get("export_new", list=name, **told).words
    owner.post("export_new", list=name, format="plain", **told)
    assert Export.objects.get().filters == told


def test_the_log_is_exported_as_its_page_is_narrowed_down(owner: Visitor) -> None:
    owner.post("customer_new", first_name="Ada", last_name="Okonkwo")
    owner.post("company_new", name="Acme")
    page = owner.get("events", kind="people", until="2026-01-10").text
    asked = page.partition('id="export" href="')[2].partition('"')[0].replace("&amp;", "&")
    form = owner.open(asked)
    told = {each: form.value(each) for each in ("list", "type", "until")}
    assert told["until"] == "2026-01-10"
    owner.post("export_new", format="plain", **told)
    row = Export.objects.get()
    tasks.write_export.call(str(row.pk))
    text = owner.client.post(owner.address("export_download", row)).getvalue().decode()
    assert "customer.created" in text
    assert "company.created" not in text


def test_those_that_were_picked_out_are_exported(owner: Visitor) -> None:
    ada, _bo = make.customer(owner.club, first_name="Ada"), make.customer(owner.club, first_name="Bo")
    stranger = make.customer(make.organization("Elsewhere"), first_name="Cy")
    asked = owner.post("export_new", list="customers", id=[ref(ada), ref(stranger)])
    assert "2 that you have picked out" in asked.words
    owner.post("export_new", list="customers", id=[ref(ada), ref(stranger)], format="excel")
    row = Export.objects.get()
    tasks.write_export.call(str(row.pk))
    assert owner.client.post(owner.address("export_download", row)).getvalue().decode().count("\r\n") == 2


@pytest.mark.parametrize("told", [{"list": "staff"}, {"list": "customers", "id": "cus_nonsense", "format": "plain"}])
def test_what_is_no_list_is_refused(owner: Visitor, told: dict[str, str]) -> None:
    assert owner.post("export_new", **told).status == 422
    assert not Export.objects.exists()


@pytest.mark.parametrize("role", [Role.FINANCE, Role.FRONT_DESK, Role.VIEWER])
def test_who_may_not_export_takes_nothing_along(club: Organization, role: Role) -> None:
    visitor = working_for(club, role)
    row = make.export_of(club)
    assert visitor.get("export", row).status == 403
    assert visitor.post("export_download", row).status == 403
    assert visitor.post("export_new", list="customers", format="plain").status == 403


def test_another_organization_has_no_such_export(owner: Visitor) -> None:
    theirs = make.export_of(make.organization("Elsewhere", test_now=make.JAN_10))
    for name in ("export", "export_download", "export_remove"):
        assert owner.get(name, ref(theirs)).status == 404, name
        assert owner.client.post(owner.address(name, ref(theirs))).status_code in (404, 405), name


def test_more_than_can_be_sent_is_refused_before_it_is_kept(owner: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve(owner.address("import_new")).func, "most_upload", 100)
    refused = owner.post("import_new", kind="customers", file="x" * 200)
    assert refused.status == 413
    assert "larger than is read here" in refused.words


def test_a_file_may_be_much_larger_than_other_forms(owner: Visitor) -> None:
    many = "first_name,last_name\n" + "Ada,Lovelace\n" * 300_000
    sent = {"kind": "customers", "file": SimpleUploadedFile("many.csv", many.encode()), "once": token()}
    answer = owner.client.post(owner.address("import_new"), sent)
    assert answer.status_code == 302, answer.content[:500]
