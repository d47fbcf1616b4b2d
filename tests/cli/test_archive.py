"""The file that a backup is: whole or refused, and never a way to write elsewhere."""

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tessera.cli.backups.archive import Writer, unpack
from tessera.cli.backups.errors import BackupDamaged, BackupOfLaterVersion
from tessera.cli.backups.manifest import FORMAT, Database, Manifest, Media, encode

AT = datetime(2026, 1, 10, 12, tzinfo=UTC)
CONTENT = {"database.sqlite3.gz": b"the database" * 100, "media/a/photo.jpg": b"a photo" * 100, "media/b.png": b""}


def manifest(form: int = FORMAT) -> Manifest:
    return Manifest(
        format=form,
        tessera="1.0",
        made_at=AT,
        database=Database("sqlite", "3.53.4"),
        migrations=["plans.0001_initial"],
        encryption_keys={"2026-11": 2},
        organizations=[],
        media=Media(2, 700),
    )


def written() -> bytes:
    stream = io.BytesIO()
    archive = Writer(stream, at=AT.timestamp())
    archive.add("manifest.json", encode(manifest()))
    for name, content in CONTENT.items():
        archive.add(name, content)
    archive.close()
    return stream.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A backup that is whole."""
    path = tmp_path / "backup.tar"
    path.write_bytes(written())
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_comes_out_as_it_went_in_and_only_its_owner_may_read_it(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"

    assert unpack(file, folder) == unpack(file, None) == manifest()

    found = files_in(folder)
    assert {name: found[name] for name in CONTENT} == CONTENT
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert (folder / "media" / "a").stat().st_mode & 0o777 == 0o700


def test_the_same_files_make_the_same_archive() -> None:
    assert written() == written()


def test_other_programs_can_unpack_and_verify_it(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "by hand"
    folder.mkdir()

    subprocess.run(["tar", "-xf", str(file), "-C", str(folder)], check=True)
    checked = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)

    assert (checked.returncode, checked.stdout.count(": OK")) == (0, 1 + len(CONTENT))


def test_cut_short_anywhere_it_is_refused(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    # Tar fills its last block up; what matters ends with the list of checksums.
    ends = whole.rindex(b"media/b.png\n") + len("media/b.png\n")

    for length in [*range(0, ends, 97), ends - 1]:
        file.write_bytes(whole[:length])
        with pytest.raises(BackupDamaged):
            unpack(file, tmp_path / f"out-{length}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 20_000), bit=st.integers(0, 7))
def test_a_bit_that_was_flipped_is_noticed_or_did_not_matter(file: Path, place: int, bit: int) -> None:
    whole = written()
    place %= len(whole)
    file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
    folder = file.parent / f"out-{place}-{bit}"

    try:
        told = unpack(file, folder)
    except (BackupDamaged, BackupOfLaterVersion):  # the latter if the bit is one of the form's number
        return
    assert told == manifest()
    found = files_in(folder)
    assert {name: found[name] for name in CONTENT} == CONTENT


def entry(name: str, content: bytes = b"x", **attributes: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info, content


def forged(*entries: tuple[tarfile.TarInfo, bytes], sums: bool = True) -> bytes:
    """An archive with these entries after the manifest and the database, with checksums that are right."""
    stream = io.BytesIO()
    every = [entry("manifest.json", encode(manifest())), entry("database.sqlite3.gz"), *entries]
    if sums:
        lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {info.name}\n" for info, content in every)
        every.append(entry("SHA256SUMS", lines.encode()))
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for info, content in every:
            tar.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return stream.getvalue()


@pytest.mark.parametrize(
    "evil",
    [
        entry("../evil"),
        entry("media/../../evil"),
        entry("/tmp/evil"),
        entry("media//evil"),
        entry("./media/evil"),
        entry("media/\\evil"),
        entry("media/evil\nname"),
        entry("media/\N{RIGHT-TO-LEFT OVERRIDE}evil"),
        entry("evil"),
        entry("database.dump"),
        entry("manifest.json"),
        entry("media/link", b"", type=tarfile.SYMTYPE, linkname="../../evil"),
        entry("media/link", b"", type=tarfile.LNKTYPE, linkname="manifest.json"),
        entry("media/folder", b"", type=tarfile.DIRTYPE),
        entry("media/device", b"", type=tarfile.CHRTYPE),
        entry("media/pipe", b"", type=tarfile.FIFOTYPE),
    ],
    ids=lambda each: f"{each[0].name!a}-{each[0].type.decode()}",
)
def test_nothing_but_plain_files_below_its_folder_comes_out(
    tmp_path: Path, evil: tuple[tarfile.TarInfo, bytes]
) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    file = tmp_path / "forged.tar"
    file.write_bytes(forged(evil))

    with pytest.raises(BackupDamaged):
        unpack(file, inner / "out")

    outside = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(inner / "out")]
    assert outside == [file]
    assert not Path("/tmp/evil").exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_symlink()]


def test_a_forged_archive_that_is_in_order_would_be_taken(tmp_path: Path) -> None:
    file = tmp_path / "forged.tar"
    file.write_bytes(forged(entry("media/photo.jpg")))

    assert unpack(file, tmp_path / "out") == manifest()


@pytest.mark.parametrize(
    "content",
    [
        forged(sums=False),
        forged(entry("SHA256SUMS", b"")),
        b"",
        b"no archive at all" * 1000,
        b"\x1f\x8b" + b"\0" * 1000,
    ],
    ids=["no end", "ends twice", "empty", "text", "gzip"],
)
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "forged.tar"
    file.write_bytes(content)

    with pytest.raises(BackupDamaged):
        unpack(file, None)


def changed(manifest: bytes) -> bytes:
    stream = io.BytesIO()
    archive = Writer(stream, at=0)
    archive.add("manifest.json", manifest)
    archive.add("database.sqlite3.gz", b"x")
    archive.close()
    return stream.getvalue()


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda text: text.replace(b'"format": 1', b'"format": 2'), BackupOfLaterVersion),
        (lambda text: text.replace(b'"sqlite"', b'"oracle"'), BackupDamaged),
        (lambda text: text.replace(b'"made_at"', b'"made"'), BackupDamaged),
        (lambda text: text[:-3], BackupDamaged),
        (lambda _: b"[]", BackupDamaged),
        (lambda _: b"\xff\xfe", BackupDamaged),
    ],
    ids=["later form", "unknown kind", "no time", "cut short", "a list", "no text"],
)
def test_a_manifest_that_cannot_be_understood_is_refused(
    tmp_path: Path, spoil: Callable[[bytes], bytes], refusal: type[Exception]
) -> None:
    file = tmp_path / "backup.tar"
    file.write_bytes(changed(spoil(encode(manifest()))))

    with pytest.raises(refusal):
        unpack(file, None)
