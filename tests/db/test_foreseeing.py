"""What would happen is found out by carrying it out and taking it back."""

import pytest
from django.db import OperationalError

from tessera.db.foreseeing import foresee

pytestmark = pytest.mark.django_db(transaction=True)


class Deadlock(Exception):
    sqlstate = "40P01"


def test_whoever_looks_is_not_told_of_a_deadlock_but_asked_about_once_more() -> None:
    asked: list[int] = []

    def run() -> int:
        asked.append(1)
        if len(asked) == 1:
            raise OperationalError from Deadlock()
        return len(asked)

    assert foresee(run, lambda done: done) == 2
