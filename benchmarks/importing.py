"""A file of many customers: how long checking and importing it takes, on this database."""

import io
import time
from collections.abc import Iterator

from benchmarks.report import Result


def measure(database: str, *, many: int) -> Iterator[Result]:
    """Check and import a file of `many` customers, each with an e-mail, a phone number and an id of their own."""
    from benchmarks import crowd
    from tessera.events.types import Actor
    from tessera.people.models import Customer
    from tessera.transfer import blocks, importing, queries
    from tessera.transfer.types import Kind, Match, Setup
    from tests import make

    club, actor = make.organization("Newcomers", slug="newcomers"), Actor.system("benchmark")
    began = time.perf_counter()
    row = importing.upload(
        organization=club, kind=Kind.CUSTOMERS, source=_file(many), file_name="people.csv", at=crowd.AT, actor=actor
    )
    uploaded = time.perf_counter() - began
    columns, _ = queries.proposed(club, queries.imports(club)[0][0])
    setup = Setup(columns=columns, match=(Match.EXTERNAL_ID, Match.NUMBER, Match.EMAIL))
    importing.prepare(organization=club, import_id=row.pk, setup=setup, at=crowd.AT, actor=actor)
    began = time.perf_counter()
    while blocks.advance(row.pk):
        pass
    checked = time.perf_counter() - began
    importing.start(organization=club, import_id=row.pk, at=crowd.AT, actor=actor)
    began, own = time.perf_counter(), time.process_time()
    while blocks.advance(row.pk):
        pass
    seconds, own = time.perf_counter() - began, time.process_time() - own
    assert Customer.objects.filter(organization=club).count() == many
    yield Result(
        f"importing {many:,} customers",
        database,
        60 * many / 100_000,
        at_most=True,
        unit=" s",
        value=seconds,
        note=f"{own:.0f} s of a processor; checked before in {checked:.0f} s, uploaded in {uploaded:.1f} s",
    )


def _file(many: int) -> io.BytesIO:
    lines = ["external_id,first_name,last_name,email,phone,birthday,newsletter\n"]
    lines += [
        f"app-{place},Ada {place % 977},Lovelace-{place % 1_009},ada.{place}@example.org,"
        f"+44 20 7946 {place % 10_000:04},"
        f"19{place % 90 + 10}-0{place % 9 + 1}-1{place % 9},{'yes' if place % 2 else 'no'}\n"
        for place in range(many)
    ]
    return io.BytesIO("".join(lines).encode())
