"""Colours as people read in them: contrast as WCAG 2.2 defines it, and a colour corrected until it is enough."""

from typing import Final

_ENOUGH: Final = 4.5  # WCAG 2.2, 1.4.3, level AA for text
_STEPS: Final = 50


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours written #rrggbb: 1 for the same, 21 for black on white."""
    lighter, darker = sorted((_luminance(_parts(one)), _luminance(_parts(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, *, on: str, ratio: float = _ENOUGH) -> str:
    """Return `colour` itself if it reads on the ground `on`, else the nearest of its shades or tints that does.

    Both are written #rrggbb. On a light ground it gets darker, on a dark one lighter.
    """
    parts = _parts(colour)
    towards = 0.0 if _luminance(_parts(on)) > _luminance((118.0, 118.0, 118.0)) else 255.0
    for step in range(_STEPS):
        share = step / _STEPS
        shade = _text(tuple(part + (towards - part) * share for part in parts))
        if contrast(shade, on) >= ratio:
            return shade
    return _text((towards,) * 3)


def _parts(colour: str) -> tuple[float, ...]:
    return tuple(float(int(colour[place : place + 2], 16)) for place in (1, 3, 5))


def _text(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def _luminance(parts: tuple[float, ...]) -> float:
    linear = [share / 12.92 if (share := part / 255) <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
