import pytest
from tests import make
from tessera.people import numbers

pytestmark = pytest.mark.django_db

def test_all():
    org = make.organization()
    o2 = make.organization(test_now=make.JAN_10)
    make.key(org); make.key(o2); make.staff(org)
    c = make.customer(org, emails=["a@x.y"], verified_emails=["B@x.y"], phones=["+442079460000"])
    co = make.company(org)
    make.affiliation(c, co)
    make.employee(co)
    p = make.plan(org, permissions=["pool"], seats=3)
    make.permission(org, "door", targets=["enter door:main", "read page:/members/*"])
    m = make.membership(p, company=co, ends_at=make.FEB_10)
    make.membership(p, customer=c, starts_at=None)
    make.pause(m, starts_at=make.JAN_10)
    assert c.number == "CUS-000001"
    numbers.reserve("CUS-000050", numbers.Series.CUSTOMER, organization_id=org.pk)
    numbers.reserve("CUS-000005", numbers.Series.CUSTOMER, organization_id=org.pk)
    assert numbers.take(numbers.Series.CUSTOMER, organization_id=org.pk) == "CUS-000051"
    assert m.anchor == "2026-01-10T12:00:00"
