"""The languages that mails are written in. English is in the templates; the others are catalogues in `locale`."""

from typing import Final

from tessera.organizations.models import Organization

LANGUAGES: Final = ("en", "de", "fr")
_FALLBACK: Final = "en-GB"


def spoken(organization: Organization, locale: str = "") -> str:
    """Return the locale to write in: the recipient's or else the organization's, the first whose language we have.

    The language is the part before "-", by `language`; the rest says how its people write dates and money.
    """
    return next((each for each in (locale, organization.locale) if language(each) in LANGUAGES), _FALLBACK)


def language(locale: str) -> str:
    """Return the language of a locale: de for de-AT."""
    return locale.partition("-")[0]
