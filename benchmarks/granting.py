"""Granting a plan to a company costs the same whatever number of people it has."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from benchmarks import crowd as crowds
from benchmarks.crowd import AT, Crowd
from benchmarks.report import Result
from tessera import db
from tessera.events.types import Actor
from tessera.memberships.granting import grant
from tessera.people.models import Company
from tessera.people.types import Source

_ROUNDS = 30


class _Undo(Exception):
    """Takes a grant back, so that the next is like it."""


def measure(database: str, crowd: Crowd, *, few: int, many: int) -> Iterator[Result]:
    """Grant in turns to a company of `few` people and to one of `many`."""
    companies = [Company.objects.get(pk=crowds.company_of(crowd, people)) for people in (few, many)]
    taken: list[list[float]] = [[], []]
    for _ in range(_ROUNDS):
        for seconds, company in zip(taken, companies, strict=True):
            with undone():
                began = time.perf_counter()
                grant(
                    organization=crowd.club,
                    plan=crowd.plans[0],
                    holder=company,
                    at=AT,
                    actor=Actor.system("benchmark"),
                    source=Source.API,
                )
                seconds.append(time.perf_counter() - began)
    small, large = (statistics.median(seconds) for seconds in taken)
    yield Result(
        f"granting, {many:,} people / {few}",
        database,
        1.5,
        at_most=True,
        unit="x",
        value=large / small,
        note=f"{small * 1e3:.2f} ms, then {large * 1e3:.2f} ms",
    )


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is taken back at the end."""
    with suppress(_Undo), db.transaction():
        yield
        raise _Undo
