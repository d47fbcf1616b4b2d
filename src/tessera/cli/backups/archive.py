"""The file: a tar archive (POSIX.1-2001) of plain files. The first tells what it is, the last has everybody's checksum.

    manifest.json   database.sqlite3.gz or database.dump   media/…   SHA256SUMS

`tar -xf` unpacks it and `sha256sum --check SHA256SUMS` verifies it, should there be no Tessera at hand.
"""

import hashlib
import os
import tarfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Final

import msgspec

from tessera.cli.backups.errors import BackupDamaged, BackupOfLaterVersion
from tessera.cli.backups.manifest import FORMAT, Manifest

MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
MEDIA: Final = "media"
DATABASES: Final[Mapping[str, str]] = {"sqlite": "database.sqlite3.gz", "postgresql": "database.dump"}
_MOST_MANIFEST_BYTES: Final = 64 * 1024 * 1024
_BLOCK: Final = 1024 * 1024


class Writer:
    """Writes an archive to a stream, which need not be seekable; `close` ends it with the checksums."""

    def __init__(self, stream: IO[bytes], *, at: float) -> None:
        """`at`: seconds since 1970, the time that the files in it carry."""
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  (closed below)
        self._sums: list[str] = []
        self._at = at

    def add(self, name: str, content: bytes) -> None:
        """Add a file of this content."""
        self._write(name, BytesIO(content), len(content))

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it is now. Raises OSError if it is not there, or is cut short while being read."""
        with path.open("rb") as source:
            self._write(name, source, os.fstat(source.fileno()).st_size)

    def close(self) -> None:
        """Write the checksums, and the end of the archive. The stream stays open."""
        sums = "".join(self._sums).encode()
        self._write(SUMS, BytesIO(sums), len(sums))
        self._tar.close()

    def _write(self, name: str, source: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = size, int(self._at), 0o600
        read = _Summed(source)
        self._tar.addfile(entry, read)
        self._sums.append(f"{read.hash.hexdigest()}  {name}\n")


class _Summed:
    """A source that keeps the checksum of what was read from it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self.hash.update(block)
        return block


def may_be_named(name: str) -> bool:
    """Whether a file may be so called in an archive: relative, within its folder, and nothing that hides in a list."""
    parts = name.split("/")
    return (
        not any(part in ("", ".", "..") for part in parts)
        and "\\" not in name
        and all(character.isprintable() for character in name)
    )


def unpack(path: Path, folder: Path | None) -> Manifest:
    """Verify all of an archive and return its manifest; with a `folder`, put its files there (modes 0600 and 0700).

    Raises BackupDamaged if anything is not as it was written; BackupOfLaterVersion if its form is not known here.
    What was put into the folder by then is worth nothing.
    """
    try:
        with tarfile.open(path, mode="r:") as tar:
            return _unpack(tar, folder)
    except (tarfile.TarError, EOFError, UnicodeDecodeError) as reason:
        raise BackupDamaged(f"{path} is not a backup, or it is damaged: {reason}") from reason


def _unpack(tar: tarfile.TarFile, folder: Path | None) -> Manifest:
    manifest: Manifest | None = None
    found: dict[str, str] = {}
    for entry in _entries(tar):
        if SUMS in found:
            raise BackupDamaged(f"the archive goes on after its end, with {entry.name!r}")
        if manifest is None:
            manifest = _read_manifest(tar, entry)
        elif not _belongs(entry.name, manifest):
            raise BackupDamaged(f"the archive holds {entry.name!r}, which no backup does")
        found[entry.name] = _copy(tar, entry, None if folder is None else folder / PurePosixPath(entry.name))
        if entry.name == SUMS:
            _compare(_read(tar, entry), {name: value for name, value in found.items() if name != SUMS})
    if manifest is None or SUMS not in found:
        raise BackupDamaged("the archive is cut short: its end is missing")
    if DATABASES[manifest.database.kind] not in found:
        raise BackupDamaged("the archive has no database in it")
    return manifest


def _entries(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield what is in the archive: plain files, each once, none of which would land outside the folder."""
    seen = set()
    for entry in tar:
        if not entry.isreg() or entry.issparse():
            raise BackupDamaged(f"{entry.name!r} in the archive is no plain file")
        if not may_be_named(entry.name) or entry.name in seen:
            raise BackupDamaged(f"the archive holds a file of the name {entry.name!r}, which it must not")
        seen.add(entry.name)
        yield entry


def _belongs(name: str, manifest: Manifest) -> bool:
    return name in (SUMS, DATABASES[manifest.database.kind]) or name.startswith(f"{MEDIA}/")


def _read_manifest(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> Manifest:
    if entry.name != MANIFEST or entry.size > _MOST_MANIFEST_BYTES:
        raise BackupDamaged("not a backup made by `tessera backup`: it does not begin with a manifest")
    raw = _read(tar, entry)
    try:
        form = msgspec.json.decode(raw, type=dict[str, object]).get("format")
        if isinstance(form, int) and form > FORMAT:
            raise BackupOfLaterVersion(f"the file is of form {form}, and this version knows up to {FORMAT}")
        return msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as reason:
        raise BackupDamaged(f"the manifest cannot be read: {reason}") from reason


def _read(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    source = tar.extractfile(entry)
    assert source is not None, "only plain files come here"
    return source.read()


def _copy(tar: tarfile.TarFile, entry: tarfile.TarInfo, to: Path | None) -> str:
    """Return the checksum of an entry, after putting it where it belongs."""
    source = tar.extractfile(entry)
    assert source is not None, "only plain files come here"
    summed, left = _Summed(source), entry.size
    if to is None:
        while block := summed.read(_BLOCK):
            left -= len(block)
    else:
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(to, "xb", opener=_private) as target:
            while block := summed.read(_BLOCK):
                left -= len(block)
                target.write(block)
    if left:
        raise BackupDamaged(f"the archive is cut short, in {entry.name!r}")
    return summed.hash.hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _compare(sums: bytes, found: Mapping[str, str]) -> None:
    lines = [line.partition("  ") for line in sums.decode().splitlines()]
    told = {name: value for value, _, name in lines}
    if wrong := sorted(name for name in told.keys() | found.keys() if told.get(name) != found.get(name)):
        named = ", ".join(wrong[:5])
        raise BackupDamaged(f"not as it was written, missing, or put in later: {named}")
