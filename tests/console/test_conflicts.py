"""Two people who save the same record."""

import json

import pytest
from django.http import QueryDict

from tests import make
from tests.console.visitor import Visitor

pytestmark = pytest.mark.django_db


def opened(owner: Visitor, row: object) -> dict[str, str]:
    """What the form says when it is opened."""
    page = owner.get("customer_edit", row)
    names = ("first_name", "last_name", "external_id", "version", "base")
    return {name: page.value(name) for name in names}


def test_whoever_saves_second_sees_both_versions_and_nothing_is_saved(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    mine, theirs = opened(owner, ada), opened(owner, ada)
    owner.post("customer_edit", ada, **{**theirs, "last_name": "Lovelace", "external_id": "crm-7"})

    refused = owner.post("customer_edit", ada, **{**mine, "last_name": "Byron"})

    assert refused.status == 422
    assert "Saved meanwhile Lovelace Typed here Byron" in refused.words
    ada.refresh_from_db()
    assert (ada.last_name, ada.external_id) == ("Lovelace", "crm-7")
    assert refused.value("last_name") == "Byron"
    assert refused.value("external_id") == "crm-7"  # only the other had changed it


def test_sent_twice_as_by_a_double_click_it_is_said_to_be_saved(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    mine = {**opened(owner, ada), "last_name": "Byron", "locale": ada.locale}
    owner.post("customer_edit", ada, **mine)

    twice = owner.post("customer_edit", ada, **mine)

    assert "This is saved already, just as it stands here." in twice.words
    ada.refresh_from_db()
    assert (ada.last_name, ada.version) == ("Byron", 2)


def test_sent_again_it_is_saved_over_what_was_seen(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    mine, theirs = opened(owner, ada), opened(owner, ada)
    owner.post("customer_edit", ada, **{**theirs, "last_name": "Lovelace", "external_id": "crm-7"})
    refused = owner.post("customer_edit", ada, **{**mine, "last_name": "Byron"})

    again = {name: refused.value(name) for name in mine}
    owner.post("customer_edit", ada, **again)

    ada.refresh_from_db()
    assert (ada.last_name, ada.external_id) == ("Byron", "crm-7")


def test_a_ticked_field_keeps_what_the_other_saved(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    mine, theirs = opened(owner, ada), opened(owner, ada)
    owner.post("customer_edit", ada, **{**theirs, "last_name": "Lovelace"})
    refused = owner.post("customer_edit", ada, **{**mine, "first_name": "A.", "last_name": "Byron"})

    again = {name: refused.value(name) for name in mine}
    owner.post("customer_edit", ada, **{**again, "theirs": "last_name"})

    ada.refresh_from_db()
    assert (ada.first_name, ada.last_name) == ("A.", "Lovelace")


@pytest.mark.parametrize(
    "base", ["", "[]", "{", '{"last_name": 7}', '{"nonsense": ["x"]}', json.dumps({"version": ["9"]})]
)
def test_a_form_that_forgot_what_it_said_is_refused_all_the_same(owner: Visitor, base: str) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    mine, theirs = opened(owner, ada), opened(owner, ada)
    owner.post("customer_edit", ada, **{**theirs, "last_name": "Lovelace"})

    refused = owner.post("customer_edit", ada, **{**mine, "last_name": "Byron", "base": base, "theirs": "version"})

    assert refused.status == 422
    ada.refresh_from_db()
    assert ada.last_name == "Lovelace"
    assert QueryDict(f"version={refused.value('version')}").get("version") == "2"


def test_a_form_that_says_nonsense_of_what_it_was_is_answered(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    for base in ("[" * 5_000, "[]", "5", '{"last_name": 5}'):
        sent = {**opened(owner, ada), "version": "7", "base": base, "theirs": "last_name"}
        assert owner.post("customer_edit", ada, **sent).status == 422
