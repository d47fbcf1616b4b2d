from collections.abc import Iterator

import pytest
import time_machine
from django.test import override_settings

from tessera.http.mail_url import django_settings
from tests.notices.stage import NOON


@pytest.fixture(autouse=True)
def mail_is_configured() -> Iterator[None]:
    """Mail goes somewhere; tests that look at what is sent say where."""
    with override_settings(**django_settings("smtp://127.0.0.1:1", sender="Tessera <post@tessera.example>")):
        yield


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """It is noon, and stays so until a test moves on."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock
