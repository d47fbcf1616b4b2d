"""Writing one mail: both parts from the templates of its kind, in the recipient's language, with who sends it."""

import re
import textwrap
from email.utils import parseaddr
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from tessera.core.colours import readable
from tessera.notices import tokens
from tessera.notices.content import Content, content
from tessera.notices.languages import language, spoken
from tessera.notices.models import Notice
from tessera.notices.reading import Matter
from tessera.notices.types import GROUPS, Kind, To
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization

_WIDTH: Final = 74
_LIGHT, _DARK = "#faf7f1", "#11151e"  # the paper of both schemes, as in templates/notices/mail.css
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_OWN_COLOUR: Final = "#1f5f4a"


def compose(notice: Notice, matter: Matter) -> EmailMultiAlternatives | None:
    """Return the mail that the notice is, or None if what it would say is not so any more."""
    organization = matter.organization
    locale = spoken(organization, matter.addressee.locale)
    link = _unsubscribe_link(matter)
    with translation.override(language(locale)):
        said = content(matter, Formats.of(organization, locale=locale, wide=True))
        if said is None:
            return None
        words = {
            "kind": matter.kind,
            "to": matter.to,
            "name": matter.addressee.name,
            "organization": organization.name,
            "answered": bool(organization.contact_email),
            "unsubscribe_url": link,
            "language": language(locale),
            "right_to_left": translation.get_language_bidi(),
            **said,
        }
        subject, text = _text(matter.kind, words)
        html = _html(matter.kind, words, organization.accent)
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=_sender(organization),
        to=[matter.addressee.address],
        reply_to=[organization.contact_email] if organization.contact_email and matter.to != To.STAFF else None,
        headers=_headers(notice, language(locale), link),
    )
    message.attach_alternative(html, "text/html")
    return message


def _text(kind: Kind, words: Content) -> tuple[str, str]:
    """The subject, which is the first line of the template, and the text, wrapped for a window of 80 columns."""
    rows = words.get("rows")
    width = max((len(row.label) for row in rows), default=0) if isinstance(rows, list) else 0
    first, _, rest = render_to_string(f"notices/{kind}.txt", {**words, "row_width": width}).strip().partition("\n")
    lines = [_wrapped(line.rstrip()) for line in rest.splitlines()]
    return _one_line(first), re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _wrapped(line: str) -> str:
    if len(line) <= _WIDTH or line.startswith(" ") or "://" in line:
        return line
    return textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _html(kind: Kind, words: Content, accent: str) -> str:
    """The HTML part, with its style sheet in its elements: most mail programs read no other."""
    return _inliner(accent).inline(render_to_string(f"notices/{kind}.html", words))


@lru_cache(maxsize=256)
def _inliner(accent: str) -> css_inline.CSSInliner:
    own = accent if _COLOUR.fullmatch(accent) else _OWN_COLOUR
    colours = {"light": readable(own, on=_LIGHT), "dark": readable(own, on=_DARK, ratio=7)}
    style_sheet = render_to_string("notices/mail.css", colours)
    return css_inline.CSSInliner(extra_css=style_sheet, keep_at_rules=True, load_remote_stylesheets=False)


def _unsubscribe_link(matter: Matter) -> str:
    """Where the recipient can turn such mails off; empty if they always go out."""
    if matter.kind not in GROUPS or matter.to != To.CUSTOMER:
        return ""
    club = matter.organization
    token = tokens.unsubscribing(organization_id=club.pk, customer_id=matter.recipient_id, group=GROUPS[matter.kind])
    return settings.BASE_URL + reverse("notices:subscription", args=[club.slug, token])


def _headers(notice: Notice, language: str, link: str) -> dict[str, str]:
    headers = {
        "Message-ID": _message_id(notice),
        "Content-Language": language,
        "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday answers, please
        "X-Auto-Response-Suppress": "All",
    }
    if link:  # RFC 8058
        headers |= {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return headers


def _message_id(notice: Notice) -> str:
    """The same for the same fact, whichever attempt or restored row it is, so that a second copy can be told."""
    told = "\n".join([str(notice.organization_id), notice.kind, str(notice.recipient_id), notice.fact])
    if notice.kind == Kind.SIGN_IN_CODE:  # each attempt has a code of its own: no copy of the one before
        told += f"\n{notice.claim}"
    domain = _from_address().rpartition("@")[2] or urlsplit(settings.BASE_URL).hostname
    return f"<{sha256(told.encode()).hexdigest()[:32]}@{domain}>"


def _sender(organization: Organization) -> str:
    name = _one_line(organization.name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{_from_address()}>'


def _from_address() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def _one_line(text: str) -> str:
    """The text as a header can hold it. Spaces that keep words together stay what they are."""
    return re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip()
