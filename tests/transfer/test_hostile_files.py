"""Files as they come, and as somebody with bad intentions makes them: read rightly, or refused saying why."""

import io
import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.transfer import importing
from tessera.transfer.errors import FileUnreadable, ImportNotFound
from tessera.transfer.models import Import
from tessera.transfer.records import Place, Reader
from tessera.transfer.types import Setup
from tests import make
from tests.transfer.files import ACTOR, counts, facts_of, imported, prepared, table, uploaded, why

pytestmark = pytest.mark.django_db

ZOE = "Vorname;Nachname;E-Mail\r\nZoë;Müller\u2013Østby;zoe@example.org\r\n"


@pytest.mark.parametrize(
    ("encoding", "known_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_encodings_and_separators_are_found_out(
    club: Organization, encoding: str, known_as: str, delimiter: str
) -> None:
    facts = imported(club, ZOE.replace(";", delimiter).encode(encoding))
    assert (facts.encoding, facts.delimiter, counts(facts)) == (known_as, delimiter, {"created": 1})
    assert Customer.objects.get().name == "Zoë Müller\u2013Østby"


def test_line_ends_within_quotes_belong_to_the_cell_and_lines_are_counted(club: Organization) -> None:
    text = 'first_name,last_name,email\r\n"Ada",Lovelace,"a@example.org\nb@example.org"\n\n"Bo",,\r"Cy","Li ""x""",\n'
    facts = imported(club, text)
    assert counts(facts) == {"created": 2, "refused": 1}
    assert why(facts) == [(5, "customer_incomplete")]
    assert Customer.objects.get(first_name="Cy").last_name == 'Li "x"'
    assert Customer.objects.get(first_name="Ada").emails.count() == 2


def test_broken_quotes_refuse_their_row_and_no_other(club: Organization) -> None:
    text = 'first_name,last_name\nAda,"Love"lace\nBo,Li\nCy,"never closed\nDi,Do\nEd,"Fu"\n'
    facts = imported(club, text)
    assert why(facts) == [(2, "row_unreadable"), (4, "row_unreadable")]
    assert sorted(Customer.objects.values_list("first_name", flat=True)) == ["Bo", "Di", "Ed"]


def test_a_cell_of_a_megabyte_refuses_its_row_and_no_other(club: Organization) -> None:
    huge = "x" * 1_000_000
    text = f'first_name,last_name\nAda,{huge}\nBo,Li\nCy,"{huge}"\nDi,"{huge * 2}\n{huge}"\nEd,Fu\n'
    facts = imported(club, text)
    assert why(facts)[0] == (2, "row_unreadable")
    assert {code for _line, code in why(facts)} <= {"row_unreadable", "text_invalid", "customer_incomplete"}
    assert sorted(Customer.objects.values_list("first_name", flat=True)) == ["Bo", "Ed"]


def test_nul_and_control_characters_refuse_their_row(club: Organization) -> None:
    text = "first_name,last_name,email\nA\0da,Li,\nBo\x1b[31m,Li,\nCy,Li,c\0y@example.org\nDi,Li,\n"
    facts = imported(club, text)
    assert [line for line, _code in why(facts)] == [2, 3, 4]
    assert counts(facts) == {"created": 1, "refused": 3}


def test_formulas_are_text_and_stay_what_they_are(club: Organization) -> None:
    facts = imported(club, table(("first_name", "last_name"), ("=cmd|'/c calc'!A1", "@SUM(1)"), ("'=1+1", "Li")))
    assert counts(facts) == {"created": 2}
    names = set(Customer.objects.values_list("first_name", "last_name"))
    assert names == {("=cmd|'/c calc'!A1", "@SUM(1)"), ("=1+1", "Li")}


def test_headers_that_come_twice_are_told_apart_and_the_first_is_taken(club: Organization) -> None:
    row = uploaded(club, "first_name,first_name,,last_name, FIRST_NAME \nAda,Bea,x,Lovelace,Cy\n")
    assert len(set(map(str.casefold, facts_of(row).headers))) == 5
    setup = prepared(row).setup
    assert setup is not None and setup["columns"] == {"first_name": 0, "last_name": 3}


def test_three_hundred_columns_are_fine_and_more_than_five_hundred_are_not(club: Organization) -> None:
    headers = ["first_name", "last_name", *(f"column {place}" for place in range(300))]
    assert counts(imported(club, table(headers, ["Ada", "Lovelace", *["x"] * 300]))) == {"created": 1}
    with pytest.raises(FileUnreadable, match="900 columns"):
        uploaded(club, ",".join(["x"] * 900))


def test_rows_with_more_cells_than_headers_are_refused_and_shorter_ones_are_not(club: Organization) -> None:
    text = "first_name,last_name,email\nAda,Lovelace,Countess,of,it\nBo,Li\nCy,Li,,,\n"
    facts = imported(club, text)
    assert why(facts) == [(2, "cell_invalid")]
    assert counts(facts) == {"created": 2, "refused": 1}


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\0\0\0\0"])
def test_nothing_is_not_a_file(club: Organization, data: bytes, home: Path) -> None:
    with pytest.raises(FileUnreadable):
        uploaded(club, data)
    assert not Import.objects.exists()
    assert not list(home.rglob("*.csv"))


@pytest.mark.parametrize("data", [os.urandom(5_000) + b"\x81\x8d", bytes(range(256)) * 9])
def test_what_is_no_text_is_refused(club: Organization, data: bytes) -> None:
    with pytest.raises(FileUnreadable):
        uploaded(club, data)


def test_headers_alone_are_a_file_without_rows(club: Organization) -> None:
    assert counts(imported(club, "first_name,last_name\n")) == {}


def test_files_are_readable_by_nobody_else_and_called_by_no_name_from_outside(club: Organization, home: Path) -> None:
    row = uploaded(club, ZOE, name="../../etc/passwd\0\n")
    assert row.file_name == "passwd"
    (file,) = (home / "transfer").iterdir()
    assert file.name == f"{row.pk.hex}.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_large_file_is_never_all_in_memory() -> None:
    line = b"Ada,Lovelace,ada@example.org,+442079460000\n"
    file = io.BytesIO(line * 100_000)
    tracemalloc.start()
    many = sum(1 for _ in Reader(file, delimiter=",", place=Place()))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert many == 100_000
    assert most < 500_000


def test_another_organization_cannot_touch_it(club: Organization, elsewhere: Organization) -> None:
    row = uploaded(club, ZOE)
    setup = Setup(columns={"first_name": 0})
    with pytest.raises(ImportNotFound):
        importing.prepare(organization=elsewhere, import_id=row.pk, setup=setup, at=make.JAN_10, actor=ACTOR)
