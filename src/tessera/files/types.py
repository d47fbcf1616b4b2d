"""What pictures there are, and in which sizes they are kept."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_PIXELS: Final = 25_000_000
SIZES: Final = (96, 192, 512)  # CSS pixels of an avatar in a list, twice that, and the largest that is ever shown
ACCEPTED: Final = ("image/jpeg", "image/png", "image/webp")


class Kind(StrEnum):
    """Whose picture it is."""

    CUSTOMER = "customer"
    COMPANY = "company"
    ORGANIZATION = "organization"

    @property
    def is_logo(self) -> bool:
        """A logo is shown whole, with what is transparent in it; a photo is cut to a square."""
        return self is not Kind.CUSTOMER

    @property
    def ending(self) -> str:
        """Mail programs know PNG and few know WebP, so logos are the one and photos the other."""
        return "png" if self.is_logo else "webp"

    @property
    def media_type(self) -> str:
        return f"image/{self.ending}"


@dataclass(frozen=True, slots=True)
class Renditions:
    """A picture as it is kept: encoded anew once for each of SIZES. `digest` tells two pictures apart."""

    kind: Kind
    by_size: dict[int, bytes]
    width: int
    height: int
    digest: str
