import pytest

from tessera.organizations.models import Organization
from tests import make
from tests.console.visitor import Visitor, working_for


@pytest.fixture
def club() -> Organization:
    """A club whose clock stands at noon of 10 January 2026."""
    return make.organization(test_now=make.JAN_10)


@pytest.fixture
def owner(club: Organization) -> Visitor:
    """The club's owner, signed in."""
    return working_for(club)
