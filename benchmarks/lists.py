"""Lists, filters, search and profiles of a club of any size, as the console answers them; and what the index costs."""

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from django.conf import settings
from django.test import Client

from benchmarks import filling
from benchmarks.crowd import insert
from benchmarks.report import Result
from tessera.config import boot
from tessera.core import ids
from tessera.core.ids import Prefix, new_id
from tessera.organizations.models import Organization, Staff
from tessera.people import searching
from tessera.people.models import Company, Customer
from tests import make

TARGET_MS: Final = 150.0
_ROUNDS: Final = int(os.environ.get("BENCHMARK_ROUNDS", "20"))


def measure(database: str, *, customers: int) -> Iterator[Result]:
    """Fill a club of its own with so many customers, unless it was kept, and yield how long its pages take."""
    club = filling.present()
    if club is None:
        began, busy = time.perf_counter(), time.process_time()
        club = filling.fill(customers)
        yield Result(
            "writing and indexing a club's people", database, 600, at_most=True, unit="us",
            value=(time.perf_counter() - began) / customers * 1e6,
            note=f"a customer; {customers:,} in {time.perf_counter() - began:.0f} s,"
            f" {time.process_time() - busy:.0f} s of the writing process",
        )  # fmt: skip
    yield from _writing(database, club)
    client = Client(headers={"host": _host()})
    staff = Staff.objects.filter(organization=club).first() or make.staff(club)
    client.force_login(staff.user)
    boot.settle()  # as a web process does
    for what, path in _pages(club):
        yield _timed(database, what, lambda path=path: _get(client, path))


def _pages(club: Organization) -> Iterator[tuple[str, str]]:
    page = f"/console/{club.slug}/customers"
    people = Customer.objects.filter(organization=club).order_by("pk")
    profile = ids.to_text(Prefix.CUSTOMER, people[people.count() // 2].pk)
    gold, trial = (ids.to_text(Prefix.PLAN, club.plans.get(name=name).pk) for name in ("Gold", "Trial"))
    yield "customers, first page", page
    for sort in ("newest", "number", "end"):
        yield f"customers by {sort}", f"{page}?sort={sort}"
    for holding in ("none", "active", "grace", "paused", "scheduled", "pending", "expired"):
        yield f"customers, {holding}", f"{page}?membership={holding}"
    yield "customers of a plan", f"{page}?plan={gold}"
    yield "customers of a rare plan", f"{page}?plan={trial}"
    yield "customers of a plan, paused, by number", f"{page}?plan={gold}&membership=paused&sort=number"
    yield "customers ending in 30 days", f"{page}?ending=30"
    yield "customers with a tag", f"{page}?tag=Press"
    yield "customers with a rare tag", f"{page}?tag=Founder"
    yield "customers banned", f"{page}?status=banned"
    for q in ("a", "z", "an", "qx", "ada", "son", "qqq", "anderson", "andersen", "@host12.", "ada bran", "zzzzzzzz"):
        yield f"search “{q}”", f"{page}?q={q}&tag="
    yield "search “an”, active", f"{page}?q=an&membership=active"
    yield "profile", f"{page}/{profile}"
    yield "memberships", f"/console/{club.slug}/memberships"
    for holding in ("active", "grace", "paused", "scheduled", "pending", "expired"):
        yield f"memberships, {holding}", f"/console/{club.slug}/memberships?status={holding}"
    yield "memberships, search “an”", f"/console/{club.slug}/memberships?q=an"
    yield "memberships, search “an”, active", f"/console/{club.slug}/memberships?q=an&status=active"
    yield "memberships with a tag", f"/console/{club.slug}/memberships?tag=Press"
    yield "memberships of a plan by end", f"/console/{club.slug}/memberships?plan={gold}&sort=end"
    yield "approvals", f"/console/{club.slug}/memberships/approvals"
    yield "companies", f"/console/{club.slug}/companies"
    yield "companies, search “co”", f"/console/{club.slug}/companies?q=co"
    yield "companies over their seats", f"/console/{club.slug}/companies?over=1"
    firm = Company.objects.filter(organization=club).order_by("pk")[0]
    held = club.memberships.filter(company=firm).get()
    yield "a company of 200 people", f"/console/{club.slug}/companies/{ids.to_text(Prefix.COMPANY, firm.pk)}"
    yield "a membership", f"/console/{club.slug}/memberships/{ids.to_text(Prefix.MEMBERSHIP, held.pk)}"
    yield "home", f"/console/{club.slug}"
    yield "plans", f"/console/{club.slug}/plans"
    yield "plans' lines", f"/console/{club.slug}/plans/lines"
    yield "a plan", f"/console/{club.slug}/plans/{gold}"
    yield "a plan's weeks", f"/console/{club.slug}/plans/{gold}/weeks"
    yield "the matrix of permissions", f"/console/{club.slug}/plans/matrix"
    yield "the palette, “ada”", f"/console/{club.slug}/find?q=ada"
    yield "events", f"/console/{club.slug}/events"
    yield "duplicates", f"/console/{club.slug}/customers/duplicates"


def _timed(database: str, what: str, run: Callable[[], None]) -> Result:
    run()
    taken, worked = [], []
    for _ in range(_ROUNDS):
        began, busy = time.perf_counter(), time.process_time()
        run()
        taken.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    worst = statistics.quantiles(taken, n=20)[-1]
    # What the process worked says more where the machine has other things to do; PostgreSQL's share is not in it.
    work = statistics.quantiles(worked, n=20)[-1]
    note = f"half of them within {statistics.median(taken):.0f} ms; {work:.0f} ms of work"
    return Result(what, database, TARGET_MS, at_most=True, unit="ms", value=worst, note=note)


def _get(client: Client, path: str) -> None:
    # What pages ask for by themselves is there for nobody else.
    answer = client.get(path, headers={"HX-Request": "true"} if path.endswith("/lines") else {})
    if answer.status_code not in (200, 302):
        raise RuntimeError(f"{path}: {answer.status_code}")


def _host() -> str:
    allowed = [each for each in settings.ALLOWED_HOSTS if each not in ("*", ".")]
    return allowed[0].lstrip(".") if allowed else "localhost"


def _writing(database: str, club: Organization) -> Iterator[Result]:
    """How much longer it takes to make a customer with the index than without, one by one."""

    def one(number: int, *, index: bool) -> UUID:
        row = filling.customer(club, new_id(), number, random.Random(number))
        insert(Customer, filling.CUSTOMER, [row])
        if index:
            searching.index_customers([row[0]])
        key: UUID = row[0]
        return key

    seconds, keys = {}, []
    for index in (False, True):
        began = time.perf_counter()
        keys += [one(90_000_000 + number + 1000 * index, index=index) for number in range(200)]
        seconds[index] = (time.perf_counter() - began) / 200
    Customer.objects.filter(pk__in=keys).update(merged_into=Customer.objects.filter(organization=club).first())
    searching.index_customers(keys)  # the merged are found no more
    Customer.objects.filter(pk__in=keys).delete()
    yield Result(
        "indexing one customer", database, 10, at_most=True, unit="ms", value=(seconds[True] - seconds[False]) * 1000,
        note=f"{seconds[False] * 1000:.1f} ms to write the row, {seconds[True] * 1000:.1f} ms with the index",
    )  # fmt: skip
