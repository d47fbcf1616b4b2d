"""An import survives whatever ends its worker, and two at once do nothing twice."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from tessera import db
from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.organizations.models import Organization
from tessera.people import contacts, services
from tessera.people.models import Affiliation, Customer, CustomerEmail
from tessera.people.present import locked
from tessera.transfer import blocks, importing, tasks
from tessera.transfer.models import Import, ImportBlock
from tessera.transfer.types import ImportStatus, Kind, Phase, Policy
from tests import make
from tests.jobs import processes
from tests.people.racing import meanwhile
from tests.transfer.files import ACTOR, checked, counts, facts_of, table, worked_on

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

_SECONDS = 110.0


@pytest.fixture
def club() -> Organization:
    return make.organization("Strand House", test_now=make.JAN_10)


def people(many: int) -> str:
    rows = [(f"a-{place}", "Ada", f"Person {place}", f"ada.{place}@example.org") for place in range(many)]
    return table(("external_id", "first_name", "last_name", "email"), *rows)


def started(club: Organization, text: str, kind: Kind = Kind.CUSTOMERS) -> Import:
    facts = checked(club, text, kind)
    return importing.start(organization=club, import_id=facts.id, at=make.JAN_10, actor=ACTOR)


def test_killed_again_and_again_an_import_goes_on_without_doubling(club: Organization, home: Path) -> None:
    many, dice = 3_000, random.Random(7)
    row = started(club, people(many))
    tasks.enqueue_import(row)
    environment = {**processes.environ(), "TESSERA_HOME": str(home)}
    deadline, kills, seen = time.monotonic() + _SECONDS, 0, 0
    while Import.objects.get().status == ImportStatus.RUNNING:
        worker = processes.start("worker", env=environment)
        try:
            # Until it has written something; the fourth one may finish.
            while (now := Import.objects.get()).status == ImportStatus.RUNNING and (now.rows == seen or kills == 3):
                assert worker.poll() is None
                assert time.monotonic() < deadline, f"{now.rows} rows"
                time.sleep(0.01)
            seen = now.rows
            time.sleep(dice.uniform(0, 0.1))
        finally:
            worker.kill()
            worker.wait()
        kills += 1

    assert kills >= 2
    facts = facts_of(Import.objects.select_related("organization").get())
    assert (facts.status, counts(facts)) == (ImportStatus.DONE, {"created": many})
    assert Customer.objects.count() == CustomerEmail.objects.count() == many
    assert Event.objects.filter(type=EventType.CUSTOMER_CREATED).count() == many
    assert Event.objects.filter(type=EventType.IMPORT_FINISHED).count() == 1
    letters = "".join(ImportBlock.objects.filter(phase=Phase.RUN).order_by("number").values_list("letters", flat=True))
    assert letters == "c" * many


def test_several_that_work_on_one_import_share_it(club: Organization) -> None:
    row = started(club, people(1_200))
    _together([lambda: _work(row)] * 3)
    assert counts(facts_of(row)) == {"created": 1_200}
    assert Customer.objects.count() == 1_200


def test_two_imports_of_the_same_people_make_them_once(club: Organization) -> None:
    first, second = started(club, people(700)), started(club, people(700))
    _together([lambda: _work(first), lambda: _work(second)])
    made = [counts(facts_of(row)) for row in (first, second)]
    assert sum(each.get("created", 0) for each in made) == 700
    assert sum(each.get("skipped", 0) for each in made) == 700
    assert Customer.objects.count() == 700
    assert len(set(Customer.objects.values_list("number", flat=True))) == 700


def test_what_has_no_job_is_gone_on_with(club: Organization) -> None:
    row = started(club, people(10))
    tasks.catch_up.call()
    tasks.go_on.call(str(row.pk))
    assert counts(facts_of(row)) == {"created": 10}


def test_a_file_that_is_gone_ends_the_import_and_says_so(club: Organization, home: Path) -> None:
    row = started(club, people(10))
    for each in (home / "transfer").iterdir():
        each.unlink()
    facts = worked_on(row)
    assert facts.status is ImportStatus.FAILED
    assert "not kept" in facts.failure


def test_a_check_leaves_others_nothing_to_wait_for(club: Organization) -> None:
    acme = make.company(club, "Acme")
    make.customer(club, external_id="a")
    facts = checked(club, table(("customer", "company"), ("a", "Acme")), Kind.AFFILIATIONS)
    assert counts(facts) == {"created": 1}
    assert not Affiliation.objects.filter(company=acme).exists()


def test_what_is_added_to_a_customer_while_a_row_about_them_is_written_stays(
    club: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make.customer(club, external_id="a", tags=["old"])
    header = ("external_id", "first_name", "last_name", "tags")
    facts = checked(club, table(header, ("a", "Ada", "Byron", "told")), policy=Policy.UPDATE)
    row = importing.start(organization=club, import_id=facts.id, at=make.JAN_10, actor=ACTOR)

    def tag() -> Customer:
        with db.transaction():
            locked(ada)
            tags = [*contacts.tags_of(ada), "added"]
            return services.update_customer(customer=ada, tags=tags, at=make.JAN_10, actor=ACTOR)

    with meanwhile(monkeypatch, services, "update_customer", tag):
        worked_on(row)

    assert contacts.tags_of(ada) == ["added", "old", "told"]


def test_an_import_that_is_started_is_not_removed_although_its_time_is_over(
    club: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = checked(club, people(1))
    Import.objects.update(kept_until=make.JAN_10)

    def start() -> Import:
        return importing.start(organization=club, import_id=facts.id, at=make.JAN_10, actor=ACTOR)

    with meanwhile(monkeypatch, importing, "remove", start):
        tasks.prune.call()

    assert counts(worked_on(Import.objects.select_related("organization").get())) == {"created": 1}


def _work(row: Import) -> None:
    while blocks.advance(row.pk):
        pass


def _together(runs: Sequence[Callable[[], None]]) -> None:
    """Do all of it at once, for as long as it takes, each on a connection of its own; what one raises is raised."""

    def run(what: Callable[[], None]) -> None:
        try:
            what()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(runs)) as threads:
        for done in [threads.submit(run, each) for each in runs]:
            done.result(_SECONDS)
