"""Whom and what a cell of another system means: a number, an id, an e-mail address, a name. Never a guess."""

from dataclasses import dataclass, field
from uuid import UUID

from tessera.core import ids, money
from tessera.core.errors import Invalid
from tessera.core.phrases import said
from tessera.organizations.models import Organization
from tessera.people.errors import CompanyNotFound, CustomerNotFound, ReferenceAmbiguous
from tessera.people.models import Company, Customer
from tessera.people.names import folded
from tessera.people.references import company_by_ref, customer_by_ref
from tessera.plans.errors import PlanNotFound, PriceNotFound
from tessera.plans.models import Plan, Price

_KINDS = ("external:", "email:", "phone:")


@dataclass(slots=True)
class Names:
    """What is called how in one organization, read once for a block of rows."""

    organization: Organization
    _companies: dict[str, list[UUID]] | None = None
    _plans: list[Plan] = field(default_factory=list)

    def customer(self, text: str) -> Customer:
        """Return the customer. Raises CustomerNotFound; ReferenceAmbiguous where several are meant."""
        if text.startswith(_KINDS):
            return customer_by_ref(self.organization, text)
        if "@" in text:
            return customer_by_ref(self.organization, f"email:{text}")
        if text.startswith("+"):
            return customer_by_ref(self.organization, f"phone:{text}")
        found: dict[UUID, Customer] = {}
        for ref in (text, f"external:{text}"):
            try:
                row = customer_by_ref(self.organization, ref)
            except CustomerNotFound:
                continue
            found[row.pk] = row
        if not found:
            raise CustomerNotFound(said("there is no customer {text!r}", text=text[:60]), pointer="/customer")
        if len(found) > 1:
            raise ReferenceAmbiguous(
                "the number of one and the id of another: write external:… or the number's customer"
            )
        return next(iter(found.values()))

    def companies_called(self, name: str) -> list[UUID]:
        """Return the companies that are called so, without regard to case and accents."""
        if self._companies is None:
            self._companies = {}
            of_club = Company.objects.filter(organization=self.organization)
            for key, called in of_club.values_list("pk", "name"):
                self._companies.setdefault(folded(called), []).append(key)
        return self._companies.get(folded(name), [])

    def add(self, company: Company) -> None:
        """Know a company that has just been made."""
        if self._companies is not None:
            self._companies.setdefault(folded(company.name), []).append(company.pk)

    def company(self, text: str) -> Company:
        """Return the company. Raises CompanyNotFound; ReferenceAmbiguous where several are meant."""
        if text.startswith(_KINDS):
            return company_by_ref(self.organization, text)
        found: set[UUID] = set(self.companies_called(text))
        for ref in (text, f"external:{text}"):
            try:
                found.add(company_by_ref(self.organization, ref).pk)
            except CompanyNotFound:
                continue
        if not found:
            raise CompanyNotFound(said("there is no company {text!r}", text=text[:60]), pointer="/company")
        if len(found) > 1:
            raise ReferenceAmbiguous(
                said("several companies are called {text!r}: write the number of one", text=text[:60])
            )
        row = Company.objects.get(pk=next(iter(found)))
        row.organization = self.organization
        return row

    def plan(self, text: str) -> Plan:
        """Return the plan of this id or name; of several names, the one that is not archived. Raises PlanNotFound."""
        if not self._plans:
            self._plans = list(Plan.objects.filter(organization=self.organization))
        key = ids.from_text(ids.Prefix.PLAN, text)
        found = [each for each in self._plans if each.pk == key or folded(each.name) == folded(text)]
        offered = [each for each in found if each.archived_at is None] or found
        if not offered:
            raise PlanNotFound(said("there is no plan {text!r}", text=text[:60]), pointer="/plan")
        if len(offered) > 1:
            raise ReferenceAmbiguous(
                said("several plans are called {text!r}: write the id of one", text=text[:60]), pointer="/plan"
            )
        offered[0].organization = self.organization
        return offered[0]

    def price(self, text: str, plan: Plan) -> Price:
        """Return the price of this id or amount. Raises PriceNotFound; ReferenceAmbiguous."""
        prices = list(plan.prices.all())
        key = ids.from_text(ids.Prefix.PRICE, text)
        found = [each for each in prices if each.pk == key]
        if not found:
            found = [each for each in prices if each.active and _is_amount(text, each)]
        if not found:
            raise PriceNotFound(said("{plan} has no price {text!r}", plan=plan.name, text=text[:40]), pointer="/price")
        if len(found) > 1:
            raise ReferenceAmbiguous(
                said("{plan} has several prices of {text!r}: write the id", plan=plan.name, text=text[:40]),
                pointer="/price",
            )
        return found[0]


def _is_amount(text: str, price: Price) -> bool:
    bare = text.replace(price.currency, "").strip(" \u00a0£€$")
    try:
        return money.parse_amount(bare.replace(",", "."), price.currency) == price.amount_minor
    except Invalid:
        return False
