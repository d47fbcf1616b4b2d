"""`tessera import` and `tessera export`."""

import csv
import json
import stat
from pathlib import Path

import pytest
from django.conf import settings

from tessera.people.models import Customer
from tessera.transfer.models import Export, Import
from tests import make
from tests.cli.conftest import Tessera

pytestmark = pytest.mark.django_db

FILE = "Vorname;Surname;E-Mail;Born\nAda;Lovelace;ada@example.org;10.12.1985\nBo;;nobody;\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "HOME", tmp_path / "home")
    return tmp_path


@pytest.fixture
def file(home: Path) -> str:
    path = home / "people.csv"
    path.write_text(FILE, encoding="cp1252")
    return str(path)


def test_a_file_is_imported_and_what_was_left_out_is_a_file_to_mend(tessera: Tessera, file: str, home: Path) -> None:
    make.organization("Strand House", slug="strand", test_now=make.JAN_10)
    errors = home / "errors.csv"
    done = tessera("import", "customers", file, "--map", "birthday=Born", "--errors", str(errors), exit_code=3)
    assert "1 created, 0 updated, 0 passed over, 1 refused" in done.output
    ada = Customer.objects.get()
    assert (ada.name, str(ada.birthday)) == ("Ada Lovelace", "1985-12-10")
    (row,) = csv.DictReader(errors.read_text(encoding="utf-8-sig").splitlines(), delimiter=";")
    assert (row["Vorname"], row["line"], row["code"]) == ("Bo", "3", "email_invalid")

    again = tessera("import", "customers", file, "--match", "email", "--on-duplicate", "refuse", "--json", exit_code=3)
    assert json.loads(again.stdout) | {"import": ""} == {
        "import": "", "status": "checked", "dry_run": False, "created": 0, "updated": 0, "skipped": 0, "refused": 2,
    }  # fmt: skip


def test_a_dry_run_writes_nobody(tessera: Tessera, file: str) -> None:
    make.organization("Strand House", test_now=make.JAN_10)
    done = tessera("import", "customers", file, "--dry-run", exit_code=3)
    assert "1 would be created" in done.output
    assert not Customer.objects.exists()
    assert Import.objects.get().status == "canceled"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--map", "birthday"), "mapping_unreadable"),
        (("--map", "birthday=No such"), "mapping_unreadable"),
        (("--map", "shoe_size=Born"), "mapping_invalid"),
        (("--set", "first_name=Ada"), "mapping_invalid"),
        (("--match", "name"), "mapping_invalid"),
        (("--organization", "nowhere"), "not_found"),
    ],
)
def test_what_cannot_be_is_refused_as_a_whole(
    tessera: Tessera, file: str, arguments: tuple[str, ...], code: str
) -> None:
    make.organization("Strand House", test_now=make.JAN_10)
    done = tessera("import", "customers", file, *arguments, exit_code=1)
    assert code in done.output
    assert not Customer.objects.exists()


def test_memberships_get_a_plan_for_all(tessera: Tessera, home: Path) -> None:
    club = make.organization("Strand House", test_now=make.JAN_10)
    make.plan(club, "Gold")
    ada = make.customer(club)
    path = home / "members.csv"
    path.write_text(f"customer\n{ada.number}\n")
    tessera("import", "memberships", str(path), "--set", "plan=Gold")
    assert club.memberships.get().customer == ada


def test_a_list_is_exported_to_a_file_or_to_stdout_and_nothing_is_left_behind(tessera: Tessera, home: Path) -> None:
    club = make.organization("Strand House", test_now=make.JAN_10)
    make.customer(club, first_name="Ada")
    target = home / "list.csv"
    tessera("export", "customers", "--filter", "q=ada", "-o", str(target))
    assert "Ada" in target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "Ada" in tessera("export", "customers").stdout
    assert not Export.objects.exists()
    assert not list((home / "home" / "transfer").glob("*.csv"))
    assert "list_unknown" in tessera("export", "customers", "--filter", "plan=x", exit_code=1).output
