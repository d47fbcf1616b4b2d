"""Mails as they would be sent, read back part by part."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape

import time_machine
from django.core.mail import EmailMultiAlternatives

from tessera.notices import composing, reactions, reading
from tessera.notices.models import Notice
from tessera.notices.types import Kind, Skipped
from tests.notices.stage import Stage, lines

_UNSEEN = re.compile(r"<(style|title|head)\b.*?</\1>|<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail. `seen` is the visible text of its HTML part, in one line."""

    kind: Kind
    message: EmailMultiAlternatives

    @property
    def subject(self) -> str:
        return str(self.message.subject)

    @property
    def text(self) -> str:
        return str(self.message.body)

    @property
    def html(self) -> str:
        return str(self.message.alternatives[0][0])

    @property
    def seen(self) -> str:
        return visible(self.html)

    @property
    def paragraphs(self) -> list[str]:
        """The texts of the HTML part's headings, paragraphs and cells, in order."""
        inner = re.findall(r"<(h1|p|th|td)\b[^>]*>((?:(?!<(?:h1|p|th|td)\b).)*?)</\1>", self.html, re.DOTALL)
        return [text for _, part in inner if (text := visible(part))]


def visible(html: str) -> str:
    """Return what a reader sees of the HTML, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", _UNSEEN.sub(" ", html))).split())


def happens(stage: Stage, scene: Callable[[Stage], None]) -> list[Letter]:
    """Let the scene happen, react to it, and return the mails it leads to, written at the stage's instant."""
    with time_machine.travel(stage.at, tick=False) as clock:
        scene(stage)
        clock.move_to(stage.at)
        reactions.react(stage.club, lines(stage.club))
        return written(stage)


def in_locale(stage: Stage, locale: str) -> list[Letter]:
    """Return the mails as they would be written if the club were of that locale."""
    stage.club.locale = locale
    with time_machine.travel(stage.at, tick=False):
        return written(stage)


def written(stage: Stage) -> list[Letter]:
    """Return the mails of the club's notices that have something to say, the oldest first."""
    club = stage.club
    notices = list(Notice.objects.filter(organization=club).order_by("event_sequence", "id"))
    found = reading.matters(club, notices)
    letters = []
    for notice in notices:
        matter = found[notice.pk]
        message = None if isinstance(matter, Skipped) else composing.compose(notice, matter)
        if message is not None:
            letters.append(Letter(Kind(notice.kind), message))
    return letters
