"""What allauth asks us: where a request came from, how secrets are kept, and under which name passkeys are made."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from tessera.db import sealed
from tessera.organizations.models import User

SEALED_FOR: Final = "second factors"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_NO_ADDRESS: Final = "::"  # on a unix socket; the column is never empty


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves, and who asks is who our own edge says it is."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return request.META.get("REMOTE_ADDR") or _NO_ADDRESS


class MFAAdapter(DefaultMFAAdapter):
    """Secrets are sealed, and passkeys belong to the name in TESSERA_BASE_URL."""

    def encrypt(self, text: str) -> str:
        return sealed.seal(text, context=SEALED_FOR)

    def decrypt(self, encrypted_text: str) -> str:
        return sealed.unseal(encrypted_text, context=SEALED_FOR)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        name = passkey_domain(context.request)
        assert name is not None, "passkeys are not offered here"
        return {"id": name, "name": "Tessera"}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, object]:
        assert isinstance(user, User)
        return {"id": user.pk.hex.encode(), "name": user.email, "display_name": user.name}


def passkey_domain(request: HttpRequest) -> str | None:
    """Return the name that passkeys are made for (WebAuthn's RP id); None where browsers make none.

    They need a name, which an IP address is not, and https, except on `localhost`. On this machine the name is the
    one in the browser's address, so that a demo on 127.0.0.1 has passkeys when it is looked at as `localhost`.
    """
    base = urlsplit(settings.BASE_URL)
    host = base.hostname or ""
    if host in _LOOPBACK:
        return "localhost" if request.get_host().partition(":")[0] == "localhost" else None
    if base.scheme != "https" or _is_address(host):
        return None
    return host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
