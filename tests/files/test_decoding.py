"""What is made of what people upload: pixels, the right way up, and nothing else."""

import contextlib
import time
from io import BytesIO

import pytest
from PIL import Image

from tessera.core.errors import TesseraError
from tessera.files.decoding import renditions
from tessera.files.errors import PictureDamaged, PictureTooLarge, PictureTooManyPixels, PictureUnsupported
from tessera.files.types import SIZES, Kind, Renditions
from tests.files import pictures
from tests.files.pictures import picture


def opened(made: Renditions, size: int = 512) -> Image.Image:
    return Image.open(BytesIO(made.by_size[size]))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_squares_of_three_sizes(form: str) -> None:
    made = renditions(picture(form, (1600, 1200)), kind=Kind.CUSTOMER)
    assert [opened(made, size).size for size in SIZES] == [(96, 96), (192, 192), (512, 512)]
    assert {opened(made, size).format for size in SIZES} == {"WEBP"}
    assert (made.width, made.height)[0] >= 1024


def test_a_small_photo_is_not_blown_up() -> None:
    made = renditions(picture(size=(120, 150)), kind=Kind.CUSTOMER)
    assert [opened(made, size).size for size in SIZES] == [(96, 96), (120, 120), (120, 120)]


def test_a_logo_stays_whole_and_transparent() -> None:
    made = renditions(picture("PNG", (800, 200), mode="RGBA", colour=(1, 2, 3, 0)), kind=Kind.COMPANY)
    logo = opened(made)
    assert (logo.format, logo.mode, logo.size) == ("PNG", "RGBA", (512, 128))


def test_a_photo_taken_sideways_is_turned_and_tells_nothing_of_where_and_with_what() -> None:
    made = renditions(pictures.from_telephone(), kind=Kind.CUSTOMER)
    photo = opened(made).convert("RGB")
    red, blue = photo.getpixel((256, 60)), photo.getpixel((256, 450))
    assert isinstance(red, tuple) and isinstance(blue, tuple)
    assert red[0] > red[2] and blue[2] > blue[0]
    for size in SIZES:
        written = made.by_size[size]
        assert b"Telephone" not in written and b"secret" not in written
        assert b"EXIF" not in written and b"ICCP" not in written and b"XMP" not in written
        assert not opened(made, size).getexif()


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "I;16"])
def test_every_kind_of_pixel_can_be_read(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(renditions(picture(form, (300, 300), mode=mode), kind=Kind.CUSTOMER)).size == (300, 300)


def test_the_same_picture_has_the_same_digest_and_another_has_another() -> None:
    one, again = (renditions(picture(), kind=Kind.CUSTOMER) for _ in range(2))
    other = renditions(picture(colour=pictures.BLUE), kind=Kind.CUSTOMER)
    assert one.digest == again.digest != other.digest


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "refusal", "said"),
    [
        (b"", PictureDamaged, "empty"),
        (b"hello", PictureUnsupported, "JPEG, PNG or WebP"),
        (SVG, PictureUnsupported, "JPEG, PNG or WebP"),
        (b"%PDF-1.7 and so on", PictureUnsupported, "JPEG, PNG or WebP"),
        (picture("GIF", (64, 64)), PictureUnsupported, "JPEG, PNG or WebP"),
        (picture("BMP", (64, 64)), PictureUnsupported, "JPEG, PNG or WebP"),
        (picture("TIFF", (64, 64)), PictureUnsupported, "JPEG, PNG or WebP"),
        (pictures.moving("PNG"), PictureUnsupported, "stands still"),
        (pictures.moving("WEBP"), PictureUnsupported, "stands still"),
        (picture("JPEG", (900, 900))[:2000], PictureDamaged, "cut short"),
        (picture("PNG", (900, 900))[:-200], PictureDamaged, "cut short"),
        (picture("WEBP", (900, 900), quality=100)[:60], PictureDamaged, "cut short"),
        (pictures.png_that_says(5200, 5001), PictureTooManyPixels, "25 megapixels"),
        (pictures.png_that_says(2**31 - 1, 2**31 - 1), PictureTooManyPixels, "25 megapixels"),
        (pictures.png_that_says(24_000, 1_000), PictureTooManyPixels, "25 megapixels"),
        (pictures.png_that_says(1300, 100), PictureTooManyPixels, "12 times"),
        (picture() + bytes(5 * 1024 * 1024), PictureTooLarge, "5 MB"),
    ],
)  # fmt: skip
def test_what_is_no_good_is_refused_quickly(content: bytes, refusal: type[TesseraError], said: str) -> None:
    began = time.process_time()
    with pytest.raises(refusal, match=said) as raised:
        renditions(content, kind=Kind.CUSTOMER)
    assert raised.value.pointer == "/picture"
    assert time.process_time() - began < 3


@pytest.mark.parametrize("content", [pictures.png_that_says(0, 100), pictures.with_bomb_in_text()])
def test_what_unpacks_to_too_much_or_nothing_costs_little(content: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(PictureDamaged, PictureUnsupported):
        made = renditions(content, kind=Kind.CUSTOMER)
        assert all(len(written) < 100_000 for written in made.by_size.values())
    assert time.process_time() - began < 3


def test_what_follows_a_picture_or_hides_in_it_is_left_behind() -> None:
    polyglot = picture("PNG", (200, 200)) + b"<?php system($_GET['c']); ?><script>alert(1)</script>"
    made = renditions(polyglot, kind=Kind.COMPANY)
    assert all(b"script" not in written and b"php" not in written for written in made.by_size.values())


def test_25_megapixels_are_still_read() -> None:
    made = renditions(picture("JPEG", (5000, 5000)), kind=Kind.CUSTOMER)
    assert opened(made).size == (512, 512)
