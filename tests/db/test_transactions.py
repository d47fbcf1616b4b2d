"""One at a time: where rows are counted before one is added, whoever says the same words waits."""

from types import SimpleNamespace

import pytest
from django.db import connection

from tessera import db
from tests.people.racing import meanwhile


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("others", "waited"), [(("club", "codes"), True), (("club", "questions"), False)])
def test_whoever_says_the_same_words_waits_for_the_end_and_nobody_else(
    others: tuple[str, ...], waited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    came: list[bool] = []
    done_by_then: list[bool] = []
    counting = SimpleNamespace(count=lambda: done_by_then.append(bool(came)))

    def other() -> None:
        with db.transaction():
            db.one_at_a_time(*others)
            came.append(True)

    with meanwhile(monkeypatch, counting, "count", other), db.transaction():
        db.one_at_a_time("club", "codes")
        counting.count()

    assert done_by_then == [not waited]
    assert came == [True]


def test_where_nothing_would_be_held_it_is_refused() -> None:
    with pytest.raises(RuntimeError, match="one_at_a_time"):
        db.one_at_a_time("club", "codes")
