import pytest

from tessera.organizations.models import Organization
from tests import make
from tests.http.emptying import database_can_be_emptied

__all__ = ["database_can_be_emptied"]


@pytest.fixture
def club() -> Organization:
    """A club in London whose clock stands at noon of 10 January 2026."""
    return make.organization("Strand House", test_now=make.JAN_10)
