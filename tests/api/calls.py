"""What tests of memberships say to the API again and again."""

from typing import Any

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships.models import Membership
from tessera.plans.models import Plan, Price
from tests.api.client import Developer
from tests.http.client import Answer


def membership_id(membership: Membership) -> str:
    return ids.to_text(Prefix.MEMBERSHIP, membership.pk)


def plan_id(plan: Plan) -> str:
    return ids.to_text(Prefix.PLAN, plan.pk)


def price_id(price: Price) -> str:
    return ids.to_text(Prefix.PRICE, price.pk)


def granted(api: Developer, plan: Plan, **said: object) -> dict[str, Any]:
    """Grant to Ada, who is CUS-000001, unless another holder is named."""
    holder = {} if "company" in said else {"customer": "CUS-000001"}
    answer = api.post("/memberships", {"plan": plan_id(plan), **holder, **said})
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def done(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def refused(answer: Answer) -> tuple[int, str, list[str]]:
    return answer.status, answer.code, [fault["pointer"] for fault in answer.json["errors"]]
