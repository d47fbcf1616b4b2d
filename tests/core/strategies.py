"""Starts, rules and time zones for properties: zones with every oddity that clocks have."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tessera.core.periods import Anchor, Interval

_ORDINARY = ["UTC", "Europe/Berlin", "Europe/London", "America/Los_Angeles"]
_WITH_GAPS_AT_MIDNIGHT = ["America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut"]
_WITH_ODD_OFFSETS = ["Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "Antarctica/Troll"]
_WITH_A_LOST_DAY = ["Pacific/Apia", "Pacific/Kiritimati"]

zones = st.sampled_from([*_ORDINARY, *_WITH_GAPS_AT_MIDNIGHT, *_WITH_ODD_OFFSETS]).map(ZoneInfo)
zones_with_a_lost_day = st.one_of(zones, st.sampled_from(_WITH_A_LOST_DAY).map(ZoneInfo))
walls = st.datetimes(datetime.fromisoformat("1975-01-01"), datetime.fromisoformat("2045-12-31")).map(
    lambda wall: wall.replace(microsecond=0)
)
instants = walls.map(lambda wall: wall.replace(tzinfo=UTC))
rules = st.tuples(st.sampled_from(Interval), st.integers(1, 40))


@st.composite
def anchors(draw: st.DrawFn) -> Anchor:
    """Anchors on any day; on the last day of a short month, some mean a later one."""
    wall = draw(walls)
    is_last = (wall + timedelta(days=1)).day == 1
    return Anchor.on(wall, day=draw(st.integers(wall.day, 31)) if is_last else None)
