"""How mail is sent, as operators write it; and what they may get wrong, which is never repeated."""

from typing import Any

import pytest
from django.core.mail import get_connection
from pytest_django.fixtures import Settings

from tessera.config.env import WrongSettings, read
from tessera.http.mail_url import django_settings, sender_header

KEY = {"TESSERA_SECRET_KEY": "k" * 50}
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def smtp(url: str) -> tuple[Any, ...]:
    """Return host, port, user, password, STARTTLS and TLS from the start."""
    made = django_settings(url, sender="hello@club.example")
    assert made["EMAIL_BACKEND"] == SMTP
    assert made["EMAIL_TIMEOUT"] == 20
    return tuple(made[f"EMAIL_{name}"] for name in ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL"))


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, "", "", False, False)),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "", "", False, False)),
        ("smtp://[::1]:2525/", ("::1", 2525, "", "", False, False)),
        ("smtp://mail.example.org?tls=yes", ("mail.example.org", 25, "", "", True, False)),
        ("smtp://u:p@mail.example.org", ("mail.example.org", 587, "u", "p", True, False)),
        ("smtp://u:p@mail.example.org:25?tls=no", ("mail.example.org", 25, "u", "p", False, False)),
        ("smtps://u:p@mail.example.org", ("mail.example.org", 465, "u", "p", False, True)),
        ("smtp://me%40club.example:p%2F%3A%23%25@h", ("h", 587, "me@club.example", "p/:#%", True, False)),
        ("smtp://me@club.example:p:q@h", ("h", 587, "me@club.example", "p:q", True, False)),
    ],
)
def test_a_mail_server_is_an_address_with_user_and_password(url: str, meant: tuple[Any, ...]) -> None:
    assert smtp(url) == meant


@pytest.mark.parametrize(
    ("url", "anymail"),
    [
        ("postmark://T-1", {"POSTMARK_SERVER_TOKEN": "T-1"}),
        ("mailgun://key-1@mg.club.example", {"MAILGUN_API_KEY": "key-1", "MAILGUN_SENDER_DOMAIN": "mg.club.example"}),
        (
            "mailgun://key-1@mg.club.example?region=eu",
            {
                "MAILGUN_API_KEY": "key-1",
                "MAILGUN_SENDER_DOMAIN": "mg.club.example",
                "MAILGUN_API_URL": "https://api.eu.mailgun.net/v3",
            },
        ),
        ("brevo://xkeysib-1-A", {"BREVO_API_KEY": "xkeysib-1-A"}),
        ("resend://re_1A", {"RESEND_API_KEY": "re_1A"}),
        ("mailersend://mlsn.1A", {"MAILERSEND_API_TOKEN": "mlsn.1A"}),
        ("mailjet://Key:Secret%2F", {"MAILJET_API_KEY": "Key", "MAILJET_SECRET_KEY": "Secret/"}),
        (
            "sparkpost://K1?region=eu",
            {"SPARKPOST_API_KEY": "K1", "SPARKPOST_API_URL": "https://api.eu.sparkpost.com/api/v1"},
        ),
    ],
)
def test_a_provider_is_its_name_and_key(settings: Settings, url: str, anymail: dict[str, str]) -> None:
    made = django_settings(url, sender="hello@club.example")
    assert made["ANYMAIL"] == {**anymail, "REQUESTS_TIMEOUT": 20}
    settings.ANYMAIL = made["ANYMAIL"]

    connection = get_connection(made["EMAIL_BACKEND"])  # refuses to be made if a setting is not called so

    assert type(connection).__module__ == f"anymail.backends.{url.partition(':')[0]}"
    assert connection.timeout == 20  # type: ignore[attr-defined]
    where = next((value for name, value in anymail.items() if name.endswith("_API_URL")), "https://")
    assert connection.api_url.startswith(where)  # type: ignore[attr-defined]


def test_mail_may_stay_here_or_nowhere() -> None:
    assert django_settings("mailbox:", sender="a@b.example")["EMAIL_BACKEND"] == "tessera.http.mailbox.Backend"
    assert "console" in django_settings("console:", sender="a@b.example")["EMAIL_BACKEND"]
    assert "dummy" in django_settings("", sender="")["EMAIL_BACKEND"]


@pytest.mark.parametrize(
    "url",
    [
        "hunter2",
        "smtp:hunter2",
        "smtp://",
        "smtp:///hunter2",
        "smtp://user:hunter2@",
        "smtp://user:hunter2@:587",
        "smtp://user:hunter2@mail.example.org:port",
        "smtp://user:hunter2@mail.example.org:0",
        "smtp://user:hunter2@mail.example.org:99999",
        "smtp://user:hunter2@mail example.org",
        "smtp://user:hunter2@mail.example.org/path",
        "smtp://user:hunter2@mail.example.org#x",
        "smtp://user:hunter2/x@mail.example.org",
        "smtp://user:12/hunter2@mail.example.org",
        "smtp://user:a?hunter2@mail.example.org",
        "smtp://user:a#hunter2@mail.example.org",
        "smtp://user:hunter2%@mail.example.org",
        "smtp://user:hunter2[@mail.example.org:x",
        "smtp://user@mail.example.org",
        "smtp://user:hunter2%C3%B6@mail.example.org",
        "smtp://:hunter2@mail.example.org",
        "smtp://user:hunter2@mail.example.org?tls=hunter2",
        "smtp://user:hunter2@mail.example.org?hunter2",
        "smtps://user:hunter2@mail.example.org?tls=no",
        "imap://user:hunter2@mail.example.org",
        "SMTP://user:hunter2@mail.example.org",
        "postmark://",
        "postmark://hunter2:x",
        "postmark://hunter2@club.example",
        "postmark://hunter 2",
        "postmark://hunter2?region=eu",
        "mailgun://hunter2",
        "mailgun://@mg.club.example",
        "mailgun://hunter2@mg.club.example?region=mars",
        "mailgun://hunter2@mg.club.example?regoin=hunter2",
        "mailjet://hunter2",
        "amazon_ses://user:hunter2@eu-west-1",
        "mailbox:hunter2",
        "mailbox://hunter2",
        "console:?hunter2",
        " smtp://user:hunter2@mail.example.org",
        "smtp://user:hunter2@mail.example.org\n",
    ],
)
def test_a_wrong_mail_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        read({**KEY, "TESSERA_MAIL_URL": url, "TESSERA_MAIL_FROM": "hello@club.example"})

    assert str(refused.value).count("TESSERA_MAIL_URL: ") == 1
    assert "hunter" not in str(refused.value)


def test_settings_do_not_show_the_password() -> None:
    made = read({**KEY, "TESSERA_MAIL_URL": "smtp://u:hunter2@h", "TESSERA_MAIL_FROM": "hello@club.example"})

    assert "hunter2" not in repr(made)
    assert "hunter2" in made.mail_url.get_secret_value()


@pytest.mark.parametrize("url", ["amazon_ses:", "sendgrid://SG.hunter2"])
def test_who_has_a_provider_that_is_reached_over_smtp_is_told_how(url: str) -> None:
    with pytest.raises(ValueError, match="over SMTP: smtp://") as refused:
        django_settings(url, sender="")
    assert "hunter2" not in str(refused.value)


def test_who_mail_is_from_is_required_where_mail_is_sent() -> None:
    with pytest.raises(WrongSettings, match="TESSERA_MAIL_FROM is required"):
        read({**KEY, "TESSERA_MAIL_URL": "mailbox:"})
    assert read(KEY).mail_url.get_secret_value() == ""


@pytest.mark.parametrize(
    ("sender", "header"),
    [
        ("hello@club.example", "hello@club.example"),
        (" Strand House <hello@club.example> ", "Strand House <hello@club.example>"),
        ('"Strand House" <hello@club.example>', "Strand House <hello@club.example>"),
        ("Strand, House & Co. <hello@club.example>", '"Strand, House & Co." <hello@club.example>'),
        ("Café Zoë <hello@club.example>", '"Café Zoë" <hello@club.example>'),
        ("<hello@club.example>", "hello@club.example"),
    ],
)
def test_a_sender_is_an_address_with_or_without_a_name(sender: str, header: str) -> None:
    assert sender_header(sender) == header
    assert django_settings("", sender=sender)["DEFAULT_FROM_EMAIL"] == header


@pytest.mark.parametrize(
    "sender",
    [
        "Strand House",
        "hello@",
        "hello@club",
        "a@b.example, c@d.example",
        "Strand <a@b.example> <c@d.example>",
        "Strand\r\nBcc: x@y.example <a@b.example>",
        "<>",
        "Strand House hello@club.example",
    ],
)
def test_a_sender_that_is_none_is_refused(sender: str) -> None:
    with pytest.raises(WrongSettings, match="TESSERA_MAIL_FROM: should be an address"):
        read({**KEY, "TESSERA_MAIL_FROM": sender})
