"""Codes by e-mail: guessed, flooded, entered elsewhere, twice, too late."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tessera.core.errors import TesseraError
from tessera.http.errors import TooManyRequests
from tessera.identity import codes
from tessera.identity.errors import CodeExpired, CodeVoid, CodeWrong
from tessera.identity.models import CodeAttempt
from tessera.identity.types import Proven
from tessera.people.errors import EmailInvalid
from tessera.people.types import CustomerStatus
from tests import make
from tests.identity.visitors import Browser, another_than, attempt_key, mailed

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


class TestRight:
    def test_the_code_of_the_mail_proves_the_address(self) -> None:
        browser = Browser(make.organization())
        asked = browser.ask(" Ada@Member.example ")
        assert asked.address == "Ada@Member.example"
        proven = browser.enter(asked, mailed(browser.club, asked))
        assert proven == Proven(attempt_key(asked), "Ada@Member.example")

    @pytest.mark.parametrize("spaced", ["{0} {1}", " {0}-{1}\n", "{0}\u2013{1}", "\u200e{0}\u00a0{1}"])
    def test_it_may_be_typed_with_spaces_and_dashes(self, spaced: str) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        code = mailed(browser.club, asked)
        assert browser.enter(asked, spaced.format(code[:3], code[3:])).attempt == attempt_key(asked)

    def test_it_may_be_typed_in_the_digits_of_another_script(self) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        arabic = mailed(browser.club, asked).translate({ord(str(n)): chr(0x660 + n) for n in range(10)})
        browser.enter(asked, arabic)

    def test_it_is_six_digits_and_only_a_keyed_hash_of_it_is_kept(self) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        code = mailed(browser.club, asked)
        assert re.fullmatch("[0-9]{6}", code)
        stored = str(CodeAttempt.objects.values().get())
        assert code not in stored
        assert browser.secret not in stored
        # Not even the browser is known with another key.
        with override_settings(SECRET_KEY="another" * 10), pytest.raises(CodeVoid):
            browser.enter(asked, code)


class TestWrong:
    def test_a_wrong_code_says_how_many_tries_are_left_and_the_fifth_ends_it(self) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        code = mailed(browser.club, asked)
        left = []
        for _ in range(4):
            with pytest.raises(CodeWrong) as wrong:
                browser.enter(asked, another_than(code))
            left.append(wrong.value.tries_left)
        assert left == [4, 3, 2, 1]
        with pytest.raises(CodeVoid):
            browser.enter(asked, another_than(code))
        with pytest.raises(CodeVoid):
            browser.enter(asked, code)
        assert codes.make(browser.club, attempt_key(asked)) is None

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "½½½½½½", "1" * 10_000, "12 34 5x", "\0" * 6])
    def test_what_cannot_be_a_code_is_no_guess(self, typed: str) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        code = mailed(browser.club, asked)
        for _ in range(8):
            with pytest.raises(CodeWrong) as wrong:
                browser.enter(asked, typed)
            assert wrong.value.tries_left == 5
        browser.enter(asked, code)

    def test_before_its_mail_is_written_no_code_is_right(self) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        with pytest.raises(CodeWrong):
            browser.enter(asked, "000000")

    def test_a_mail_that_is_written_again_has_another_code_and_no_more_tries(self) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        first = mailed(browser.club, asked)
        second = mailed(browser.club, asked)
        if first != second:
            with pytest.raises(CodeWrong) as wrong:
                browser.enter(asked, first)
            assert wrong.value.tries_left == 4
        browser.enter(asked, second)

    def test_it_counts_for_ten_minutes_of_real_time(self) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            browser = Browser(make.organization(test_now=datetime(2030, 1, 1, tzinfo=UTC)))
            asked = browser.ask()
            code = mailed(browser.club, asked)
            assert asked.expires_at == NOW + 10 * MINUTE
            clock.move_to(NOW + 10 * MINUTE)
            with pytest.raises(CodeExpired):
                browser.enter(asked, code)
            assert codes.make(browser.club, attempt_key(asked)) is None
            clock.move_to(NOW + 10 * MINUTE - SECOND)
            browser.enter(asked, code)

    def test_the_mail_says_how_long_it_is_still_good(self) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            browser = Browser(make.organization())
            asked = browser.ask()
            clock.move_to(NOW + 4 * MINUTE)
            made = codes.make(browser.club, attempt_key(asked))
            assert made is not None
            assert made[1] == 6

    def test_it_counts_in_the_browser_that_asked_and_nowhere_else(self) -> None:
        club = make.organization()
        browser, elsewhere = Browser(club), Browser(club)
        asked = browser.ask()
        code = mailed(club, asked)
        for _ in range(6):  # and nobody else can use its tries up
            with pytest.raises(CodeVoid):
                elsewhere.enter(asked, another_than(code))
        with pytest.raises(CodeVoid):
            elsewhere.enter(asked, code)
        browser.enter(asked, code)

    def test_another_organization_does_not_know_it(self) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        code = mailed(browser.club, asked)
        other = Browser(make.organization(), number=browser.number)
        with pytest.raises(CodeVoid):
            other.enter(asked, code)
        assert codes.make(other.club, attempt_key(asked)) is None
        assert codes.proven(organization=other.club, attempt=asked.attempt, browser=browser.secret) is None

    @pytest.mark.parametrize("named", ["", "cod_", "x" * 5000, "cus_01jh2xcejqtf2nbrexx3vqjhp4"])
    def test_what_names_no_attempt_is_refused(self, named: str) -> None:
        browser = Browser(make.organization())
        browser.ask()
        with pytest.raises(CodeVoid):
            codes.enter(
                organization=browser.club, attempt=named, browser=browser.secret, code="123456",
                client_address="192.0.2.1",
            )  # fmt: skip

    def test_it_counts_once(self) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        code = mailed(browser.club, asked)
        proven = browser.enter(asked, code)
        with pytest.raises(CodeVoid):
            browser.enter(asked, code)
        assert codes.proven(organization=browser.club, attempt=asked.attempt, browser=browser.secret) == proven
        browser.begin(proven)
        assert codes.proven(organization=browser.club, attempt=asked.attempt, browser=browser.secret) is None
        with pytest.raises(CodeVoid):
            browser.begin(proven)

    def test_a_proof_that_nobody_used_is_worth_nothing_after_ten_minutes(self) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            browser = Browser(make.organization())
            proven = browser.prove()
            clock.move_to(NOW + 10 * MINUTE)
            with pytest.raises(CodeVoid):
                browser.begin(proven)


class TestAskingAgain:
    def test_after_thirty_seconds_another_code_makes_the_first_void(self) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            browser = Browser(make.organization())
            first = browser.ask()
            code = mailed(browser.club, first)
            clock.move_to(NOW + 29 * SECOND)
            with pytest.raises(TooManyRequests) as wait:
                browser.ask()
            assert 1 <= wait.value.retry_after <= 2
            clock.move_to(first.resend_at)
            second = browser.ask()
            with pytest.raises(CodeVoid):
                browser.enter(first, code)
            assert codes.make(browser.club, attempt_key(first)) is None
            browser.enter(second, mailed(browser.club, second))

    def test_a_mistyped_address_is_put_right_at_once(self) -> None:
        browser = Browser(make.organization())
        browser.ask("ada@membre.example")
        browser.ask("ada@member.example")

    def test_asking_elsewhere_leaves_the_code_of_this_browser(self) -> None:
        club = make.organization()
        browser = Browser(club)
        asked = browser.ask()
        Browser(club).ask()
        browser.enter(asked, mailed(club, asked))

    def test_nobody_is_flooded_however_many_browsers_ask(self) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            club = make.organization()
            for _ in range(6):
                Browser(club).ask("victim@member.example")
            with pytest.raises(TooManyRequests) as wait:
                Browser(club).ask("Victim@Member.example")
            assert wait.value.retry_after > 3500
            Browser(club).ask("somebody@else.example")
            Browser(make.organization()).ask("victim@member.example")
            clock.move_to(NOW + timedelta(hours=1))
            Browser(club).ask("victim@member.example")

    def test_in_a_day_twenty_are_enough(self) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            club = make.organization()
            sent = 0
            for hour in range(24):
                clock.move_to(NOW + timedelta(hours=hour, minutes=1))
                for _ in range(3):
                    try:
                        Browser(club).ask("victim@member.example")
                        sent += 1
                    except TooManyRequests:
                        pass
            assert sent == 20

    def test_one_client_asks_for_so_many(self) -> None:
        browser = Browser(make.organization())
        for number in range(30):
            browser.ask(f"somebody-{number}@member.example")
        with pytest.raises(TooManyRequests):
            browser.ask("one-more@member.example")

    def test_one_client_enters_so_many(self) -> None:
        browser = Browser(make.organization())
        asked = browser.ask()
        for _ in range(60):
            with pytest.raises(TesseraError):
                browser.enter(asked, "")
        with pytest.raises(TooManyRequests):
            browser.enter(asked, mailed(browser.club, asked))


class TestWhoIsKnown:
    def answers(self, status: CustomerStatus | None) -> tuple[object, ...]:
        club = make.organization()
        if status is not None:
            make.customer(club, verified_emails=["ada@member.example"], status=status)
        with time_machine.travel(NOW, tick=False):
            browser = Browser(club)
            asked = browser.ask()
            code = mailed(club, asked)
            with pytest.raises(CodeWrong) as wrong:
                browser.enter(asked, another_than(code))
        return asked.address, asked.resend_at, asked.expires_at, wrong.value.detail, wrong.value.tries_left

    @pytest.mark.parametrize("status", CustomerStatus)
    def test_known_and_unknown_are_answered_alike(self, status: CustomerStatus) -> None:
        assert self.answers(status) == self.answers(None)

    def test_asking_and_entering_read_nothing_of_customers(self) -> None:
        """What takes the same statements takes the same time."""
        club = make.organization()
        make.customer(club, verified_emails=["ada@member.example"])
        asked_statements = []
        for address in ("ada@member.example", "nobody@member.example"):
            browser = Browser(club)
            with CaptureQueriesContext(connection) as statements:
                asked = browser.ask(address)
                code = mailed(club, asked)
                browser.enter(asked, code)
            seen = [each["sql"] for each in statements]
            assert not [sql for sql in seen if "people_" in sql]
            asked_statements.append(len(seen))
        assert asked_statements[0] == asked_statements[1]

    @pytest.mark.parametrize(
        "address",
        ["", "ada", "ada@", "@member.example", "ada@member", "a\nb@member.example", "ada@member.example\0",
         "x" * 10_000 + "@member.example", "ada@member.example, eve@evil.example", "<ada@member.example>"],
    )  # fmt: skip
    def test_what_is_no_address_is_refused_at_its_field_and_nothing_is_kept(self, address: str) -> None:
        with pytest.raises(EmailInvalid) as refusal:
            Browser(make.organization()).ask(address)
        assert refusal.value.pointer == "/address"
        assert not CodeAttempt.objects.exists()


@pytest.mark.parametrize("locale", ["\0", "x" * 5000, "de_AT", "<b>", "\ud800", "en-GB\n"])
def test_what_is_no_language_is_not_kept(locale: str) -> None:
    Browser(make.organization()).ask(locale=locale)
    assert CodeAttempt.objects.get().locale == ""


def test_yesterdays_attempts_are_forgotten() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(make.organization())
        browser.ask()
        clock.move_to(NOW + timedelta(hours=23))
        codes.forget_old()
        assert CodeAttempt.objects.count() == 1
        clock.move_to(NOW + timedelta(hours=25))
        codes.forget_old()
        assert CodeAttempt.objects.count() == 0
