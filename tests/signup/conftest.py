from collections.abc import Iterator

import pytest
from django.test import override_settings

from tessera.http import limits
from tessera.http.mail_url import django_settings
from tessera.organizations.models import Organization
from tests import make


@pytest.fixture
def club() -> Organization:
    """A club in London whose clock stands at noon of 10 January 2026, framed by one site."""
    club = make.organization(test_now=make.JAN_10)
    club.allowed_origins = ["https://club.example"]
    club.save()
    return club


@pytest.fixture(autouse=True)
def nobody_has_asked_yet() -> None:
    limits.forget_everyone()


@pytest.fixture(autouse=True)
def mail_is_configured() -> Iterator[None]:
    with override_settings(**django_settings("smtp://127.0.0.1:1", sender="Tessera <post@tessera.example>")):
        yield
