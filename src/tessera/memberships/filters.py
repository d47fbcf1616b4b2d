"""Which customers, companies and memberships a list is of: what an address says.

What is asked about memberships is derived at an instant (`status_sql.py`), never stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.people.types import CompanyStatus, CustomerStatus, Source

E = TypeVar("E", bound=StrEnum)
LONGEST_Q: Final = 200
MOST_DAYS: Final = 3_650


class Holding(StrEnum):
    """How somebody stands by their memberships, own or inherited: with one of that status, or with none at all."""

    NONE = "none"
    ACTIVE = "active"
    GRACE = "grace"
    PAUSED = "paused"
    SCHEDULED = "scheduled"
    PENDING = "pending"
    EXPIRED = "expired"  # there were some, and none is left


class Sort(StrEnum):
    """The order of a list. BEST: by name, those first whose name begins with what is looked for."""

    BEST = "best"
    NAME = "name"
    NEWEST = "newest"
    NUMBER = "number"
    END = "end"  # whose membership ends next; those without an end to come are left out


class _Filter:
    """What the filters of all lists have: an address that says what they ask, and nothing that they do not."""

    __slots__ = ()

    def address(self) -> dict[str, str]:
        """Return what says the same in an address."""
        raise NotImplementedError

    @property
    def narrowed(self) -> bool:
        """Whether it leaves any out."""
        return any(name != "sort" for name in self.address())

    @property
    def narrowed_besides(self) -> bool:
        """Whether anything but what was typed leaves any out."""
        return any(name not in ("sort", "q") for name in self.address())


@dataclass(frozen=True, slots=True)
class CustomerFilter(_Filter):
    """Which customers, in which order. What is None or empty lets everybody through.

    `holding`, `plan_id` and `ending` speak of one and the same membership, own or inherited; a plan alone means an
    unexpired one of it. `ending`: ends within so many days from now.
    """

    q: str = ""
    status: CustomerStatus | None = None
    holding: Holding | None = None
    plan_id: UUID | None = None
    company_id: UUID | None = None
    ending: int | None = None
    tag: str = ""
    sort: Sort = Sort.BEST

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "CustomerFilter":
        """Return the filter of an address. What it says that cannot be read lets everybody through."""
        return cls(
            q=text_of(given, "q"),
            status=choice_of(CustomerStatus, given.get("status")),
            holding=choice_of(Holding, given.get("membership")),
            plan_id=key_of(Prefix.PLAN, given.get("plan")),
            company_id=key_of(Prefix.COMPANY, given.get("company")),
            ending=days_of(given.get("ending")),
            tag=text_of(given, "tag"),
            sort=choice_of(Sort, given.get("sort")) or Sort.BEST,
        )

    def address(self) -> dict[str, str]:
        """Return what says the same in an address."""
        told = {
            "q": self.q,
            "status": self.status or "",
            "membership": self.holding or "",
            "plan": ids.to_text(Prefix.PLAN, self.plan_id) if self.plan_id else "",
            "company": ids.to_text(Prefix.COMPANY, self.company_id) if self.company_id else "",
            "ending": str(self.ending) if self.ending is not None else "",
            "tag": self.tag,
            "sort": "" if self.sort is Sort.BEST else self.sort,
        }
        return {name: str(value) for name, value in told.items() if value}

    @property
    def about_memberships(self) -> bool:
        return self.holding is not None or self.plan_id is not None or self.ending is not None


@dataclass(frozen=True, slots=True)
class CompanyFilter(_Filter):
    """Which companies. `over`: with a membership whose seats are fewer than its people."""

    q: str = ""
    status: CompanyStatus | None = None
    holding: Holding | None = None
    plan_id: UUID | None = None
    tag: str = ""
    over: bool = False
    sort: Sort = Sort.BEST

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "CompanyFilter":
        """Return the filter of an address, likewise."""
        return cls(
            q=text_of(given, "q"),
            status=choice_of(CompanyStatus, given.get("status")),
            holding=choice_of(Holding, given.get("membership")),
            plan_id=key_of(Prefix.PLAN, given.get("plan")),
            tag=text_of(given, "tag"),
            over=given.get("over") == "1",
            sort=choice_of(Sort, given.get("sort")) or Sort.BEST,
        )

    def address(self) -> dict[str, str]:
        """Return what says the same in an address."""
        told = {
            "q": self.q,
            "status": self.status or "",
            "membership": self.holding or "",
            "plan": ids.to_text(Prefix.PLAN, self.plan_id) if self.plan_id else "",
            "tag": self.tag,
            "over": "1" if self.over else "",
            "sort": "" if self.sort is Sort.BEST else self.sort,
        }
        return {name: str(value) for name, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class MembershipFilter(_Filter):
    """Which memberships. `holder`: `customer` or `company`; `holding` NONE lets all through.

    `q` finds by whose they are, and `tag` is one of theirs; `company_id`: those of the company and its people's own.
    """

    q: str = ""
    holding: Holding | None = None
    plan_id: UUID | None = None
    source: Source | None = None
    holder: str = ""
    company_id: UUID | None = None
    tag: str = ""
    ending: int | None = None
    renews: bool | None = None
    unpaid: bool = False  # money is missing: the first payment, or that of a renewal
    sort: Sort = Sort.NEWEST

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "MembershipFilter":
        """Return the filter of an address, likewise."""
        holding = choice_of(Holding, given.get("status"))
        return cls(
            q=text_of(given, "q"),
            company_id=key_of(Prefix.COMPANY, given.get("company")),
            tag=text_of(given, "tag"),
            holding=None if holding is Holding.NONE else holding,
            plan_id=key_of(Prefix.PLAN, given.get("plan")),
            source=choice_of(Source, given.get("source")),
            holder=holder if (holder := given.get("holder", "")) in ("customer", "company") else "",
            ending=days_of(given.get("ending")),
            renews={"yes": True, "no": False}.get(given.get("renews", "")),
            unpaid=given.get("payment") == "missing",
            sort=Sort.END if given.get("sort") == Sort.END else Sort.NEWEST,
        )

    def address(self) -> dict[str, str]:
        """Return what says the same in an address."""
        told = {
            "q": self.q,
            "company": ids.to_text(Prefix.COMPANY, self.company_id) if self.company_id else "",
            "tag": self.tag,
            "status": self.holding or "",
            "plan": ids.to_text(Prefix.PLAN, self.plan_id) if self.plan_id else "",
            "source": self.source or "",
            "holder": self.holder,
            "ending": str(self.ending) if self.ending is not None else "",
            "renews": {True: "yes", False: "no", None: ""}[self.renews],
            "payment": "missing" if self.unpaid else "",
            "sort": "" if self.sort is Sort.NEWEST else self.sort,
        }
        return {name: str(value) for name, value in told.items() if value}


def text_of(given: Mapping[str, str], name: str) -> str:
    """Return a text of an address, at most 200 characters, without what no text can hold."""
    return given.get(name, "").replace("\0", " ").strip()[:LONGEST_Q]


def choice_of(kind: type[E], text: str | None) -> E | None:
    """Return the word that the text is, if it is one."""
    return next((each for each in kind if each.value == text), None)


def key_of(prefix: Prefix, text: str | None) -> UUID | None:
    """Return the key of a public id, if it is one."""
    return ids.from_text(prefix, text) if text else None


def days_of(text: str | None) -> int | None:
    """Return a number of days from 0 to 3,650, if it is one."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 4:
        return None
    return int(text) if int(text) <= MOST_DAYS else None
