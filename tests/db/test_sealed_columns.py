"""All sealed secrets are brought under the first key, while others read and write them."""

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.db.models import QuerySet
from pytest_django.fixtures import Settings

from tessera.core import encryption_keys
from tessera.db import sealed, sealed_columns
from tessera.db.sealed_columns import Resealed, SealedColumn
from tessera.organizations import codes
from tessera.organizations.adapters import SEALED_FOR
from tessera.organizations.factors import factors_of, make_recovery_codes
from tessera.people.models import Company
from tests import make

pytestmark = pytest.mark.django_db

OLD, NEW = encryption_keys.make("old"), encryption_keys.make("new")


def context_of(row: Company) -> str:
    return sealed.bound_to(organization_id=row.organization_id, table="people_company", row_id=row.pk)


# No package is needed to have a secret: any text column can hold sealed ones.
COLUMN = SealedColumn(Company, "legal_name", context_of)


@pytest.fixture(autouse=True)
def only_this_column(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_columns, "_columns", {})
    sealed_columns.declare(COLUMN)
    configure(settings, OLD)


def configure(settings: Settings, *written: str) -> None:
    settings.ENCRYPTION_KEYS = encryption_keys.read(",".join(written))


def companies(many: int) -> list[Company]:
    """Companies of two organizations, each with a secret of its own."""
    clubs = [make.organization(), make.organization()]
    return [keep_secret(make.company(clubs[place % 2]), f"secret {place}") for place in range(many)]


def keep_secret(row: Company, text: str) -> Company:
    closed = sealed.seal(text, context=context_of(row))
    Company.objects.filter(pk=row.pk).update(legal_name=closed)
    row.legal_name = closed
    return row


def secret_of(row: Company) -> str:
    row.refresh_from_db()
    return sealed.unseal(row.legal_name, context=context_of(row))


def test_every_secret_comes_under_the_first_key_and_stays_what_it_was(settings: Settings) -> None:
    rows = companies(7)
    without = make.company(rows[0].organization)
    configure(settings, NEW, OLD)

    done = sealed_columns.reseal(COLUMN, block=3)

    assert done == Resealed("people_company.legal_name", resealed=7, changed_meanwhile=0, unsealable=0)
    configure(settings, NEW)
    assert [secret_of(row) for row in rows] == [f"secret {place}" for place in range(7)]
    without.refresh_from_db()
    assert without.legal_name == ""
    assert sealed_columns.keys_in_use() == {"new": 7}


def test_doing_it_again_does_nothing(settings: Settings) -> None:
    companies(2)
    configure(settings, NEW, OLD)
    sealed_columns.reseal(COLUMN)

    assert sealed_columns.reseal(COLUMN) == Resealed("people_company.legal_name", 0, 0, 0)


def test_what_was_stopped_half_way_is_finished(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = companies(6)
    configure(settings, NEW, OLD)
    seal, calls = sealed.seal, iter(range(10))

    def power_cut(text: str, *, context: str) -> str:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return seal(text, context=context)

    monkeypatch.setattr(sealed, "seal", power_cut)
    with pytest.raises(KeyboardInterrupt):
        sealed_columns.reseal(COLUMN, block=2)
    monkeypatch.setattr(sealed, "seal", seal)
    assert sealed_columns.keys_in_use() == {"new": 4, "old": 2}

    assert sealed_columns.reseal(COLUMN, block=2).resealed == 2
    assert [secret_of(row) for row in rows] == [f"secret {place}" for place in range(6)]


def test_a_secret_that_somebody_replaces_meanwhile_is_left_as_they_wrote_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced, other = companies(2)
    configure(settings, NEW, OLD)
    update = QuerySet.update

    def after_somebody_else(rows: QuerySet[Company], **values: str) -> int:
        monkeypatch.setattr(QuerySet, "update", update)
        configure(settings, OLD, NEW)  # a process that has not been restarted yet
        keep_secret(replaced, "replaced")
        configure(settings, NEW, OLD)
        return update(rows, **values)

    monkeypatch.setattr(QuerySet, "update", after_somebody_else)
    done = sealed_columns.reseal(COLUMN)

    assert (done.resealed, done.changed_meanwhile) == (1, 1)
    assert secret_of(replaced) == "replaced"
    assert secret_of(other) == "secret 1"
    assert sealed_columns.reseal(COLUMN).resealed == 1
    assert sealed_columns.keys_in_use() == {"new": 2}


def test_what_no_key_opens_is_counted_named_and_left(settings: Settings) -> None:
    lost, kept = companies(2)
    moved = make.company(lost.organization)
    Company.objects.filter(pk=moved.pk).update(legal_name=kept.legal_name)
    configure(settings, encryption_keys.make("lost"))
    keep_secret(lost, "gone with its key")
    configure(settings, NEW, OLD)

    done = sealed_columns.reseal(COLUMN, block=1)

    assert (done.resealed, done.unsealable) == (1, 2)
    faults = {key: why for key, why in sealed_columns.opened(COLUMN, block=1) if why}
    assert set(faults) == {lost.pk, moved.pk}
    assert "'lost'" in faults[lost.pk]
    assert "another row" in faults[moved.pk]
    assert sealed_columns.keys_in_use() == {"new": 1, "old": 1, "lost": 1}


def test_secrets_inside_json_come_under_the_first_key_too(settings: Settings) -> None:
    user = make.staff(make.organization()).user
    secret = make.authenticator_app(user)
    make_recovery_codes(user=user)
    before = factors_of(user).codes_left
    columns = [
        SealedColumn(Authenticator, "data", context=lambda _: SEALED_FOR, reads=(), part=part)
        for part in ("secret", "seed")
    ]
    configure(settings, NEW, OLD)

    assert [sealed_columns.reseal(column).resealed for column in columns] == [1, 1]
    assert [sealed_columns.reseal(column).resealed for column in columns] == [0, 0]
    assert [why for column in columns for _, why in sealed_columns.opened(column)] == [None, None]

    row = Authenticator.objects.get(user=user, type="totp")
    assert row.data["secret"].startswith(sealed.sealed_under(sealed.first_key()))
    assert decrypt(row.data["secret"]) == secret
    assert factors_of(user).codes_left == before == 10


def test_what_is_written_beside_a_secret_meanwhile_stays(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recovery code that is used while secrets are brought under another key does not count once more."""
    user = make.staff(make.organization()).user
    make.authenticator_app(user)
    code = make_recovery_codes(user=user)[0]
    column = SealedColumn(Authenticator, "data", context=lambda _: SEALED_FOR, reads=(), part="seed")
    configure(settings, NEW, OLD)
    in_blocks = sealed_columns._in_blocks

    def used_once_read(rows: QuerySet[Authenticator], size: int) -> Iterator[Authenticator]:
        for row in in_blocks(rows, size):
            codes.check(user=user, code=code)
            yield row

    monkeypatch.setattr(sealed_columns, "_in_blocks", used_once_read)
    assert sealed_columns.reseal(column).resealed == 1
    assert factors_of(user).codes_left == 9
