"""A membership's life as a picture: its stretches laid out from left to right, with the calendar below them.

Positions and widths are percentages of the picture, 0 to 100. Nothing here reads a clock or a database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tessera.console.life import Kind, Stretch, stretches
from tessera.core import local_time
from tessera.memberships.views import Life
from tessera.organizations.formatting import Formats

_MOST_TICKS: Final = 8
_STEPS_IN_DAYS: Final = (1, 2, 7)
_STEPS_IN_MONTHS: Final = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200)
_OPEN_SHARE: Final = 0.14  # how much of what has been is drawn of what has no end
_OPEN_LEAST: Final = timedelta(days=30)
_THINNEST: Final = 0.4  # so that an hour in ten years is still to be seen
_PARTED: Final = 1.6  # narrower terms are parted by a finer line
_PARTED_FINELY: Final = 0.5  # and still narrower ones not at all
_LAST_WORD: Final = 95.0  # a word that began further right would stand out of the picture,
_LAST_WORD_OF_MANY: Final = 84.0  # and on a phone one from here on
_NO_WORD_YET: Final = 16.0  # where the first mark is further right, the beginning has a word too
_NAMED: Final = 6.0  # narrower stretches of a plan have no room for its name


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch as it is drawn. `kind` is that of the stretch, or `pause-on`: a pause that goes on until resumed.

    `cut`: how it is parted from the one before: "", "fine" or "clear".
    """

    kind: str
    x: float
    width: float
    title: str
    cut: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the calendar. `minor`: its word is left out where there is little room."""

    x: float
    text: str
    minor: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The name of the plan held over a part of the ribbon, where it was not always the same."""

    x: float
    width: float
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch as the table has it."""

    what: str
    from_text: str
    until_text: str
    gap: bool


@dataclass(frozen=True, slots=True)
class Ribbon:
    """The picture. `today` None: it is too far away; `today_word`: "start", "middle" or "end" of the line is its place.

    `opens`: something in it has no end. `legend` is of kind and word.
    """

    label: str
    pieces: list[Piece]
    rows: list[Row]
    plans: list[Plan]
    ticks: list[Tick]
    legend: list[tuple[str, str]]
    today: float | None
    today_word: str
    opens: bool


def ribbon(life: Life, *, formats: Formats, at: datetime) -> Ribbon | None:
    """Return the life as a picture; None if there was never anything to draw."""
    found = stretches(life, at)
    if not found:
        return None
    frame = _Frame.around(found, at)
    today = frame.x(at) if frame.begins_at <= at <= frame.ends_at else None
    kinds = {each.kind for each in found}
    legend = [(kind.value, str(word)) for kind, word in _LEGEND.items() if kind in kinds]
    return Ribbon(
        label=_label(life, found, formats),
        pieces=list(_pieces(found, frame, formats, at)),
        rows=[Row(each.what, *_from_until(each, formats), each.kind is Kind.GAP) for each in found],
        plans=_plans(life, frame),
        ticks=list(_ticks(frame, formats)),
        legend=legend if len(legend) > 1 else [],
        today=today,
        today_word="middle" if today is None or 6 < today < 94 else "start" if today <= 6 else "end",
        opens=any(each.ends_at is None for each in found),
    )


_LEGEND: Final[Mapping[Kind, object]] = {
    Kind.WAITING: _("Waiting"),
    Kind.TRIAL: _("Trial"),
    Kind.TERM: _("Term"),
    Kind.BOOKED: _("Booked"),
    Kind.GRACE: _("Grace"),
    Kind.PAUSE: _("Pause"),
    Kind.CUT_OFF: _("Cut off"),
}


@dataclass(frozen=True, slots=True)
class _Frame:
    """The instants at the two edges of the picture."""

    begins_at: datetime
    ends_at: datetime

    @classmethod
    def around(cls, found: Sequence[Stretch], at: datetime) -> "_Frame":
        """Return the frame that shows all of `found`, and the present unless that would crowd it at one edge."""
        first = min(each.starts_at for each in found)
        last = max(each.ends_at or each.starts_at for each in found)
        if any(each.ends_at is None for each in found):
            last = max(last, at)
            last += max((last - first) * _OPEN_SHARE, _OPEN_LEAST)
        length = max(last - first, timedelta(days=1))
        last = first + length
        if at > last:
            last = at if at - last <= length else last + length / 10
        elif at < first:
            first = at if first - at <= length else first - length / 10
        return cls(first, last)

    def place(self, starts_at: datetime, ends_at: datetime | None) -> tuple[float, float]:
        """Return where something begins and how wide it is; what has no end goes on to the edge."""
        x = self.x(starts_at)
        width = round(max((self.x(ends_at) if ends_at is not None else 100.0) - x, _THINNEST), 3)
        return min(x, 100 - width), width

    def x(self, instant: datetime) -> float:
        share = (instant - self.begins_at) / (self.ends_at - self.begins_at)
        return round(min(max(share, 0.0), 1.0) * 100, 3)


def _pieces(found: Sequence[Stretch], frame: _Frame, formats: Formats, at: datetime) -> Iterator[Piece]:
    before: Stretch | None = None
    narrow = 0.0
    for each in found:
        if each.kind is Kind.GAP:
            continue
        title = _title(each, formats)
        x, width = frame.place(each.starts_at, each.ends_at)
        if each.kind is Kind.PAUSE and each.ends_at is None and each.starts_at < at:
            yield Piece(each.kind.value, *frame.place(each.starts_at, at), title, "")
            yield Piece("pause-on", *frame.place(at, None), title, "")
        elif each.kind in (Kind.PAUSE, Kind.GRACE):
            yield Piece(each.kind.value, x, width, title, "")
        else:
            parted = before is not None and before.ends_at == each.starts_at
            yield Piece(each.kind.value, x, width, title, _cut(min(narrow, width)) if parted else "")
            before, narrow = each, width


def _cut(narrower: float) -> str:
    return "clear" if narrower >= _PARTED else "fine" if narrower >= _PARTED_FINELY else ""


def _from_until(each: Stretch, formats: Formats) -> tuple[str, str]:
    return formats.start(each.starts_at), formats.end(each.ends_at) if each.ends_at else each.open_end


def _title(each: Stretch, formats: Formats) -> str:
    told = {"what": each.what, "start": formats.start(each.starts_at)}
    if each.ends_at is None:
        return gettext("%(what)s, from %(start)s") % told
    return gettext("%(what)s, %(start)s to %(end)s") % {**told, "end": formats.end(each.ends_at)}


def _plans(life: Life, frame: _Frame) -> list[Plan]:
    """Return where which plan was held, if there was more than one."""
    runs = [list(run) for _plan, run in groupby(life.terms, key=lambda term: term.plan.id)]
    if len(runs) < 2:
        return []
    starts = [frame.x(run[0].starts_at) for run in runs]
    ends = [*starts[1:], frame.x(runs[-1][-1].ends_at) if runs[-1][-1].ends_at else 100.0]
    named = [(x, round(end - x, 3), run[0].plan.name) for x, end, run in zip(starts, ends, runs, strict=True)]
    return [Plan(*each) for each in named if each[1] >= _NAMED]


def _label(life: Life, found: Sequence[Stretch], formats: Formats) -> str:
    """Return what the picture shows, for whoever does not see it; the table tells all of it."""
    terms, pauses = len(life.terms), len(life.pauses)
    if not terms:
        return gettext("%(plan)s: %(what)s.") % {"plan": life.view.plan.name, "what": found[0].what}
    start, end = life.terms[0].starts_at, life.terms[-1].ends_at
    told = {
        "plan": life.view.plan.name,
        "terms": ngettext("%(count)d term", "%(count)d terms", terms) % {"count": terms},
        "pauses": ngettext("%(count)d pause", "%(count)d pauses", pauses) % {"count": pauses},
        "start": formats.start(start),
        "end": formats.end(end) if end else gettext("no end"),
    }
    if pauses:
        return gettext("%(plan)s: %(terms)s and %(pauses)s, from %(start)s to %(end)s.") % told
    return gettext("%(plan)s: %(terms)s, from %(start)s to %(end)s.") % told


def _ticks(frame: _Frame, formats: Formats) -> Iterator[Tick]:
    """Yield marks at the beginnings of days, months or years, as many as have room."""
    first, last = formats.local(frame.begins_at).date(), formats.local(frame.ends_at).date()
    step = next((each for each in _STEPS_IN_DAYS if (last - first).days // each <= _MOST_TICKS), 0)
    days = list(_every_days(first, last, step) if step else _every_months(first, last))
    marks = [(day, instant) for day in days if (instant := local_time.day_start(day, formats.zone)) >= frame.begins_at]
    begin = not marks or frame.x(marks[0][1]) > _NO_WORD_YET
    if begin:
        yield Tick(0.0, formats.short(first) if step else formats.month(first, year=True), minor=False)
    days = [day for day, _instant in marks]
    texts = [formats.short(day) for day in days] if step else _months(days, first.year if begin else 0, formats)
    januaries = (number for number, (day, _at) in enumerate(marks) if not step and day.month == 1)
    major = next(januaries, 0) % 2
    for number, ((_day, instant), text) in enumerate(zip(marks, texts, strict=True)):
        x = frame.x(instant)
        yield Tick(x, text if x <= _LAST_WORD else "", minor=x > _LAST_WORD_OF_MANY or number % 2 != major)


def _every_days(first: date, last: date, step: int) -> Iterator[date]:
    """Yield every `step`th day; of weeks their Mondays."""
    day = first if step < 7 else first + timedelta(days=-first.weekday() % 7)
    while day <= last:
        yield day
        day += timedelta(days=step)


def _every_months(first: date, last: date) -> Iterator[date]:
    """Yield the firsts of months as far apart as they need room, counted from a January."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((each for each in _STEPS_IN_MONTHS if months // each <= _MOST_TICKS), months)
    begin = first.year * 12 + first.month - 1
    for month in range(begin + -begin % step, last.year * 12 + last.month, step):
        yield date(month // 12, month % 12 + 1, 1)


def _months(days: Sequence[date], year_said: int, formats: Formats) -> list[str]:
    """Return how months are called: by the year alone where all are Januaries, else with it where it is a new one."""
    if all(day.month == 1 for day in days) and len(days) > 1:
        return [str(day.year) for day in days]
    years = [year_said, *(day.year for day in days)]
    return [formats.month(day, year=day.year != before) for before, day in zip(years, days, strict=False)]
