import pytest

from tessera.organizations.models import Organization
from tests import make
from tests.http.client import Api


@pytest.fixture
def club(db: None) -> Organization:
    """A club in London."""
    return make.organization("Strand House")


@pytest.fixture
def api(club: Organization) -> Api:
    """A program with a key of the club."""
    return Api(make.key(club)[1])


@pytest.fixture
def stranger(db: None) -> Api:
    """A program with a key of another organization."""
    return Api(make.key(make.organization("Elsewhere"))[1])
