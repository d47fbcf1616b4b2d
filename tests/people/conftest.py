import pytest

from tessera.organizations.models import Organization
from tests import make
from tests.http.client import Api


@pytest.fixture
def club(db: None) -> Organization:
    """A club in London."""
    return make.organization("Strand House")


@pytest.fixture
def elsewhere(db: None) -> Organization:
    """Another organization, whose people are none of the club's business."""
    return make.organization("Elsewhere")


@pytest.fixture
def api(club: Organization) -> Api:
    """A program with a key of the club."""
    return Api(make.key(club)[1])


@pytest.fixture
def stranger(elsewhere: Organization) -> Api:
    """A program with a key of the other organization."""
    return Api(make.key(elsewhere)[1])
