import pytest
from datetime import timedelta
from tests import make
from tests.memberships.desk import *
from tessera.core.periods import Interval
from tessera.people.types import Via
from tessera.memberships import inheritance
from tessera.plans.types import Billing
pytestmark = pytest.mark.django_db
AT = make.JAN_10
D = timedelta(days=1)

def test_all() -> None:
    desk = Desk.open(); ada = make.customer(desk.club)
    gold = make.plan(desk.club); silver = make.plan(desk.club); free = make.plan(desk.club, amount=0); year = make.plan(desk.club, interval=Interval.YEAR, pauses_allowed=True, pauses_extend=True)
    m = desk.grant(gold, ada, at=AT)
    print(terms(m), status(m, AT))
    desk.renew(m, at=AT); print(terms(m))
    desk.change_now(m, silver, at=AT + D); print(terms(m))
    desk.change_at_renewal(m, gold, at=AT + D); desk.renew(m, at=AT + D); print(terms(m), plans(m))
    desk.extend(m, AT + 300*D, at=AT+D)
    desk.cancel_now(m, at=AT + 2*D); print(status(m, AT+3*D))
    desk.renew(m, at=AT + 4*D); print(terms(m))
    f = desk.grant(free, ada, at=AT)
    desk.cancel_at_period_end(f, at=AT + D); print(terms(f)); desk.undo_cancel(f, at=AT+2*D); print(terms(f))
    desk.revoke(f, at=AT+3*D)
    y = desk.grant(year, ada, at=AT)
    desk.pause(y, at=AT+D, ends_at=AT+11*D); print(terms(y)); desk.resume(y, at=AT+3*D); print(terms(y))
    bob = make.customer(desk.club)
    w = desk.grant(gold, bob, at=AT, await_approval=True, await_payment=True)
    desk.pay(w, at=AT+D); desk.approve(w, at=AT+2*D); print(terms(w))
    r = desk.grant(silver, bob, at=AT, await_approval=True); desk.reject(r, at=AT+D); print(status(r, AT+2*D))
    print(desk.announce(at=AT+900*D), desk.announce(at=AT+900*D))
    co = make.company(desk.club)
    inheritance.join_company(customer=bob, company=co, at=AT, actor=ACTOR, via=Via.STAFF)
    inheritance.leave_company(customer=bob, company=co, at=AT+D, actor=ACTOR)
    print(told(desk.club))
