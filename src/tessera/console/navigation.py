"""Where one can go: the parts of the console and the parts of its settings, each for those who have the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tessera.organizations.rights import Right


@dataclass(frozen=True, slots=True)
class Entry:
    """One place. `section` is what its pages call themselves, `route` the name of its first page."""

    section: str
    label: str | Promise
    icon: str
    route: str
    right: Right
    at_hand: bool = False  # in the bar of a phone, which has room for four
    test_only: bool = False  # for organizations that are made for tests


@dataclass(frozen=True, slots=True)
class Group:
    """Places that belong together under a heading."""

    label: str | Promise
    entries: tuple[Entry, ...]


PARTS: Final[tuple[Entry, ...]] = (
    Entry("home", _("Home"), "house", "console:home", Right.CUSTOMERS_READ, at_hand=True),
    Entry("customers", _("Customers"), "users", "console:customers", Right.CUSTOMERS_READ, at_hand=True),
    Entry("companies", _("Companies"), "building-2", "console:companies", Right.COMPANIES_READ),
    Entry("memberships", _("Memberships"), "badge-check", "console:memberships", Right.MEMBERSHIPS_READ),
    Entry("plans", _("Plans"), "layers", "console:plans", Right.PLANS_READ, at_hand=True),
    Entry("check", _("Check access"), "key-round", "console:check", Right.ACCESS_READ, at_hand=True),
    Entry("events", _("Events"), "scroll-text", "console:events", Right.EVENTS_READ),
    Entry("settings", _("Settings"), "settings", "console:settings", Right.ORGANIZATION_READ),
)

_WRITE: Final = Right.ORGANIZATION_WRITE

SETTINGS: Final[tuple[Group, ...]] = (
    Group(
        _("The organization"),
        (
            Entry("organization", _("Organization"), "landmark", "console:organization", _WRITE),
            Entry("branding", _("Branding"), "palette", "console:branding", _WRITE),
            Entry("policy", _("Policy"), "calendar-clock", "console:policy", _WRITE),
        ),
    ),
    Group(_("People"), (Entry("staff", _("Staff"), "id-card", "console:staff", Right.STAFF_READ),)),
    Group(
        _("Connections"),
        (
            Entry("keys", _("API keys"), "key", "console:keys", Right.KEYS_WRITE),
            Entry("signup", _("Signing up"), "door-open", "console:signup", _WRITE),
            Entry("embedding", _("Embedding"), "app-window", "console:embedding", _WRITE),
            Entry("webhooks", _("Webhooks"), "webhook", "console:webhooks", Right.WEBHOOKS_READ),
        ),
    ),
    Group(
        _("Data"),
        (
            Entry("imports", _("Imports"), "upload", "console:imports", Right.IMPORTS_WRITE),
            Entry("exports", _("Exports"), "download", "console:exports", Right.EXPORTS_WRITE),
            Entry("clock", _("Test clock"), "alarm-clock", "console:clock", _WRITE, test_only=True),
            Entry("jobs", _("Given up"), "archive-x", "console:jobs", _WRITE),
            Entry("danger", _("Danger zone"), "triangle-alert", "console:danger", Right.ORGANIZATION_DANGER),
        ),
    ),
)


def parts(rights: frozenset[Right]) -> list[Entry]:
    """Return the parts of the console that somebody with these rights can open; no settings without anything to set."""
    something_to_set = any(each.right in rights for group in SETTINGS for each in group.entries)
    return [each for each in PARTS if each.right in rights and (each.section != "settings" or something_to_set)]


def settings(rights: frozenset[Right], *, is_test: bool) -> list[Group]:
    """Return the parts of the settings that somebody with these rights can open, without empty groups."""

    def open_to(entries: Sequence[Entry]) -> tuple[Entry, ...]:
        return tuple(each for each in entries if each.right in rights and (is_test or not each.test_only))

    groups = (Group(group.label, open_to(group.entries)) for group in SETTINGS)
    return [group for group in groups if group.entries]


def within_settings(section: str) -> bool:
    """Whether pages of this section stand under the settings."""
    return section == "settings" or any(each.section == section for group in SETTINGS for each in group.entries)
