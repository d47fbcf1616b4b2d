import pytest

from tessera.organizations.models import Organization
from tests import make


@pytest.fixture(autouse=True)
def home(settings: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder of the test's own for what is uploaded."""
    setattr(settings, "HOME", tmp_path_factory.mktemp("home"))  # noqa: B010


@pytest.fixture
def club() -> Organization:
    """A club whose clock stands at noon of 10 January 2026."""
    return make.organization(test_now=make.JAN_10)
