"""Tokens of trusted sites, each signing one visitor in, in one frame, once. Real time."""

from tessera.identity.types import Injected
from tessera.organizations.models import Organization


def inject(*, organization: Organization, token: str, origin: str, nonce: str, client_address: str) -> Injected:
    """Return who the site says its visitor is; the token is used up. What was tried is put down, whatever came of it.

    `origin` is of the window that sent the token, `nonce` of the frame. Outside a transaction: a site may have to be
    asked for its keys. Raises InjectionRefused with one of `Refusal` as its code; TooManyRequests.
    """
    raise NotImplementedError


def carried(injected: Injected, *, organization: Organization, nonce: str) -> str:
    """Return what a site said as text that only we can make, to be carried by the page until a code is entered."""
    raise NotImplementedError


def carried_back(text: str, *, organization: Organization, nonce: str) -> Injected | None:
    """Return what `carried` made, for this organization and frame, within half an hour; None for anything else."""
    raise NotImplementedError
