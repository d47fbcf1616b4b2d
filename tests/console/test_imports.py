"""Importing at the console: bring a file, say what its columns are, see what would happen, let it happen."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.people.models import Customer
from tessera.transfer import blocks
from tessera.transfer.models import Import
from tests import make
from tests.console.visitor import Visitor, ref, working_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HOME", tmp_path)


FILE = "Vorname;Nachname;E-Mail;Geburtstag\nAda;Lovelace;ada@example.org;10.12.1985\nBo;;nobody;\n"
MAPPED = {
    "column.first_name": "0", "column.last_name": "1", "column.email": "2", "column.birthday": "3",
    "dates": "dmy", "match": ["external_id", "email"], "policy": "skip",
}  # fmt: skip


def brought(visitor: Visitor, text: str | bytes = FILE, kind: str = "customers") -> Import:
    data = text.encode() if isinstance(text, str) else text
    page = visitor.post("import_new", kind=kind, file=SimpleUploadedFile("C:\\lists\\people.csv", data))
    assert page.status == 302, page.words
    return Import.objects.get(organization=visitor.club)


def work_on(row: Import) -> None:
    while blocks.advance(row.pk):
        pass


def test_from_a_file_to_customers(owner: Visitor) -> None:
    assert "Nothing was imported yet" in owner.get("imports").words
    row = brought(owner)
    columns = owner.get("import_columns", row)
    assert "people.csv" in columns.words and "lists" not in columns.words
    assert '<option value="0" selected>Vorname</option>' in columns.text
    assert "ada@example.org" in columns.words
    assert 'value="dmy" checked' in columns.text

    sent = owner.post("import_columns", row, **MAPPED)
    assert sent.location == owner.address("import", row)
    checking = owner.open(sent.location)
    assert "Being checked" in checking.words and 'hx-trigger="every 1s"' in checking.text
    work_on(row)
    checked = owner.open(sent.location)
    assert "Import 1 row" in checked.words and "hx-trigger" not in checked.text.split('id="state"')[1][:200]
    assert "email_invalid" in checked.words
    assert not Customer.objects.exists()

    version, once = checked.value("version"), checked.value("once")
    assert owner.post("import_start", row, version=version, once=once).location == sent.location
    assert owner.post("import_start", row, version=version, once=once).location == sent.location
    work_on(row)
    done = owner.open(sent.location)
    assert "What happened" in done.words
    assert Customer.objects.get().last_name == "Lovelace"
    assert "people.csv" in owner.get("imports").words


def test_rows_that_were_left_out_are_a_file_to_mend(owner: Visitor) -> None:
    row = brought(owner, "first_name;last_name;email\n=1+1;Li;nobody\nBo;Li;\n")
    owner.post("import_columns", row, **{"column.first_name": "0", "column.last_name": "1", "column.email": "2"})
    work_on(row)
    answer = owner.client.get(owner.address("import_left_out", row))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.splitlines() == [
        '"first_name";"last_name";"email";"line";"outcome";"code";"field";"what would be right"',
        '"\'=1+1";"Li";"nobody";"2";"refused";"email_invalid";"emails";'
        "\"'nobody' is not an e-mail address such as ada@example.org\"",
    ]
    assert "attachment" in answer["Content-Disposition"]


def test_what_is_needed_and_not_said_is_marked_and_what_was_told_is_kept(owner: Visitor) -> None:
    row = brought(owner)
    page = owner.post("import_columns", row, **{"column.birthday": "3", "constant.locale": "de", "policy": "update"})
    assert page.status == 422
    assert "say which column holds one of" in page.words.casefold()
    assert '<option value="3" selected>Geburtstag</option>' in page.text
    assert 'value="de"' in page.text and 'value="update" checked' in page.text
    assert not Import.objects.get().setup


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "The file is empty"), (b"\xef\xbb\xbf \n", "The file is empty"), (b"a," * 600 + b"\n1\n", "601 columns")],
)
def test_a_file_that_is_no_table_is_refused_at_its_field(owner: Visitor, data: bytes, says: str) -> None:
    page = owner.post("import_new", kind="customers", file=SimpleUploadedFile("x.csv", data))
    assert page.status == 422
    assert says in page.words
    assert not Import.objects.exists()
    assert not list((Path(settings.HOME) / "transfer").glob("*"))


def test_what_is_not_taken_is_named_and_days_are_told_from_more_rows_than_are_shown(owner: Visitor) -> None:
    rows = "".join(f"Ada{place},0{place}/04/1985,x\n" for place in range(1, 9))
    row = brought(owner, f"first_name,birthday,Remarks\n{rows}Bo,04/25/1985,x\n")
    page = owner.get("import_columns", row)
    assert 'value="mdy" checked' in page.text and "Ada5" in page.words and "Ada6" not in page.words
    owner.post("import_columns", row, **{"column.first_name": "0", "column.birthday": "1", "dates": "mdy"})
    work_on(row)
    assert "Columns from which nothing is taken: Remarks" in owner.get("import", row).words


def test_without_a_file_nothing_happens(owner: Visitor) -> None:
    page = owner.post("import_new", kind="memberships")
    assert page.status == 422 and "Choose a file" in page.words
    assert 'value="memberships" ' in page.text


def test_starting_what_somebody_prepared_otherwise_is_refused(owner: Visitor) -> None:
    row = brought(owner)
    owner.post("import_columns", row, **MAPPED)
    work_on(row)
    version = owner.get("import", row).value("version")
    owner.post("import_columns", row, **{**MAPPED, "policy": "update"})
    work_on(row)
    for stale in (version, "²", "9" * 5_000):
        page = owner.post("import_start", row, version=stale)
        assert page.status == 422, stale
        assert "prepared anew" in page.words
    assert not Customer.objects.exists()


def test_canceling_stops_between_blocks_and_keeps_what_was_written(owner: Visitor) -> None:
    lines = "".join(f"Ada,Person {place}\n" for place in range(1_200))
    row = brought(owner, f"first_name,last_name\n{lines}")
    owner.post("import_columns", row, **{"column.first_name": "0", "column.last_name": "1"})
    work_on(row)
    owner.post("import_start", row)
    blocks.advance(row.pk)
    assert "500 rows, 40 %" in owner.get("import", row).words
    assert "stay" in owner.get("import_cancel", row).words
    assert owner.post("import_cancel", row).status == 302
    assert not blocks.advance(row.pk)
    assert Customer.objects.count() == 500
    assert "Canceled" in owner.get("import", row).words
    assert owner.post("import_cancel", row).status == 422


def test_the_next_file_is_mapped_as_the_last_one(owner: Visitor) -> None:
    row = brought(owner, "A,B,C\nAda,Lovelace,x\n")
    owner.post("import_columns", row, **{"column.first_name": "1", "column.last_name": "0", "policy": "update"})
    Import.objects.all().delete()
    again = owner.get("import_columns", brought(owner, "B,A\nAda,Lovelace\n"))
    choices = again.text.split('name="column.first_name"')[1].split("</select>")[0]
    assert '<option value="0" selected>B</option>' in choices
    assert 'value="update" checked' in again.text


def test_pages_ask_the_database_as_often_for_many_as_for_few(owner: Visitor) -> None:
    def asked() -> list[int]:
        return [owner.get("imports").queries, owner.get("exports").queries]

    make.import_of(owner.club)
    make.export_of(owner.club)
    few = asked()
    for _ in range(20):
        make.import_of(owner.club)
        make.export_of(owner.club)
    assert asked() == few
    assert max(few) <= 12


@pytest.mark.parametrize("role", [Role.FINANCE, Role.FRONT_DESK, Role.VIEWER])
def test_who_may_not_sees_no_way_there(club: Organization, role: Role) -> None:
    visitor = working_for(club, role)
    row = make.import_of(club)
    assert visitor.get("import", row).status == 403
    assert visitor.post("import_new").status == 403
    assert "Imports" not in visitor.get("settings").words


def test_another_organization_has_no_such_import(owner: Visitor) -> None:
    theirs = make.import_of(make.organization("Elsewhere", test_now=make.JAN_10))
    for name in ("import", "import_columns", "import_start", "import_cancel", "import_left_out"):
        assert owner.get(name, ref(theirs)).status == 404, name
