"""Which events an endpoint gets: all, or those that its list of types and patterns (`membership.*`) names."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from tessera.core.phrases import said
from tessera.events.types import EventType
from tessera.webhooks.errors import EventTypesInvalid

MOST: Final = 100
_ALL: Final = frozenset(EventType)


def checked(names: Sequence[str], *, pointer: str = "/event_types") -> list[str]:
    """Return the names, each once, in the order given. An empty list means every event.

    Raises EventTypesInvalid if one is neither an event type nor the pattern of all events of a noun.
    """
    if len(names) > MOST:
        raise EventTypesInvalid(said("at most {most} event types and patterns", most=MOST), pointer=pointer)
    for place, name in enumerate(names):
        if not _matching(name):
            raise EventTypesInvalid(
                said(
                    "{name!r} is neither an event type such as membership.granted nor a pattern such as membership.*",
                    name=name[:64],
                ),
                pointer=f"{pointer}/{place}",
            )
    return list(dict.fromkeys(names))


def types_of(names: Sequence[str]) -> frozenset[EventType]:
    """Return the event types that these names let through. Names that mean nothing any more let nothing through."""
    return _types_of(tuple(names))


@lru_cache(maxsize=1_000)
def _types_of(names: tuple[str, ...]) -> frozenset[EventType]:
    return frozenset().union(*map(_matching, names)) if names else _ALL


def _matching(name: str) -> frozenset[EventType]:
    noun, _, verb = name.partition(".")
    if verb == "*":
        return frozenset(each for each in EventType if each.partition(".")[0] == noun)
    return frozenset(each for each in EventType if each == name)
