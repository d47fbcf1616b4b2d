"""What a file is written in: found out from its bytes, and brought into UTF-8 with plain line ends."""

import codecs
import io
from collections.abc import Sequence
from io import BufferedWriter
from typing import BinaryIO, Final

from tessera.core.phrases import said
from tessera.transfer.errors import FileUnreadable
from tessera.transfer.limits import LARGEST_FILE

_PIECE: Final = 1 << 20
_MARKS: Final[Sequence[tuple[bytes, str]]] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT: Final = 4_096


def into_utf8(source: BinaryIO, target: BufferedWriter) -> tuple[str, int]:
    """Write the text of `source` as UTF-8 with line ends "\\n"; return what it was written in, and the bytes written.

    utf-8, with or without a mark, utf-16, else cp1252, in which Western European offices save. Never all in memory.
    Raises FileUnreadable if it is none of these, empty, or larger than 200 MB.
    """
    first = source.read(_LOOKED_AT)
    if not first.strip(b"\0 \r\n\t\xef\xbb\xbf\xff\xfe"):
        raise FileUnreadable("the file is empty")
    for encoding in _candidates(first):
        source.seek(0)
        target.seek(0)
        target.truncate()
        try:
            return encoding, _transcoded(source, target, encoding)
        except UnicodeError:
            continue
    raise FileUnreadable("the file is in no encoding that is known: save it as CSV in UTF-8")


def _candidates(first: bytes) -> Sequence[str]:
    for mark, encoding in _MARKS:
        if first.startswith(mark):
            return (encoding,)
    even, odd = first[::2].count(0), first[1::2].count(0)
    if odd > len(first) // 6 and even < odd // 4:
        return ("utf-16-le",)
    if even > len(first) // 6 and odd < even // 4:
        return ("utf-16-be",)
    return ("utf-8", "cp1252")


def _transcoded(source: BinaryIO, target: BufferedWriter, encoding: str) -> int:
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("strict"), translate=True)
    written = read = 0
    while piece := source.read(_PIECE):
        read += len(piece)
        if read > LARGEST_FILE:
            raise FileUnreadable(said("the file has more than {most} MB: split it", most=LARGEST_FILE // 1_000_000))
        written += target.write(decoder.decode(piece).encode())
    return written + target.write(decoder.decode(b"", final=True).encode())
