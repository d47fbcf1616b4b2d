"""Granting a plan to a company costs the same whatever number of people it has."""

import time
from collections.abc import Iterator

from benchmarks import crowd as crowds
from benchmarks.crowd import AT, Crowd
from benchmarks.report import Result
from tessera.events.types import Actor
from tessera.memberships.granting import grant
from tessera.people.models import Company
from tessera.people.types import Source
from tests import make

_ROUNDS = 30


def measure(database: str, crowd: Crowd, *, few: int, many: int) -> Iterator[Result]:
    """Grant one plan after the other, in turns to a company of `few` people and to one of `many`, events and all."""
    companies = [Company.objects.get(pk=crowds.company_of(crowd, people)) for people in (few, many)]
    taken: list[list[float]] = [[], []]
    for _ in range(_ROUNDS):
        plan = make.plan(crowd.club)
        for seconds, company in zip(taken, companies, strict=True):
            began = time.perf_counter()
            grant(
                organization=crowd.club,
                plan=plan,
                holder=company,
                at=AT,
                actor=Actor.system("benchmark"),
                source=Source.API,
            )
            seconds.append(time.perf_counter() - began)
    small, large = (min(seconds) for seconds in taken)  # what else the machine does only adds
    yield Result(
        f"granting, {many:,} people / {few}",
        database,
        1.5,
        at_most=True,
        unit="x",
        value=large / small,
        note=f"{small * 1e3:.2f} ms, then {large * 1e3:.2f} ms, committed",
    )
