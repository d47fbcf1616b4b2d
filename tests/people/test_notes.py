"""Notes: what staff write down, who may change it, and what is left of what was deleted."""

from datetime import timedelta
from uuid import UUID

import pytest

from tessera.core.ids import Prefix, to_text
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.organizations.errors import VersionStale
from tessera.organizations.models import Organization
from tessera.people import notes
from tessera.people.errors import NoteNotFound, NotTheAuthor, TextInvalid
from tessera.people.models import Note
from tests import make

MARA, DESMOND = Actor.api_key(UUID(int=1)), Actor.api_key(UUID(int=2))


def test_a_note_keeps_its_text_and_the_event_keeps_none(club: Organization) -> None:
    ada = make.customer(club)
    note = notes.write_note(about=ada, text="  Has a locker.\n\nNumber 41.  ", at=make.JAN_10, actor=MARA)
    (shown,) = notes.notes_of(ada)
    assert (shown.text, shown.author, shown.pinned) == ("Has a locker.\n\nNumber 41.", str(MARA), False)
    line = Event.objects.get(organization=club, type="note.written")
    assert line.data == {"note": to_text(Prefix.NOTE, note.pk)}
    assert line.customer_id == ada.pk


def test_a_note_of_staff_names_them(club: Organization) -> None:
    ada, sam = make.customer(club), make.staff(club, name="Sam Steward")
    notes.write_note(about=ada, text="Swims", at=make.JAN_10, actor=Actor.staff(sam.pk))
    assert [each.author_name for each in notes.notes_of(ada)] == ["Sam Steward"]


def test_pinned_notes_come_first_then_the_newest(club: Organization) -> None:
    acme = make.company(club)
    first, second, third = (
        notes.write_note(about=acme, text=text, at=make.JAN_10, actor=MARA) for text in ("first", "second", "third")
    )
    notes.pin_note(note=first, pinned=True, at=make.JAN_10, actor=DESMOND)
    assert [each.id for each in notes.notes_of(acme)] == [first.pk, third.pk, second.pk]
    notes.pin_note(note=first, pinned=False, at=make.JAN_10, actor=DESMOND)
    assert [each.id for each in notes.notes_of(acme)] == [third.pk, second.pk, first.pk]
    assert Event.objects.filter(organization=club, type="note.pinned", company_id=acme.pk).count() == 1


def test_only_the_author_changes_a_note_and_not_over_another_version(club: Organization) -> None:
    note = notes.write_note(about=make.customer(club), text="Swims", at=make.JAN_10, actor=MARA)
    with pytest.raises(NotTheAuthor):
        notes.edit_note(note=note, text="Runs", at=make.JAN_10, actor=DESMOND)
    changed = notes.edit_note(note=note, text="Runs", at=make.FEB_10, actor=MARA, version=1)
    assert (changed.text, changed.edited_at, changed.version) == ("Runs", make.FEB_10, 2)
    with pytest.raises(VersionStale):
        notes.edit_note(note=note, text="Rows", at=make.FEB_10, actor=MARA, version=1)


def test_what_is_deleted_can_be_put_back_for_an_hour_and_then_its_text_is_gone(club: Organization) -> None:
    ada = make.customer(club)
    note, other = (notes.write_note(about=ada, text=text, at=make.JAN_10, actor=MARA) for text in ("one", "two"))
    notes.delete_note(note=note, at=make.JAN_10, actor=MARA)
    assert [each.text for each in notes.notes_of(ada)] == ["two"]
    with pytest.raises(NoteNotFound):
        notes.delete_note(note=note, at=make.JAN_10, actor=MARA)
    notes.put_back_note(note=note, at=make.JAN_10 + timedelta(minutes=59), actor=MARA)
    assert len(notes.notes_of(ada)) == 2

    notes.delete_note(note=note, at=make.JAN_10, actor=MARA)
    with pytest.raises(NoteNotFound):
        notes.put_back_note(note=note, at=make.JAN_10 + timedelta(hours=1), actor=MARA)
    notes.delete_note(note=other, at=make.JAN_10 + timedelta(hours=2), actor=MARA)
    assert not Note.objects.filter(pk=note.pk).exists()
    assert Note.objects.filter(pk=other.pk).exists()


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001, "a\x00b"])
def test_a_note_says_something_and_not_too_much(club: Organization, text: str) -> None:
    with pytest.raises(TextInvalid):
        notes.write_note(about=make.customer(club), text=text, at=make.JAN_10, actor=MARA)
    assert not Note.objects.exists()


def test_a_note_is_found_only_with_whom_it_is_about(club: Organization, elsewhere: Organization) -> None:
    ada = make.customer(club)
    note = notes.write_note(about=ada, text="Swims", at=make.JAN_10, actor=MARA)
    for about in (make.customer(club), make.customer(elsewhere), make.company(club)):
        with pytest.raises(NoteNotFound):
            notes.note_by_id(about, to_text(Prefix.NOTE, note.pk))
        assert notes.notes_of(about) == []
    with pytest.raises(NoteNotFound):
        notes.note_by_id(ada, "nte_nonsense")
