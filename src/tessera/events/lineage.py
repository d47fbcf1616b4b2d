"""How feed epochs descend from each other (docs/decisions/0014-feed-epochs.md).

An organization's first epoch is called by the organization's own id. Each restore begins another one, which shares the
events up to some number with the epoch that was restored.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fork:
    """An epoch that began with a restore: its events up to number `after` are those of `forked_from`."""

    epoch: UUID
    forked_from: UUID
    after: int


def agree_until(one: UUID, other: UUID, *, forks: Mapping[UUID, Fork]) -> int | None:
    """Return the number up to which two different epochs hold the same events; None if nothing known joins them."""
    limits = dict(_ancestors(other, forks))
    for ancestor, limit in _ancestors(one, forks):
        if ancestor in limits:
            return int(min(limit, limits[ancestor]))
    return None


def _ancestors(epoch: UUID, forks: Mapping[UUID, Fork]) -> Iterator[tuple[UUID, float]]:
    """Yield the epoch and those it descends from, each with the number up to which it holds the same events."""
    limit = math.inf
    yield epoch, limit
    while (fork := forks.get(epoch)) is not None:
        epoch, limit = fork.forked_from, min(limit, fork.after)
        yield epoch, limit
