"""Somebody at a browser who signs in: what they ask for, read and enter, without pages around it."""

from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from tessera import organizations
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.identity import codes, signing_in
from tessera.identity.types import Asked, Begun, Injected, Proven, Surface
from tessera.organizations.models import Organization, TrustedIssuer

_serials = count(1)


@dataclass(slots=True)
class Browser:
    """A browser with a secret and an address of its own."""

    club: Organization
    surface: Surface = Surface.PORTAL
    number: int = field(default_factory=lambda: next(_serials))

    @property
    def secret(self) -> str:
        return f"a secret of browser number {self.number}"

    @property
    def client_address(self) -> str:
        return f"198.51.{self.number // 250 % 250}.{self.number % 250 + 1}"

    def ask(self, address: str = "ada@member.example", locale: str = "") -> Asked:
        return codes.ask(
            organization=self.club,
            address=address,
            browser=self.secret,
            surface=self.surface,
            client_address=self.client_address,
            locale=locale,
        )

    def enter(self, asked: Asked, code: str) -> Proven:
        return codes.enter(
            organization=self.club,
            attempt=asked.attempt,
            browser=self.secret,
            code=code,
            client_address=self.client_address,
        )

    def prove(self, address: str = "ada@member.example", locale: str = "") -> Proven:
        """Ask for a code, read it and enter it."""
        asked = self.ask(address, locale)
        return self.enter(asked, mailed(self.club, asked))

    def begin(self, proven: Proven | None = None, injected: Injected | None = None, choice: str | None = None) -> Begun:
        return signing_in.begin(
            organization=self.club,
            proven=proven,
            injected=injected,
            surface=self.surface,
            device="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            client_address=self.client_address,
            at=organizations.now(self.club),
            choice=choice,
        )

    def sign_in(self, address: str = "ada@member.example") -> Begun:
        return self.begin(self.prove(address))


def attempt_key(asked: Asked) -> UUID:
    key = ids.from_text(Prefix.CODE_ATTEMPT, asked.attempt)
    assert key is not None
    return key


def mailed(club: Organization, asked: Asked) -> str:
    """The code, as the mail that is written now has it."""
    made = codes.make(club, attempt_key(asked))
    assert made is not None
    return made[0]


def another_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def told(issuer: TrustedIssuer, subject: str = "u-1", **known: object) -> Injected:
    """What a site says of its visitor: an address that it vouches for, unless told otherwise."""
    return Injected(
        issuer=issuer.pk,
        subject=subject,
        **{"address": "ada@member.example", "verified": True, "first_name": "Ada", "last_name": "Okonkwo", **known},  # type: ignore[arg-type]
    )
