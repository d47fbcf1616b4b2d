"""At once: guesses count, a code signs in once, an address makes one customer. Real threads on a real database."""

import threading
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection

from tessera import db
from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.identity import codes, linking, signing_in
from tessera.identity.errors import CodeVoid, CodeWrong, InjectionRefused, ProofNeeded
from tessera.identity.models import CodeAttempt, CustomerSession, SiteLink
from tessera.identity.types import Asked, Begun, How, Proven, Surface
from tessera.organizations import issuers
from tessera.people import contacts
from tessera.people import services as people
from tessera.people.models import Customer
from tessera.people.present import locked
from tessera.people.types import Email
from tests import make
from tests.identity.visitors import Browser, another_than, mailed, told
from tests.people.racing import at_once, meanwhile

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def several_write() -> None:
    """For what can only come in between where more than one writes at a time."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")


def kinds(outcomes: list[object]) -> Counter[str]:
    return Counter(type(each).__name__ for each in outcomes)


def test_guesses_at_once_each_count() -> None:
    browser = Browser(make.organization())
    asked = browser.ask()
    wrong = another_than(mailed(browser.club, asked))
    told_ = at_once([lambda: browser.enter(asked, wrong) for _ in range(8)])
    assert kinds(list(told_)) == {"CodeWrong": 4, "CodeVoid": 4}
    left = sorted(each.tries_left for each in told_ if isinstance(each, CodeWrong))
    assert len(left) == 4
    assert CodeAttempt.objects.get().tries == 5


def test_the_right_code_entered_by_several_at_once_proves_once() -> None:
    browser = Browser(make.organization())
    asked = browser.ask()
    code = mailed(browser.club, asked)
    outcomes = at_once([lambda: browser.enter(asked, code) for _ in range(4)])
    assert kinds(list(outcomes)) == {"Proven": 1, "CodeVoid": 3}


def test_one_proof_signs_in_once() -> None:
    browser = Browser(make.organization())
    proven = browser.prove()
    outcomes = at_once([lambda: browser.begin(proven) for _ in range(4)])
    assert kinds(list(outcomes)) == {"Begun": 1, "CodeVoid": 3}
    assert CustomerSession.objects.count() == 1


def test_two_browsers_with_a_new_address_are_one_customer() -> None:
    club = make.organization()
    proofs: list[tuple[Browser, Proven]] = [(each, each.prove()) for each in (Browser(club) for _ in range(4))]
    outcomes = at_once([lambda browser=browser, proven=proven: browser.begin(proven) for browser, proven in proofs])  # type: ignore[misc]
    begun = [each for each in outcomes if isinstance(each, Begun)]
    assert len(begun) == 4
    assert [each.created for each in begun].count(True) == 1
    assert Customer.objects.count() == 1
    assert CustomerSession.objects.count() == 4


def test_one_visitor_in_two_tabs_is_one_customer() -> None:
    club = make.organization()
    site = make.trusted_issuer(club)
    outcomes = at_once([lambda: Browser(club, Surface.EMBED).begin(injected=told(site)) for _ in range(4)])
    assert kinds(list(outcomes)) == {"Begun": 4}
    assert (Customer.objects.count(), SiteLink.objects.count()) == (1, 1)


def test_a_code_and_a_sites_word_at_once_make_one_customer() -> None:
    club = make.organization()
    site = make.trusted_issuer(club)
    browser = Browser(club)
    proven = browser.prove()

    def injected() -> Begun | TesseraError:
        try:
            return Browser(club, Surface.EMBED).begin(injected=told(site))
        except ProofNeeded as refusal:  # the code was faster
            return refusal

    outcomes = at_once([lambda: browser.begin(proven), injected])
    assert isinstance(outcomes[0], Begun)
    assert not isinstance(outcomes[1], CodeVoid)
    assert Customer.objects.count() == 1


def test_two_asks_of_one_browser_at_once_are_one() -> None:
    browser = Browser(make.organization())
    outcomes = at_once([browser.ask for _ in range(4)])
    assert kinds(list(outcomes)) == {"Asked": 1, "TooManyRequests": 3}
    assert CodeAttempt.objects.count() == 1


def test_nobody_asks_between_what_was_counted_and_what_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that have both counted before either adds: the later one would void the other's code and send a second."""
    browser = Browser(make.organization())
    counted, first_has_asked, both = codes._check_asked, threading.Event(), threading.Barrier(2)
    first: list[int] = []

    def check(*asked: Any) -> None:
        counted(*asked)
        first.append(threading.get_ident())
        with suppress(threading.BrokenBarrierError):
            both.wait(0.5)
            if first[0] != threading.get_ident():
                first_has_asked.wait(5)

    def ask() -> Asked:
        asked = browser.ask()
        first_has_asked.set()
        return asked

    monkeypatch.setattr(codes, "_check_asked", check)
    assert kinds(list(at_once([ask, ask]))) == {"Asked": 1, "TooManyRequests": 1}


def test_nobody_is_flooded_by_browsers_that_ask_at_once() -> None:
    club = make.organization()
    outcomes = at_once([Browser(club).ask for _ in range(9)])
    assert kinds(list(outcomes)) == {"Asked": 6, "TooManyRequests": 3}


def test_an_address_that_is_added_while_somebody_proves_another_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    club = make.organization()
    ada, browser = make.customer(club, emails=["ada@member.example"]), Browser(club)
    proven = browser.prove()

    def add() -> Customer:
        with db.transaction():
            locked(ada)
            emails = [*contacts.emails_of(ada), Email("ada@home.example")]
            return people.update_customer(customer=ada, emails=emails, at=make.JAN_10, actor=Actor.system("tests"))

    with meanwhile(monkeypatch, linking, "locked", add):
        assert not browser.begin(proven).created

    assert contacts.emails_of(ada) == [Email("ada@member.example", verified=True), Email("ada@home.example")]


@pytest.mark.usefixtures("several_write")
def test_an_address_that_is_taken_off_while_somebody_proves_it_is_theirs_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever took it off knows that it is not this person's: the record does not open by it."""
    club = make.organization()
    ada, browser = (
        make.customer(club, first_name="Ada", last_name="Byron", emails=["ada@member.example"]),
        Browser(club),
    )
    proven = browser.prove()

    def take_off() -> Customer:
        return people.update_customer(customer=ada, emails=[], at=make.JAN_10, actor=Actor.system("tests"))

    with meanwhile(monkeypatch, linking, "locked", take_off):
        begun = browser.begin(proven)

    assert begun.created
    assert begun.signed_in.customer != ada


@pytest.mark.usefixtures("several_write")
def test_a_customer_who_is_added_by_the_site_while_its_visitor_comes_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    club = make.organization()
    site = make.trusted_issuer(club)

    def add() -> Customer:
        return people.create_customer(
            organization=club, first_name="Ada", last_name="Okonkwo", external_id="u-1", at=make.JAN_10,
            actor=Actor.system("tests"),
        )  # fmt: skip

    with meanwhile(monkeypatch, signing_in, "create_customer", add):
        begun = Browser(club, Surface.EMBED).begin(injected=told(site, external_id="u-1"))

    assert begun.created
    assert begun.signed_in.customer.external_id is None


@pytest.mark.usefixtures("several_write")
def test_a_site_that_is_unlinked_while_its_visitor_comes_signs_nobody_in_by_the_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    club = make.organization()
    site, ada = make.trusted_issuer(club), make.customer(club, verified_emails=["ada@member.example"])
    Browser(club).sign_in()
    link = make.site_link(ada, site, by_code=True)

    def unlink() -> bool:
        return linking.unlink(customer=ada, link_id=link.pk, at=make.JAN_10, actor=Actor.system("tests"))

    with (
        meanwhile(monkeypatch, linking, "locked", unlink) as unlinked,
        pytest.raises(ProofNeeded),
    ):
        Browser(club, Surface.EMBED).begin(injected=told(site, link.subject))

    assert unlinked == [True]
    assert not CustomerSession.objects.filter(how=How.TOKEN).exists()


def test_of_two_who_unlink_a_site_one_did() -> None:
    ada = make.customer(make.organization())
    link = make.site_link(ada)
    run = lambda: linking.unlink(customer=ada, link_id=link.pk, at=make.JAN_10, actor=Actor.system("tests"))  # noqa: E731
    assert sorted(map(bool, at_once([run, run]))) == [False, True]
    assert Event.objects.filter(type="customer.site_unlinked").count() == 1


def test_a_site_that_is_forgotten_while_its_visitor_comes_signs_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    site = make.trusted_issuer(make.organization())

    def forget() -> bool:
        issuers.forget_issuer(issuer=site, at=make.JAN_10, actor=Actor.system("tests"))
        return True

    with (
        meanwhile(monkeypatch, signing_in, "open_session", forget) as forgotten,
        suppress(InjectionRefused),  # or they were faster
    ):
        Browser(site.organization, Surface.EMBED).begin(injected=told(site))

    assert forgotten == [True]
    assert not CustomerSession.objects.exists()
