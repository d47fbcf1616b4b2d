"""Text made to be slow costs no more than other text: what is far too long is not worked on."""

from collections.abc import Callable
from time import process_time

import pytest

from tessera.core import ids
from tessera.organizations.models import Organization
from tessera.people import details, errors, queries
from tessera.people.names import folded
from tests import make

ACCENTS = "a" + "\u0301\u0316" * 50_000  # composing takes the square of the number of accents in a row


def _refused(read: Callable[[str], object], refusal: type[Exception]) -> Callable[[str], object]:
    def reading(text: str) -> object:
        with pytest.raises(refusal):
            read(text)
        return None

    return reading


@pytest.mark.parametrize(
    "read",
    [
        details.email_key,
        folded,
        _refused(lambda text: details.text(text, pointer=""), errors.TextInvalid),
        _refused(lambda text: details.email(text, pointer=""), errors.EmailInvalid),
    ],
    ids=["comparing addresses", "comparing names", "a line of text", "an address"],
)
def test_a_letter_with_ever_so_many_accents_is_read_at_once(read: Callable[[str], object]) -> None:
    began = process_time()
    read(ACCENTS)
    assert process_time() - began < 2


def test_a_text_is_as_long_as_it_is_when_composed() -> None:
    assert details.text("e\u0301" * 200, pointer="") == "é" * 200
    assert details.text(f"{' ' * 5_000}Ada{' ' * 5_000}", pointer="") == "Ada"


def test_a_reference_longer_than_any_means_nobody(club: Organization) -> None:
    ada = make.customer(club, emails=["ada@example.org"])
    make.company(club)
    key = ids.to_text(ids.Prefix.CUSTOMER, ada.pk)

    assert queries.customer_by_ref(club, f"email:{' ' * 200}ada@example.org") == ada
    for ref in (f"email:{' ' * 300}ada@example.org", f"email:{ACCENTS}", f"{key}{' ' * 300}"):
        with pytest.raises(errors.CustomerNotFound):
            queries.customer_by_ref(club, ref)
        with pytest.raises(errors.CompanyNotFound):
            queries.company_by_ref(club, ref)
