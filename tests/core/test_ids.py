"""Keys and their public text."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.core.ids import Prefix, from_text, new_id, to_text

prefixes = st.sampled_from(Prefix)


@given(prefixes, st.uuids())
def test_a_key_reads_back_from_its_text(prefix: Prefix, key: UUID) -> None:
    assert from_text(prefix, to_text(prefix, key)) == key


@given(prefixes, prefixes, st.uuids())
def test_the_text_of_one_kind_is_no_key_of_another(kind: Prefix, other: Prefix, key: UUID) -> None:
    assert (from_text(other, to_text(kind, key)) is None) == (kind is not other)


@given(st.uuids(), st.uuids())
def test_texts_sort_as_their_keys_do(a: UUID, b: UUID) -> None:
    assert (to_text(Prefix.EVENT, a) < to_text(Prefix.EVENT, b)) == (a < b)


def test_the_text_is_that_of_the_type_id_specification() -> None:
    key = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert to_text(Prefix.CUSTOMER, key) == "cus_01h455vb4pex5vsknk084sn02q"


def test_later_keys_sort_later_and_are_of_version_7() -> None:
    keys = [new_id() for _ in range(1_000)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {key.version for key in keys} == {7}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cus_",
        "cus",
        "cus01h455vb4pex5vsknk084sn02q",
        "cus_01h455vb4pex5vsknk084sn02",
        "_01h455vb4pex5vsknk084sn02q",
        "cus_81h455vb4pex5vsknk084sn02q",
        "cus_01H455VB4PEX5VSKNK084SN02Q",
        "cus_01h455vb4pex5vsknk084sn02u",
        "cus_01h455vb4pex5vsknk084sn02q\n",
        "01890a5d-ac96-774b-bcce-b302099a8057",
        "cus__1h455vb4pex5vsknk084sn02q",
    ],
)
def test_other_texts_are_no_keys(text: str) -> None:
    assert from_text(Prefix.CUSTOMER, text) is None
