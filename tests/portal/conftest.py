import pytest

from tessera.organizations.models import Organization
from tests import make


@pytest.fixture
def club() -> Organization:
    """A club in London whose clock stands at noon of 10 January 2026."""
    return make.organization("Strand House", test_now=make.JAN_10)
