from pathlib import Path

import pytest
from django.conf import settings

from tessera.organizations.models import Organization
from tests import make


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for files that is this test's own."""
    monkeypatch.setattr(settings, "HOME", tmp_path)
    return tmp_path


@pytest.fixture
def club(db: None) -> Organization:
    """A club in London whose clock stands at noon of 10 January 2026."""
    return make.organization("Strand House", test_now=make.JAN_10)


@pytest.fixture
def elsewhere(db: None) -> Organization:
    """Another organization, whose people are none of the club's business."""
    return make.organization("Elsewhere", test_now=make.JAN_10)
