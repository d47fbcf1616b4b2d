from collections.abc import Iterator

import pytest

from tessera.organizations.models import Organization
from tests import make
from tests.webhooks.club import Club
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A system that takes everything with 204 unless told otherwise."""
    with receiving() as found:
        yield found


@pytest.fixture
def club(db: None) -> Club:
    """A test organization (so that http will do), its clock at noon of 10 January 2026."""
    return Club(make.organization("Strand House", test_now=make.JAN_10))


@pytest.fixture
def bystander(db: None) -> Organization:
    """Another organization, which nothing here is about."""
    return make.organization("Elsewhere", test_now=make.JAN_10)
