"""What is known of a customer, as a form."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tessera.console.choices import DayField, lines
from tessera.console.conflicts import VersionedForm
from tessera.people.details import email_key
from tessera.people.queries import CustomerFacts
from tessera.people.types import CustomerDetails, Email


class CustomerForm(VersionedForm):
    """First and last name, or an e-mail, or a first name and a phone are enough. Lists are typed one a line."""

    first_name = forms.CharField(label=_("First name"), required=False, max_length=200)
    last_name = forms.CharField(label=_("Last name"), required=False, max_length=200)
    display_name = forms.CharField(
        label=_("Called"), required=False, max_length=200, help_text=_("If not by first and last name.")
    )
    emails = forms.CharField(
        label=_("E-mail"), required=False, max_length=3000,
        widget=forms.Textarea(attrs={"rows": 1}), help_text=_("One a line; the first is written to."),
    )  # fmt: skip
    phones = forms.CharField(
        label=_("Phone"), required=False, max_length=500,
        widget=forms.Textarea(attrs={"rows": 1}), help_text=_("One a line."),
    )  # fmt: skip
    birthday = DayField(label=_("Birthday"), required=False)
    tags = forms.CharField(label=_("Tags"), required=False, max_length=3000, help_text=_("Parted by commas."))
    external_id = forms.CharField(
        label=_("Your own id"), required=False, max_length=200, help_text=_("What another system calls this person.")
    )
    marketing_consent = forms.BooleanField(
        label=_("May be sent news"), required=False, help_text=_("They have agreed to it.")
    )

    def details(self, known: CustomerFacts | None = None) -> CustomerDetails:
        """Return what was told. An address that stays keeps whether it is verified."""
        told = self.cleaned_data
        verified = {email_key(each.address) for each in known.emails if each.verified} if known else set()
        return {
            "first_name": told["first_name"],
            "last_name": told["last_name"],
            "display_name": told["display_name"],
            "emails": [Email(each, email_key(each) in verified) for each in lines(told["emails"])],
            "phones": lines(told["phones"]),
            "birthday": told["birthday"],
            "tags": lines(told["tags"]),
            "external_id": told["external_id"] or None,
            "marketing_consent": told["marketing_consent"],
        }


def first_values(known: CustomerFacts) -> dict[str, Any]:
    """Return what the form says of a customer before it is changed."""
    return {
        "first_name": known.first_name,
        "last_name": known.last_name,
        "display_name": known.display_name,
        "emails": "\n".join(each.address for each in known.emails),
        "phones": "\n".join(known.phones),
        "birthday": known.birthday,
        "tags": ", ".join(known.tags),
        "external_id": known.external_id or "",
        "marketing_consent": known.marketing_consent,
        "version": known.version,
    }
