"""The mailbox page: what would have been sent, to be looked at safely, by this machine's user and nobody else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.test import Client, override_settings

from tessera.http import mail, mailbox
from tessera.http.mail_url import django_settings
from tests.notices.letters import visible

HERE = "http://127.0.0.1:8000"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A developer's installation, whose mail goes into the mailbox."""
    with override_settings(
        HOME=tmp_path, BASE_URL=HERE, DEMO=False, **django_settings("mailbox:", sender="Strand House <a@b.example>")
    ):
        yield tmp_path


@pytest.fixture
def visitor(home: Path) -> Client:
    return Client()


def post(subject: str, *, to: str = "ada@member.example", html: str = "", language: str = "de") -> str:
    """Send a mail; return its id in the mailbox."""
    message = EmailMultiAlternatives(subject, f"Text of {subject}", to=[to], headers={"Content-Language": language})
    if html:
        message.attach_alternative(f"<html><head></head><body>{html}</body></html>", "text/html")
    mail.send(message)
    return newest()


def newest() -> str:

    return mailbox.read_mailbox(settings.HOME)[0].id


def get(visitor: Client, address: str, **query: str) -> Any:
    return visitor.get(address, query)


def test_an_empty_mailbox_says_what_to_do(visitor: Client) -> None:
    page = get(visitor, "/mailbox/")
    assert page.status_code == 200
    assert "No mail yet" in visible(page.content.decode())


def test_the_newest_mail_is_first_and_open(visitor: Client) -> None:
    post("First")
    latest = post("Zweite Mahnung", to="Zoë <zoe@member.example>")
    page = get(visitor, "/mailbox/").content.decode()

    subjects = re.findall(r'class="mail-subject">([^<]+)', page)
    assert subjects == ["Zweite Mahnung", "First"]
    assert f'href="/mailbox/{latest}" aria-current="true"' in page
    seen = visible(page)
    assert "Zoë <zoe@member.example>" in seen
    assert "German" in seen
    assert "Strand House" in seen
    assert "is-reading" not in page


def test_a_mail_has_an_address_of_its_own_and_three_ways_to_be_looked_at(visitor: Client) -> None:
    one = post("With HTML", html="<p>Designed</p>")
    post("Another")

    page = get(visitor, f"/mailbox/{one}").content.decode()
    assert f'<iframe class="mail-html" src="/mailbox/{one}/html" sandbox="' in page
    assert "is-reading" in page
    text = get(visitor, f"/mailbox/{one}", show="text").content.decode()
    assert '<pre class="mail-text">Text of With HTML' in text
    assert "<iframe" not in text
    assert "Content-Language" in visible(get(visitor, f"/mailbox/{one}", show="source").content.decode())


def test_one_without_html_shows_its_text(visitor: Client) -> None:
    page = get(visitor, f"/mailbox/{post('Plain')}").content.decode()
    assert '<pre class="mail-text">Text of Plain' in page
    assert "Designed" not in page


def test_html_is_framed_where_nothing_of_it_runs_is_fetched_or_gets_out(visitor: Client) -> None:
    hostile = '<script>top.location="/console/"</script><img src="https://spy.example/x.gif"><form action="/"></form>'
    answer = get(visitor, f"/mailbox/{post('Hostile <b>', html=hostile)}/html")

    policy = answer["Content-Security-Policy"]
    directives = {name: values for name, *values in (part.split() for part in policy.split(";"))}
    assert directives["default-src"] == directives["form-action"] == ["'none'"]
    assert directives["frame-ancestors"] == ["'self'"]
    assert directives["img-src"] == ["data:"]
    assert "allow-scripts" not in directives["sandbox"]
    assert "allow-same-origin" not in directives["sandbox"]
    assert "allow-top-navigation" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Hostile &lt;b&gt;" in get(visitor, "/mailbox/").content.decode()


def test_the_page_itself_keeps_the_strict_policy(visitor: Client) -> None:
    answer = get(visitor, "/mailbox/")
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"]


def test_news_is_told_when_there_is_some_and_keeps_what_is_open_open(visitor: Client) -> None:
    assert get(visitor, "/mailbox/news", newest="", open="").status_code == 204
    one = post("One")
    assert get(visitor, "/mailbox/news", newest="", open="").status_code == 200
    assert get(visitor, "/mailbox/news", newest=one, open=one).status_code == 204

    post("Two")
    news = get(visitor, "/mailbox/news", newest=one, open=one).content.decode()
    assert re.findall(r'class="mail-subject">([^<]+)', news) == ["Two", "One"]
    assert f'href="/mailbox/{one}" aria-current="true"' in news
    assert f"newest={newest()}&amp;open={one}" in news


@pytest.mark.parametrize("address", ["/mailbox/nothing", "/mailbox/nothing/html", "/mailbox/20260110T120000000000Z-0"])
def test_a_mail_that_is_not_there_is_not_found(visitor: Client, address: str) -> None:
    assert get(visitor, address).status_code == 404


@pytest.mark.parametrize("address", ["/mailbox/", "/mailbox/news", "/mailbox/{one}", "/mailbox/{one}/html"])
@pytest.mark.parametrize(
    "elsewhere",
    [
        {"BASE_URL": "https://members.strand.example"},
        {"BASE_URL": "http://192.0.2.7:8000"},
        django_settings("smtp://127.0.0.1:25", sender=""),
        django_settings("", sender=""),
    ],
    ids=["public", "on a network", "mail server", "no mail"],
)
def test_there_is_no_such_page_anywhere_else(visitor: Client, address: str, elsewhere: dict[str, Any]) -> None:
    one = post("Secret", html="<p>Secret</p>")
    with override_settings(**elsewhere):
        answer = get(visitor, address.format(one=one))
    assert answer.status_code == 404
    assert "Secret" not in answer.content.decode()


def test_it_only_looks(visitor: Client, home: Path) -> None:
    one = post("One")
    before = {path: path.read_bytes() for path in home.rglob("*.eml")}
    for address in ("/mailbox/", f"/mailbox/{one}", "/mailbox/news"):
        get(visitor, address)
        assert visitor.post(address).status_code == 405
    assert {path: path.read_bytes() for path in home.rglob("*.eml")} == before
