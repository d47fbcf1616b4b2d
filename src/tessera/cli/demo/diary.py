"""The year before the demo's day, told in order of time: every story waits for its next instant, then goes on."""

import heapq
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from tessera.core.local_time import first_instant

Story = Iterator[datetime]


class Diary:
    """Runs stories up to its day, 00:00 local. A story yields the instant it waits for, and is resumed there.

    What happens is thereby recorded in order. A story that waits for a later instant stays where it is.
    """

    def __init__(self, today: date, zone: ZoneInfo) -> None:
        self.today = today
        self.zone = zone
        self.until = first_instant(datetime.combine(today, time.min), zone)
        self._order = count()
        self._waiting: list[tuple[datetime, int, Story]] = []

    def ago(self, days: float, rng: Random) -> datetime:
        """Return an instant during opening hours (07:00 to 21:00) of the local day that many days ago, at least one."""
        day = self.today - timedelta(days=max(1, int(days)))
        clock = time(rng.randrange(7, 21), rng.randrange(60), rng.randrange(60))
        return first_instant(datetime.combine(day, clock), self.zone)

    def on(self, days: int) -> datetime:
        """Return 00:00 local, that many days after the demo's day."""
        return first_instant(datetime.combine(self.today + timedelta(days=days), time.min), self.zone)

    def add(self, story: Story) -> None:
        """Begin a story: it runs to the first instant it waits for."""
        at = next(story, None)
        if at is not None and at <= self.until:
            heapq.heappush(self._waiting, (at, next(self._order), story))

    def run(self) -> None:
        """Tell everything, to the diary's day."""
        while self._waiting:
            _, _, story = heapq.heappop(self._waiting)
            self.add(story)
