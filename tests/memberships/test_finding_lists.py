"""Lists with filters: what they let through is what the rules say of each membership, whichever way leads to it."""

import pytest

from tessera.memberships import filters, finding
from tessera.memberships.filters import CompanyFilter, CustomerFilter, Holding, MembershipFilter, Sort
from tests import make

pytestmark = pytest.mark.django_db
AT = make.JAN_10


def test_smoke() -> None:
    club = make.organization()
    ada = make.customer(club, first_name="Ada", last_name="L", tags=["Press"])
    gold = make.plan(club, "Gold")
    make.membership(gold, customer=ada)
    acme = make.company(club, "Acme", tags=["Media"])
    make.membership(gold, company=acme, seats=1)
    bea, cem = make.employee(acme), make.employee(acme)
    for sort in Sort:
        for q in ("", "a"):
            for h in (None, *Holding):
                for plan in (None, gold.pk):
                    which = CustomerFilter(q=q, holding=h, plan_id=plan, sort=sort)
                    got = finding.customers(club, which, at=AT, limit=50, cursor=None)
                    full = {r.pk for r in filters.customers_of(club, which, at=AT)}
                    if sort is not Sort.END:
                        assert {r.id for r in got.data} == full, which
                    else:
                        assert {r.id for r in got.data} <= full, which
    for h in (None, *Holding):
        finding.memberships(
            club,
            MembershipFilter(holding=None if h is Holding.NONE else h, plan_id=gold.pk),
            at=AT,
            limit=50,
            cursor=None,
        )
        finding.companies(club, CompanyFilter(holding=h, plan_id=gold.pk), at=AT, limit=50, cursor=None)
    assert [r.id for r in finding.companies(club, CompanyFilter(over=True), at=AT, limit=50, cursor=None).data] == [
        acme.pk
    ]
    assert finding.waiting_count(club, at=AT) == 0
