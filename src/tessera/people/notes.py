"""What staff write down about a customer or a company. Texts stay in the notes; events hold ids only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import F

from tessera import db
from tessera.core import ids
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import versions
from tessera.people import details
from tessera.people.errors import NoteNotFound, NotTheAuthor, TextInvalid
from tessera.people.models import Company, Customer, Note
from tessera.people.present import locked

LONGEST: Final = 4_000
UNDO_WITHIN: Final = timedelta(hours=1)
MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class NoteFacts:
    """A note. `author` is an actor as events hold it, `author_name` empty unless that is staff.

    `edited_at` null: it stands as it was written.
    """

    id: UUID
    version: int
    text: str
    author: str
    author_name: str
    pinned: bool
    written_at: datetime
    edited_at: datetime | None


def notes_of(about: Customer | Company) -> list[NoteFacts]:
    """Return the notes about somebody: pinned ones first, then the newest; at most a hundred. One query."""
    found = Note.objects.filter(**_about(about), organization_id=about.organization_id, deleted_at=None)
    found = found.select_related("written_by__user")
    return [_facts(row) for row in found.order_by("-pinned", "-id")[:MOST_SHOWN]]


def note_by_id(about: Customer | Company, text: str) -> Note:
    """Return the note `nte_…` about somebody, also if it has been deleted. Raises NoteNotFound."""
    key = ids.from_text(ids.Prefix.NOTE, text)
    found = Note.objects.filter(**_about(about), organization_id=about.organization_id)
    row = None if key is None else found.filter(pk=key).first()
    if row is None:
        raise NoteNotFound("there is no such note")
    return row


def write_note(*, about: Customer | Company, text: str, at: datetime, actor: Actor) -> Note:
    """Write a note of 1 to 4,000 characters. Raises TextInvalid; CustomerMerged, CustomerErased."""
    row = Note(
        organization_id=about.organization_id,
        text=checked(text),
        author=str(actor),
        written_by_id=ids.from_text(ids.Prefix.STAFF, actor.id),
        written_at=at,
        **_about(about),
    )
    with db.transaction():
        if isinstance(about, Customer):
            locked(about)
        row.save(force_insert=True)
        _record(EventType.NOTE_WRITTEN, row, at, actor)
    return row


def edit_note(*, note: Note, text: str, at: datetime, actor: Actor, version: int | None = None) -> Note:
    """Change the text of one's own note. The same text writes nothing.

    Raises NotTheAuthor, NoteNotFound if it has been deleted, VersionStale if `version` is not the present one,
    TextInvalid.
    """
    kept = checked(text)
    with db.transaction():
        present = _present(note)
        if present.author != str(actor):
            raise NotTheAuthor("a note is changed by whoever wrote it; write another one")
        versions.check(present.version, version, detail=said("the note has been changed meanwhile"))
        if kept != present.text:
            _write(present, EventType.NOTE_EDITED, at, actor, text=kept, edited_at=at)
    return present


def pin_note(*, note: Note, pinned: bool, at: datetime, actor: Actor) -> Note:
    """Keep a note on top, or no longer. One that lies so already is left. Raises NoteNotFound if it was deleted."""
    with db.transaction():
        present = _present(note)
        if present.pinned != pinned:
            what = EventType.NOTE_PINNED if pinned else EventType.NOTE_UNPINNED
            _write(present, what, at, actor, pinned=pinned)
    return present


def delete_note(*, note: Note, at: datetime, actor: Actor) -> Note:
    """Delete a note. For an hour it can be put back; the next one deleted after that takes its text with it.

    Raises NoteNotFound if it has been deleted already.
    """
    with db.transaction():
        present = _present(note)
        _write(present, EventType.NOTE_DELETED, at, actor, deleted_at=at)
        forget_deleted(present.organization_id, before=at - UNDO_WITHIN)
    return present


def put_back_note(*, note: Note, at: datetime, actor: Actor) -> Note:
    """Take a deletion back. One that is there already is left. Raises NoteNotFound if it is gone for good."""
    with db.transaction():
        present = Note.objects.select_for_update(no_key=True).filter(pk=note.pk).first()
        if present is None or (present.deleted_at is not None and present.deleted_at <= at - UNDO_WITHIN):
            raise NoteNotFound("this note is gone for good")
        if present.deleted_at is not None:
            _write(present, EventType.NOTE_PUT_BACK, at, actor, deleted_at=None)
    return present


def forget_deleted(organization_id: UUID, *, before: datetime) -> int:
    """Remove the organization's notes that were deleted before an instant; return how many those were."""
    removed, _ = Note.objects.filter(organization_id=organization_id, deleted_at__lte=before).delete()
    return removed


def checked(text: str) -> str:
    """Return a note's text as it is kept: 1 to 4,000 characters, on any number of lines. Raises TextInvalid."""
    lines = [details.text(line, pointer="/text", longest=LONGEST) for line in text.strip().splitlines()]
    kept = "\n".join(lines).strip()
    if not kept:
        raise TextInvalid("write something", pointer="/text")
    if len(kept) > LONGEST:
        raise TextInvalid(
            said("at most {longest} characters, not {many}", longest=LONGEST, many=len(kept)), pointer="/text"
        )
    return kept


def _present(note: Note) -> Note:
    present = Note.objects.select_for_update(no_key=True).filter(pk=note.pk, deleted_at=None).first()
    if present is None:
        raise NoteNotFound("this note has been deleted")
    return present


def _write(note: Note, what: EventType, at: datetime, actor: Actor, **columns: object) -> None:
    Note.objects.filter(pk=note.pk).update(version=F("version") + 1, **columns)
    note.refresh_from_db(fields=["version", *columns])
    _record(what, note, at, actor)


def _record(what: EventType, note: Note, at: datetime, actor: Actor) -> None:
    events.record(
        events.Happened(
            organization_id=note.organization_id,
            type=what,
            at=at,
            actor=actor,
            customer_id=note.customer_id,
            company_id=note.company_id,
            data={"note": ids.to_text(ids.Prefix.NOTE, note.pk)},
        )
    )


def _about(about: Customer | Company) -> dict[str, UUID]:
    return {"customer_id" if isinstance(about, Customer) else "company_id": about.pk}


def _facts(row: Note) -> NoteFacts:
    name = row.written_by.user.name if row.written_by is not None else ""
    return NoteFacts(row.pk, row.version, row.text, row.author, name, row.pinned, row.written_at, row.edited_at)
