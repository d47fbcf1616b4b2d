"""Reading pictures that anybody may have made, and writing them anew. Nothing of the original bytes is kept.

What the header says is checked before a pixel is decoded; what is written holds pixels only: no place, no camera, no
profile, no text, nothing after the end.
"""

import hashlib
import threading
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from tessera.core.phrases import Phrase, said
from tessera.files.errors import PictureDamaged, PictureTooLarge, PictureTooManyPixels, PictureUnsupported
from tessera.files.types import MOST_BYTES, MOST_PIXELS, SIZES, Kind, Renditions

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_LONGEST_SIDE: Final = 20_000
_UNEQUAL: Final = 12  # how much longer one side may be than the other
_POINTER: Final = "/picture"
# One large picture takes some 100 MB while it is decoded; whoever comes third waits.
_decoding: Final = threading.BoundedSemaphore(2)
# Pillow's own limit, for what a format may hide behind its header. It only warns up to twice of it; ours comes first.
Image.MAX_IMAGE_PIXELS = 4 * MOST_PIXELS


def renditions(content: bytes, *, kind: Kind) -> Renditions:
    """Return the picture in all sizes, upright, without anything but its pixels.

    A photo is cut to the square in its middle, a logo is shown whole. Smaller ones are not enlarged.
    Raises PictureTooLarge, PictureTooManyPixels, PictureUnsupported, PictureDamaged.
    """
    if len(content) > MOST_BYTES:
        raise PictureTooLarge("the picture has more than 5 MB; a smaller one looks the same here", pointer=_POINTER)
    if not content:
        raise PictureDamaged("the file is empty", pointer=_POINTER)
    with _decoding:
        return _renditions(content, kind)


def _renditions(content: bytes, kind: Kind) -> Renditions:
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as opened:
            _check_header(opened)
            picture = _decoded(opened, kind)
    except (PictureTooManyPixels, PictureUnsupported):
        raise
    except UnidentifiedImageError as reason:
        raise PictureUnsupported(
            "this is not a picture that can be used here: it should be JPEG, PNG or WebP", pointer=_POINTER
        ) from reason
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as reason:
        raise PictureTooManyPixels(_too_many(), pointer=_POINTER) from reason
    except Exception as reason:  # whatever a decoder stumbles over, the file is at fault
        raise PictureDamaged(
            "the picture is damaged or cut short: save it again, and try that", pointer=_POINTER
        ) from reason
    by_size = {size: _written(picture, size, kind) for size in SIZES}
    digest = hashlib.sha256(b"".join(by_size[size] for size in SIZES)).hexdigest()
    return Renditions(kind, by_size, picture.width, picture.height, digest)


def _check_header(opened: Image.Image) -> None:
    width, height = opened.size
    if width * height > MOST_PIXELS or max(width, height) > _LONGEST_SIDE:
        raise PictureTooManyPixels(_too_many(), pointer=_POINTER)
    if max(width, height) > _UNEQUAL * min(width, height):
        raise PictureTooManyPixels(
            said("one side of the picture is more than {times} times as long as the other", times=_UNEQUAL),
            pointer=_POINTER,
        )
    if getattr(opened, "n_frames", 1) > 1:
        raise PictureUnsupported("the picture moves: choose one that stands still", pointer=_POINTER)


def _too_many() -> Phrase:
    most = MOST_PIXELS // 1_000_000
    return said("the picture has more than {most} megapixels: make it smaller, and try that", most=most)


def _decoded(opened: Image.Image, kind: Kind) -> Image.Image:
    """Return the pixels, upright, in one of two modes. A copy: what else the file told stays behind."""
    if not kind.is_logo and opened.format == "JPEG":
        opened.draft("RGB", (2 * SIZES[-1], 2 * SIZES[-1]))  # a decoder that knows skips what would be thrown away
    upright = ImageOps.exif_transpose(opened)
    seen_through = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    pixels = upright.convert("RGBA" if seen_through else "RGB")
    clean = Image.new(pixels.mode, pixels.size)
    clean.paste(pixels)
    return clean


def _written(picture: Image.Image, size: int, kind: Kind) -> bytes:
    if kind.is_logo:
        fitted = picture.copy()
        fitted.thumbnail((size, size), Image.Resampling.LANCZOS)
    else:
        side = min(size, *picture.size)
        fitted = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)
    target = BytesIO()
    if kind.is_logo:
        fitted.save(target, "PNG", optimize=True)
    else:
        fitted.save(target, "WEBP", quality=82, method=4)
    return target.getvalue()
