"""Why a picture is refused, in words that say what would be right."""

from tessera.core.errors import Invalid, NotFound


class PictureTooLarge(Invalid):
    """The file has more than 5 MB."""

    code = "picture_too_large"


class PictureTooManyPixels(Invalid):
    """The picture has more than 25 megapixels, or its sides are too unequal to be shown."""

    code = "picture_too_many_pixels"


class PictureUnsupported(Invalid):
    """Not a still JPEG, PNG or WebP picture: SVG, GIF and animations are refused, whatever they are called."""

    code = "picture_unsupported"


class PictureDamaged(Invalid):
    """The file says that it is a picture, and cannot be read to its end."""

    code = "picture_damaged"


class PictureUnknown(NotFound):
    """There is no picture there."""

    code = "picture_unknown"
