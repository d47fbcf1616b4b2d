"""Pictures and their files: put in place whole, gone when nobody has them, never another organization's."""

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tessera.core import clock
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.files import services, storage, sweeping
from tessera.files.decoding import renditions
from tessera.files.models import Picture
from tessera.files.types import SIZES, Kind
from tessera.organizations.models import Organization
from tests import make
from tests.files.pictures import BLUE, picture

pytestmark = pytest.mark.django_db
OWNER = Actor.system("tests")


def stored(club: Organization) -> list[Path]:
    folder = storage.root() / str(club.pk)
    return sorted(folder.iterdir()) if folder.is_dir() else []


def set_logo(club: Organization, content: bytes) -> None:
    services.set_organization_logo(organization=club, content=content, at=make.JAN_10, actor=OWNER)
    club.refresh_from_db()


def aged(club: Organization, age: timedelta) -> datetime:
    """Make every file of the club as old as that; return now."""
    now = clock.now()
    for path in stored(club):
        os.utime(path, times=((now - age).timestamp(),) * 2)
    return now


def test_a_logo_is_kept_in_three_sizes_under_names_of_ours(club: Organization) -> None:
    set_logo(club, picture("PNG"))
    row = Picture.objects.get()
    assert club.logo == row.pk
    assert {path.name for path in stored(club)} == {f"{row.pk}-{size}.png" for size in SIZES}
    assert {path.stat().st_mode & 0o777 for path in stored(club)} == {0o600}
    assert [each.data for each in Event.objects.filter(organization=club)] == [{"fields": ["logo"]}]


def test_the_same_logo_again_changes_nothing(club: Organization) -> None:
    set_logo(club, picture("PNG"))
    version, files = club.version, stored(club)
    set_logo(club, picture("PNG"))
    assert (club.version, stored(club), Event.objects.count()) == (version, files, 1)


def test_another_logo_takes_the_place_of_the_first_whose_files_go_later(club: Organization) -> None:
    set_logo(club, picture("PNG"))
    first = club.logo
    set_logo(club, picture("PNG", colour=BLUE))
    assert Picture.objects.get().pk == club.logo != first
    assert len(stored(club)) == 6

    assert sweeping.sweep(at=aged(club, timedelta(minutes=59))) == 0
    assert sweeping.sweep(at=aged(club, timedelta(minutes=61))) == 3
    assert {storage.picture_of(path) for path in stored(club)} == {club.logo}


def test_a_removed_logo_is_gone_with_its_folder(club: Organization) -> None:
    set_logo(club, picture("PNG"))
    services.remove_organization_logo(organization=club, at=make.JAN_10, actor=OWNER)
    services.remove_organization_logo(organization=club, at=make.JAN_10, actor=OWNER)
    assert (Picture.objects.count(), Event.objects.count()) == (0, 2)
    sweeping.sweep(at=aged(club, timedelta(hours=2)))
    assert not (storage.root() / str(club.pk)).exists()


def test_an_upload_that_came_to_nothing_is_swept_and_what_is_not_ours_stays(club: Organization) -> None:
    set_logo(club, picture("PNG"))
    services.written(
        picture("PNG", colour=BLUE), organization=club, kind=Kind.ORGANIZATION, instead_of=None, at=make.JAN_10
    )
    folder = storage.root() / str(club.pk)
    (folder / ".half.part").write_bytes(b"half")
    (folder / "notes.txt").write_text("somebody's own")
    (storage.root() / "lost+found").mkdir()
    sweeping.sweep(at=aged(club, timedelta(hours=2)))
    assert [path.name for path in stored(club) if storage.picture_of(path) != club.logo] == ["notes.txt"]
    assert len(stored(club)) == 4


def test_nothing_is_swept_while_a_backup_reads(club: Organization) -> None:
    set_logo(club, picture("PNG"))
    services.remove_organization_logo(organization=club, at=make.JAN_10, actor=OWNER)
    at = aged(club, timedelta(hours=2))
    with storage.nothing_removed():
        assert sweeping.sweep(at=at) == 0
        assert not sweeping.remove_folder(club.pk)
    assert sweeping.sweep(at=at) == 3


def test_a_file_appears_whole_or_not_at_all(club: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tessera.files.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        set_logo(club, picture("PNG"))
    assert stored(club) == []
    assert Picture.objects.count() == 0


def test_what_is_missing_is_found(club: Organization) -> None:
    set_logo(club, picture("PNG"))
    assert list(sweeping.missing()) == []
    stored(club)[0].unlink()
    assert [key for key, _ in sweeping.missing()] == [club.logo]


def test_many_pictures_at_once_are_each_whole(club: Organization) -> None:
    contents = [picture("PNG", colour=(number, 0, 0)) for number in range(6)]
    made: list[Picture | None] = []

    def write(content: bytes) -> None:
        from_threads = Picture(organization=club, kind=Kind.CUSTOMER)
        storage.write(club.pk, from_threads.pk, renditions(content, kind=Kind.CUSTOMER))
        made.append(from_threads)

    threads = [threading.Thread(target=write, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(stored(club)) == 18
