import pytest

from tests import make
from tests.api.client import Developer
from tests.api.world import World, settled


@pytest.fixture
def world(db: None) -> World:
    """A test organization with some of everything, its clock at noon of 10 February 2026."""
    return settled(make.organization("Strand House", test_now=make.FEB_10))


@pytest.fixture
def elsewhere(db: None) -> World:
    """Another organization, which has the same and must never see, touch or tell of the first one's."""
    return settled(make.organization("Elsewhere", test_now=make.FEB_10))


@pytest.fixture
def api(world: World) -> Developer:
    """A program with a key of the organization, with every scope."""
    return Developer(world.secret)


@pytest.fixture
def stranger(elsewhere: World) -> Developer:
    """A program with a key of the other organization."""
    return Developer(elsewhere.secret)
