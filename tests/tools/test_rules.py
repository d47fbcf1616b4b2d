"""The rules of the architecture are caught when broken, and leave good code alone."""

from collections.abc import Callable, Iterator

import pytest

from tools import rules
from tools.rules import Module

Rule = Callable[[Module], Iterator[tuple[int, str]]]


def lines(rule: Rule, code: str, *, path: str = "memberships/renewing.py") -> list[int]:
    """The lines in which the rule finds something."""
    return sorted({line for line, _ in rule(Module.parse(path, code))})


BROKEN: dict[str, tuple[Rule, str]] = {
    "creates another package's record": (
        rules.foreign_write,
        "from tessera.people.models import Customer\nCustomer.objects.create(first_name='Ada')",
    ),
    "bulk-creates through the module": (
        rules.foreign_write,
        "from tessera.people import models\nmodels.Customer.objects.bulk_create([])",
    ),
    "updates what a filter finds": (
        rules.foreign_write,
        "from tessera.plans.models import Plan\nPlan.objects.filter(pk=1).exclude(pk=2).update(name='')",
    ),
    "saves what was passed in": (
        rules.foreign_write,
        "from tessera.people.models import Customer\ndef f(who: Customer | None) -> None:\n    who.save()",
    ),
    "deletes what it got": (
        rules.foreign_write,
        "from tessera.people.models import Customer\ndef f() -> None:\n  c = Customer.objects.get(pk=1)\n  c.delete()",
    ),
    "adds to a relation": (
        rules.foreign_write,
        "from tessera.plans.models import Plan\ndef f(plan: Plan) -> None:\n    plan.permissions.add(1)",
    ),
    "imports inside a function": (rules.local_import, "def f() -> None:\n    import json"),
    "prints": (rules.printing, "print('hello')"),
    "reads datetime.now": (rules.clock_read, "import datetime\nat = datetime.datetime.now()"),
    "reads timezone.now": (rules.clock_read, "from django.utils import timezone\nat = timezone.now()"),
    "defaults to the clock": (rules.clock_read, "from django.utils import timezone\nfield(default=timezone.now)"),
    "imports the clock": (rules.clock_read, "from django.utils.timezone import now"),
    "reads today": (rules.clock_read, "from datetime import date\nday = date.today()"),
    "reads time.time": (rules.clock_read, "import time\nat = time.time()"),
    "lets the database read the clock": (rules.clock_read, "from django.db.models.functions import Now"),
    "stamps on save": (rules.clock_read, "made_at = DateTimeField(auto_now_add=True)"),
    "uses real time in the domain": (rules.real_time, "from tessera.core import clock"),
    "listens to a signal": (rules.django_signal, "from django.db.models.signals import post_save"),
    "sends a signal": (rules.django_signal, "from django.dispatch import Signal"),
    "makes requests transactions": (rules.atomic_requests, "DATABASES = {'default': {'ATOMIC_REQUESTS': True}}"),
    "orders by default": (rules.default_ordering, "class A:\n    class Meta:\n        ordering = ['name']"),
    "writes a service class": (rules.service_class, "class MembershipService: ..."),
    "writes a repository": (rules.service_class, "class CustomerRepository: ..."),
    "refuses with an f-string": (
        rules.refusal_text,
        "from tessera.core.errors import Conflict\nraise Conflict(f'{plan} is full')",
    ),
    "calls out by itself": (rules.outside_call, "import httpx2"),
    "calls out with the standard library": (rules.outside_call, "from urllib.request import urlopen"),
    "ends an affiliation": (rules.affiliation_end, "from tessera.people import affiliations\naffiliations.end(at=at)"),
    "withdraws an affiliation": (rules.affiliation_end, "from tessera.people.affiliations import withdraw"),
}

GOOD: dict[str, tuple[Rule, str]] = {
    "reads another package's record": (
        rules.foreign_write,
        "from tessera.people.models import Customer\nCustomer.objects.filter(pk=1).exists()",
    ),
    "writes its own record": (
        rules.foreign_write,
        "from tessera.memberships.models import Term\nTerm.objects.create(starts_at=at)",
    ),
    "adds to a set, updates a dictionary": (
        rules.foreign_write,
        "from tessera.people.models import Customer\nseen = set()\nseen.add(1)\nfacts = {}\nfacts.update(a=1)",
    ),
    "saves its own in one function and reads another's in the next": (
        rules.foreign_write,
        "from tessera.people.models import Customer\nfrom tessera.memberships.models import Term\n"
        "def f(row: Customer) -> None:\n    row.refresh_from_db()\ndef g(row: Term) -> None:\n    row.save()",
    ),
    "imports at the top": (rules.local_import, "import json\ndef f() -> None:\n    json.dumps(1)"),
    "names a method print": (rules.printing, "page.print()"),
    "takes the time": (rules.clock_read, "from datetime import datetime\ndef f(at: datetime) -> None: ..."),
    "waits by a steady clock": (rules.clock_read, "import time\nstarted = time.monotonic()"),
    "asks the organization for the time": (rules.real_time, "from tessera.organizations.time import now"),
    "reads an operating system's signal": (rules.django_signal, "import signal"),
    "speaks of ordering elsewhere": (rules.default_ordering, "class A:\n    ordering = 1"),
    "tells Django how users are made": (rules.service_class, "class UserManager(BaseUserManager): ..."),
    "takes an address apart": (rules.outside_call, "from urllib.parse import urlsplit"),
    "starts an affiliation": (
        rules.affiliation_end,
        "from tessera.people import affiliations\naffiliations.start(at=at)",
    ),
    "ends something else": (rules.affiliation_end, "match.end()"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_rule_is_found_in_its_line(case: str) -> None:
    rule, code = BROKEN[case]
    assert lines(rule, code) == [code.count("\n") + 1]


@pytest.mark.parametrize("case", GOOD)
def test_good_code_is_left_alone(case: str) -> None:
    rule, code = GOOD[case]
    assert lines(rule, code) == []


def test_every_rule_is_among_the_tested_or_tested_here() -> None:
    here: set[Rule] = {rules.write_in_query, rules.long_file, rules.vague_name}
    assert {rule for rule, _ in BROKEN.values()} | here == set(rules.RULES)


@pytest.mark.parametrize(
    "code", ["with transaction.atomic(): ...", "with db.transaction(): ...", "a.select_for_update()"]
)
def test_queries_open_no_transaction_and_lock_nothing(code: str) -> None:
    assert lines(rules.write_in_query, code, path="people/queries.py") == [1]
    assert lines(rules.write_in_query, code, path="people/services.py") == []
    assert lines(rules.write_in_query, "with db.snapshot(): ...", path="people/queries.py") == []


def test_a_long_file_is_split_but_a_migration_may_be_long() -> None:
    text = "x = 1\n" * (rules.LONGEST_FILE + 1)
    assert lines(rules.long_file, text) == [0]
    assert lines(rules.long_file, text, path="people/migrations/0001_initial.py") == []
    assert lines(rules.long_file, text[6:]) == []


@pytest.mark.parametrize("path", ["people/utils.py", "helpers/text.py", "plans/manager.py"])
def test_a_module_is_named_by_what_it_does(path: str) -> None:
    assert lines(rules.vague_name, "", path=path) == [0]
    assert lines(rules.vague_name, "", path="people/names.py") == []


def test_commands_may_import_when_they_run() -> None:
    code = "def f() -> None:\n    import django"
    assert lines(rules.local_import, code, path="cli/serve.py") == []
    assert lines(rules.local_import, code, path="console/plans.py") == [2]


def test_keys_live_in_real_time_and_memberships_do_not() -> None:
    code = "from tessera.core.clock import now"
    assert lines(rules.real_time, code, path="organizations/keys.py") == []
    assert lines(rules.real_time, code, path="http/limits.py") == []
    assert lines(rules.real_time, code, path="organizations/staff.py") == [1]


def test_only_leaving_a_company_ends_an_affiliation() -> None:
    code = "affiliations.end(customer=customer)"
    assert lines(rules.affiliation_end, code, path="memberships/inheritance.py") == []
    assert lines(rules.affiliation_end, code, path="lifecycle/merging.py") == [1]


def test_what_is_allowed_is_not_reported_and_its_neighbour_is() -> None:
    code = "from datetime import UTC, datetime\nat = datetime.now(UTC)"
    assert rules.check_module(Module.parse("core/clock.py", code)) == []
    assert [finding.line for finding in rules.check_module(Module.parse("core/periods.py", code))] == [2]


def test_reads_do_not_depend_on_a_module_that_opens_a_transaction() -> None:
    renewing = Module.parse("memberships/renewing.py", "def renew() -> None:\n    with db.transaction(): ...")
    status = Module.parse("memberships/status.py", "def at() -> None: ...")
    good = Module.parse("memberships/queries.py", "from tessera.memberships import status")
    bad = Module.parse("memberships/queries.py", "\nfrom tessera.memberships.renewing import renew")
    elsewhere = Module.parse("access/queries.py", "from tessera.memberships.renewing import renew")

    assert rules.check_reads_stay_reads([renewing, status, good, elsewhere]) == []
    assert [finding.line for finding in rules.check_reads_stay_reads([renewing, status, bad])] == [2, 2]


def test_a_folder_that_import_linter_would_not_see_is_found() -> None:
    seen = {"people/__init__.py", "people/models.py"}
    assert rules.check_packages(seen) == []
    assert [finding.path for finding in rules.check_packages({*seen, "plans/models.py"})] == ["src/tessera/plans"]


def test_an_allowance_for_a_file_that_is_gone_is_found() -> None:
    paths = {path for _, path in rules.ALLOWED}
    assert rules.unused_allowances(paths) == []
    assert len(rules.unused_allowances(paths - {"core/clock.py"})) == 1
