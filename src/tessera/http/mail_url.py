"""How mail is sent, from one address: TESSERA_MAIL_URL and TESSERA_MAIL_FROM, read into Django's settings.

Nothing here repeats what it was given: a mail URL holds a password, and a wrong one may hold it anywhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formataddr, quote
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

TIME_OUT_SECONDS: Final = 20
NO_MAIL: Final = "django.core.mail.backends.dummy.EmailBackend"
# Providers that anymail needs another package for, or no longer keeps up with.
_OVER_SMTP: Final = {
    "amazon_ses": "smtp://user:password@email-smtp.eu-west-1.amazonaws.com:587",
    "sendgrid": "smtp://apikey:KEY@smtp.sendgrid.net:587",
}
_HERE: Final = {
    "mailbox": "tessera.http.mailbox.Backend",
    "console": "django.core.mail.backends.console.EmailBackend",
}

_FORMS: Final = (
    "smtp://user:password@mail.example.org:587, smtps://user:password@mail.example.org:465, mailbox:, console:, "
    "postmark://TOKEN, mailgun://KEY@mg.example.org, brevo://KEY, resend://KEY, mailersend://TOKEN, "
    "mailjet://KEY:SECRET or sparkpost://KEY"
)
_WRONG: Final = f"should be like {_FORMS}; percent-encode special characters of a password, / as %2F"
_PARTS: Final = re.compile(r"([a-z_]+):(?://([^/?#]*)/?(?:\?([^#]*))?)?")
_HOST: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+)")
_FROM: Final = re.compile(r'(?:"?([^"<>\x00-\x1f\x7f]*?)"?\s*<([^<>]+)>|([^<>]+))')
_BARE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class _Provider:
    """A company that sends mail: which of anymail's backends, what its keys are called there, where its regions are."""

    backend: str
    keys: tuple[str, ...]
    domain: str = ""  # the setting that holds the sending domain
    regions: Mapping[str, str] | None = None

    def settings(self, authority: str, options: Mapping[str, str]) -> dict[str, Any]:
        """Return anymail's settings. Raises ValueError if a part is missing or superfluous."""
        keys, at, domain = authority.rpartition("@") if self.domain else (authority, "", "")
        given = [unquote(key) for key in keys.split(":")]
        if len(given) != len(self.keys) or bool(at) != bool(self.domain) or not all(map(_is_key, given)):
            raise ValueError(_WRONG)
        anymail: dict[str, Any] = dict(zip(self.keys, given, strict=True))
        if self.domain:
            anymail[self.domain] = _host(domain)
        region = _choice(options, "region", ("", *(self.regions or ())))
        if region:
            assert self.regions is not None
            anymail[f"{self.backend.upper()}_API_URL"] = self.regions[region]
        return {
            "EMAIL_BACKEND": f"anymail.backends.{self.backend}.EmailBackend",
            "ANYMAIL": {**anymail, "REQUESTS_TIMEOUT": TIME_OUT_SECONDS},
        }


_PROVIDERS: Final = {
    "brevo": _Provider("brevo", ("BREVO_API_KEY",)),
    "mailersend": _Provider("mailersend", ("MAILERSEND_API_TOKEN",)),
    "mailgun": _Provider(
        "mailgun",
        ("MAILGUN_API_KEY",),
        domain="MAILGUN_SENDER_DOMAIN",
        regions={"us": "https://api.mailgun.net/v3", "eu": "https://api.eu.mailgun.net/v3"},
    ),
    "mailjet": _Provider("mailjet", ("MAILJET_API_KEY", "MAILJET_SECRET_KEY")),
    "postmark": _Provider("postmark", ("POSTMARK_SERVER_TOKEN",)),
    "resend": _Provider("resend", ("RESEND_API_KEY",)),
    "sparkpost": _Provider(
        "sparkpost",
        ("SPARKPOST_API_KEY",),
        regions={"us": "https://api.sparkpost.com/api/v1", "eu": "https://api.eu.sparkpost.com/api/v1"},
    ),
}


def django_settings(url: str, *, sender: str) -> dict[str, Any]:
    """Return the settings of Django and anymail that send mail as `url` says; with "", none is sent.

    `sender` is an address, or `Name <address>`. Raises ValueError, which repeats nothing, if one of them cannot be.
    """
    common = {"DEFAULT_FROM_EMAIL": sender_header(sender), "SERVER_EMAIL": sender_header(sender)} if sender else {}
    return {"EMAIL_BACKEND": NO_MAIL, "ANYMAIL": {}, **common, **_transport(url)}


def sender_header(sender: str) -> str:
    """Return the `From` that `sender` means, quoted where it has to be. Raises ValueError if it has no address."""
    parts = _FROM.fullmatch(sender.strip())
    name, address = (parts[1] or "", parts[2] or parts[3]) if parts else ("", "")
    try:
        validate_email(address)
    except ValidationError as fault:
        raise ValueError("should be an address, or a name and an address: Strand House <hello@club.example>") from fault
    # Other letters than ASCII are encoded when a message is made.
    return formataddr((name, address)) if name.isascii() else f'"{quote(name)}" <{address}>'


def _transport(url: str) -> dict[str, Any]:
    if not url:
        return {}
    parts = _PARTS.fullmatch(url)
    if parts is None or _BARE_PERCENT.search(url):
        raise ValueError(_WRONG)
    scheme, authority, query = parts[1], parts[2] or "", parts[3]
    options = dict(parse_qsl(query or "", keep_blank_values=True))
    if scheme in _HERE and (authority, query) == ("", None):
        return {"EMAIL_BACKEND": _HERE[scheme]}
    if scheme in ("smtp", "smtps") and authority:
        return _smtp(scheme, authority, options)
    if scheme in _PROVIDERS and authority:
        return _PROVIDERS[scheme].settings(authority, options)
    if scheme in _OVER_SMTP:
        raise ValueError(f"reaches this provider over SMTP: {_OVER_SMTP[scheme]}")
    raise ValueError(_WRONG)


def _smtp(scheme: str, authority: str, options: Mapping[str, str]) -> dict[str, Any]:
    login, at, place = authority.rpartition("@")
    user, _, password = (unquote(part) for part in login.partition(":"))
    if at and not (user and password):
        raise ValueError("has a user without a password, or the other way round: leave both out, or neither")
    if not (user + password).isascii():
        raise ValueError("has a user or password in other letters than ASCII, which mail servers are not sent here")
    host, port = _host_and_port(place)
    wanted = _choice(options, "tls", ("", "yes", "no") if scheme == "smtp" else ("",))
    # A password does not go over an open line unless that was asked for.
    starts_tls = scheme == "smtp" and (wanted == "yes" or (bool(user) and wanted != "no"))
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port or (465 if scheme == "smtps" else 587 if user else 25),
        "EMAIL_HOST_USER": user,
        "EMAIL_HOST_PASSWORD": password,
        "EMAIL_USE_TLS": starts_tls,
        "EMAIL_USE_SSL": scheme == "smtps",
        "EMAIL_TIMEOUT": TIME_OUT_SECONDS,
    }


def _host_and_port(place: str) -> tuple[str, int | None]:
    where, colon, port = place, "", ""
    if not place.endswith("]") and ":" in place:
        where, colon, port = place.rpartition(":")
    if colon and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(_WRONG)
    return _host(where), int(port) if colon else None


def _host(text: str) -> str:
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError(_WRONG)
    host: str = found[1] or found[2]
    return host


def _is_key(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and not re.search(r"[\s@]", text)


def _choice(options: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """Return the one option there may be, "" if it is not there. Raises ValueError if there is another, or is none."""
    chosen = options.get(name, "")
    if options.keys() - {name} or chosen not in choices:
        allowed = ", ".join(f"?{name}={choice}" for choice in choices if choice)
        raise ValueError(f"may have {allowed} at its end and nothing else" if allowed else "has no options")
    return chosen
