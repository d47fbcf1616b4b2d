"""A secret opens for the row it was sealed for, under a key that is configured, and in no other way."""

import base64
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from tessera.config.env import WrongSettings
from tessera.config.env import read as read_settings
from tessera.core import encryption_keys
from tessera.core.encryption_keys import EncryptionKeyInvalid
from tessera.db import sealed
from tessera.db.sealed import Unsealable, seal, unseal

HERE = sealed.bound_to(organization_id=uuid4(), table="webhooks_endpoint", row_id=uuid4())
PLAIN, OTHER = base64.b64encode(bytes(range(32))).decode(), base64.b64encode(bytes(range(1, 33))).decode()
OLD, NEW = f"old:{PLAIN}", f"new:{OTHER}"


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    configure(settings, OLD)


def configure(settings: Settings, *written: str) -> None:
    settings.ENCRYPTION_KEYS = encryption_keys.read(",".join(written))


@given(text=st.text(), context=st.text())
def test_what_is_sealed_opens_again(text: str, context: str) -> None:
    closed = seal(text, context=context)

    assert unseal(closed, context=context) == text
    assert len(text) < 4 or text not in closed


def test_a_sealed_text_says_its_form_and_its_key_and_is_never_the_same_twice() -> None:
    first, second = seal("whsec_1", context=HERE), seal("whsec_1", context=HERE)

    assert first != second
    assert first.startswith("s1.old.")
    assert sealed.key_of(first) == "old"


def test_it_does_not_open_in_another_row_table_or_organization() -> None:
    club, row = uuid4(), uuid4()
    closed = seal("whsec_1", context=sealed.bound_to(organization_id=club, table="endpoints", row_id=row))

    for elsewhere in (
        sealed.bound_to(organization_id=club, table="endpoints", row_id=uuid4()),
        sealed.bound_to(organization_id=club, table="providers", row_id=row),
        sealed.bound_to(organization_id=uuid4(), table="endpoints", row_id=row),
    ):
        with pytest.raises(Unsealable):
            unseal(closed, context=elsewhere)


def test_a_change_of_any_character_is_noticed() -> None:
    closed = seal("whsec_1", context=HERE)

    for place, was in enumerate(closed):
        # The last character of base64 may carry bits that nobody reads.
        changed = closed[:place] + ("A" if was != "A" else "Q") + closed[place + 1 :]
        if place == len(closed) - 1 and _decoded(changed) == _decoded(closed):
            continue
        with pytest.raises(Unsealable):
            unseal(changed, context=HERE)


@pytest.mark.parametrize(
    "text", ["", "whsec_plain", "s1", "s1.old", "s1.old.", "s1..AAAA", "s2.old.AAAA", "s1.old.AAAA", "s1.old.ä"]
)
def test_what_was_never_sealed_is_refused(text: str) -> None:
    with pytest.raises(Unsealable):
        unseal(text, context=HERE)


def test_the_first_key_seals_and_all_open(settings: Settings) -> None:
    before = seal("whsec_1", context=HERE)

    configure(settings, NEW, OLD)
    after = seal("whsec_1", context=HERE)

    assert (sealed.key_of(before), sealed.key_of(after)) == ("old", "new")
    assert unseal(before, context=HERE) == unseal(after, context=HERE) == "whsec_1"
    assert sealed.needs_resealing(before)
    assert not sealed.needs_resealing(after)


def test_without_its_key_it_is_closed_and_the_key_is_named(settings: Settings) -> None:
    closed = seal("whsec_1", context=HERE)

    configure(settings, NEW)

    with pytest.raises(Unsealable, match="'old'") as refused:
        unseal(closed, context=HERE)
    assert closed not in str(refused.value)


def test_another_key_of_the_same_name_does_not_open_it(settings: Settings) -> None:
    closed = seal("whsec_1", context=HERE)

    configure(settings, encryption_keys.make("old"))

    with pytest.raises(Unsealable):
        unseal(closed, context=HERE)


def test_without_own_keys_one_is_made_from_the_secret_key_and_opens_when_own_ones_come(settings: Settings) -> None:
    configure(settings)
    closed = seal("whsec_1", context=HERE)
    assert sealed.first_key().startswith("derived-")

    configure(settings, NEW)
    assert unseal(closed, context=HERE) == "whsec_1"
    assert sealed.needs_resealing(closed)

    settings.SECRET_KEY = "another " * 10
    with pytest.raises(Unsealable, match="derived-"):
        unseal(closed, context=HERE)


def test_a_key_without_a_name_has_one_made_from_it() -> None:
    plain, again = encryption_keys.make(), encryption_keys.make()

    one, other = encryption_keys.read(f" {plain} , {again},")

    assert (one.id, other.id) == (encryption_keys.read(plain)[0].id, encryption_keys.read(again)[0].id)
    assert one.id != other.id
    assert len(one.secret) == 32
    assert plain not in repr(one)


def test_both_alphabets_of_base64_are_read() -> None:
    secret = b"\xfb\xff" * 16

    standard, urls = base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode().rstrip("=")

    assert encryption_keys.read(standard) == encryption_keys.read(urls)
    assert encryption_keys.read(standard)[0].secret == secret


@pytest.mark.parametrize(
    "written",
    [
        "hunter2",
        base64.b64encode(b"hunter2" * 4).decode(),
        f"Name With Blanks:{PLAIN}",
        f"derived-1:{PLAIN}",
        f"a:b:{PLAIN}",
        "ä" * 43,
        f"{OLD},{OLD}",
        f"{OLD},old:{OTHER}",
        f"{OLD},x{OLD}",
    ],
)
def test_wrong_keys_are_refused_at_the_start_without_showing_them(written: str) -> None:
    with pytest.raises(EncryptionKeyInvalid) as refused:
        encryption_keys.read(written)
    with pytest.raises(WrongSettings, match="TESSERA_ENCRYPTION_KEYS") as at_start:
        read_settings({"TESSERA_SECRET_KEY": "k" * 50, "TESSERA_ENCRYPTION_KEYS": written})

    for part in written.replace(",", ":").split(":"):
        assert len(part) < 7 or (part not in str(refused.value) and part not in str(at_start.value))


def _decoded(closed: str) -> bytes:
    encoded = closed.rpartition(".")[2]
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
