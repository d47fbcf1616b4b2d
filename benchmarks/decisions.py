"""The decision in process: against its bare SQL, and in a club that grows."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection

from benchmarks import crowd as crowds
from benchmarks.crowd import AT, Crowd
from benchmarks.report import Result
from tessera.access import facts
from tessera.access.engine import decide
from tessera.access.types import Asked, Target

_WORKING_SET = 2_000
_ROUNDS = 9
_QUESTIONS: tuple[tuple[str, Asked], ...] = (("key", "door-3"), ("target", Target("enter", "door", "3")))


def measure(database: str, crowd: Crowd, *, small: int, large: int) -> Iterator[Result]:
    """Measure at `small` memberships, let the club grow to `large`, and measure again."""
    crowds.grow(crowd, small)
    for name, asked in _QUESTIONS:
        yield _against_bare_sql(database, crowd, name, asked)
    before = _decisions(crowd)
    crowds.grow(crowd, large)
    after = _decisions(crowd)
    yield Result(
        f"decision, {large:,} memberships / {small:,}",
        database,
        1.75 if database == "sqlite" else 1.25,
        at_most=True,
        unit="x",
        value=after / before,
        note=f"{before * 1e6:.0f} us, then {after * 1e6:.0f} us, over {_WORKING_SET:,} customers",
    )


def _against_bare_sql(database: str, crowd: Crowd, name: str, asked: Asked) -> Result:
    people = working_set(crowd)
    statements = [facts.statement(crowd.club.pk, person, asked, on_sqlite=database == "sqlite") for person in people]
    execute = _driver(database)

    def bare() -> None:
        for sql, parameters in statements:
            execute(sql, parameters).fetchall()

    def decided() -> None:
        for person in people:
            decide(organization_id=crowd.club.pk, customer_id=person, asked=asked, at=AT)

    bare_seconds, decided_seconds = interleaved(bare, decided)
    return Result(
        f"decision by {name}: bare SQL / in process",
        database,
        0.5,
        at_most=False,
        unit="x",
        value=bare_seconds / decided_seconds,
        note=f"{bare_seconds / len(people) * 1e6:.0f} us bare, {decided_seconds / len(people) * 1e6:.0f} us decided",
    )


def _driver(database: str) -> Callable[[str, Sequence[object]], Any]:
    """Return what the driver executes a statement with: prepared on PostgreSQL, as the product has it."""
    connection.ensure_connection()
    driver = connection.connection
    if database == "sqlite":
        execute: Callable[[str, Sequence[object]], Any] = driver.execute
        return execute
    driver.prepare_threshold = 0
    return psycopg.Cursor(driver).execute


def _decisions(crowd: Crowd) -> float:
    """Return the seconds of one decision, over the working set, warm."""
    people = working_set(crowd)

    def decided() -> None:
        for person in people:
            decide(organization_id=crowd.club.pk, customer_id=person, asked="door-3", at=AT)

    (seconds,) = interleaved(decided)
    return seconds / len(people)


def working_set(crowd: Crowd) -> list[UUID]:
    return random.Random(7).sample(crowd.customers, min(_WORKING_SET, len(crowd.customers)))


def interleaved(*runs: Callable[[], None]) -> list[float]:
    """Return the least seconds each takes, measured in turns: what else the machine does only adds."""
    taken: list[list[float]] = [[] for _ in runs]
    for round_number in range(_ROUNDS + 1):
        for seconds, run in zip(taken, runs, strict=True):
            began = time.perf_counter()
            run()
            if round_number:  # the first warms up
                seconds.append(time.perf_counter() - began)
    return [min(seconds) for seconds in taken]
