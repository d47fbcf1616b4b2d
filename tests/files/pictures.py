"""Pictures to upload, made here: good ones, and those that mean no good."""

import struct
import zlib
from io import BytesIO

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(
    form: str = "JPEG",
    size: tuple[int, int] = (640, 480),
    *,
    mode: str = "RGB",
    colour: tuple[int, ...] = RED,
    **options: object,
) -> bytes:
    """A plain picture of one colour."""
    target = BytesIO()
    Image.new(mode, size, colour if mode in ("RGB", "RGBA") else 0).save(target, form, **options)
    return target.getvalue()


def two_halves(size: tuple[int, int] = (1200, 600)) -> Image.Image:
    """Red on the left, blue on the right."""
    drawn = Image.new("RGB", size, RED)
    drawn.paste(BLUE, (size[0] // 2, 0, *size))
    return drawn


def from_telephone() -> bytes:
    """Lying on its side, with the place and the telephone it was taken with."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010F] = "Telephone Ltd"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 26.0)  # latitude
    target = BytesIO()
    two_halves().save(target, "JPEG", exif=exif, comment=b"secret words", quality=95)
    return target.getvalue()


def moving(form: str) -> bytes:
    target = BytesIO()
    Image.new("RGB", (64, 64), RED).save(target, form, save_all=True, append_images=[Image.new("RGB", (64, 64), BLUE)])
    return target.getvalue()


def png_that_says(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes whose header promises any number of pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(300)))
        + _chunk(b"IEND", b"")
    )


def with_bomb_in_text() -> bytes:
    """A PNG whose compressed text unpacks to 200 MB."""
    whole = picture("PNG", (64, 64))
    bomb = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    return whole[:-12] + bomb + whole[-12:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
