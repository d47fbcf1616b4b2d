"""Whether a record is still the one that somebody knows who changes it."""

from tessera.core.phrases import said
from tessera.organizations.errors import VersionStale


def check(present: int, known: int | None, *, detail: str = "") -> None:
    """Raises VersionStale unless `known` is the present version. None: none is known. `detail`: what else to say."""
    if known is not None and known != present:
        raise VersionStale(
            detail
            or said(
                "it has been changed meanwhile: you know version {known}, this is {present}",
                known=str(known),
                present=str(present),
            ),
            pointer="/version",
            version=present,
        )
