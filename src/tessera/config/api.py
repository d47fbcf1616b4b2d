"""The API, put together: which packages have operations, and who may call those of the packages below organizations."""

from importlib import import_module
from importlib.util import find_spec

from tessera.events.api import router as events
from tessera.http.api import TesseraAPI
from tessera.http.scopes import Scope
from tessera.organizations.api import router as organizations
from tessera.organizations.auth import requires

api = TesseraAPI(
    title="Tessera",
    version="1",
    description=(
        "Who is a member, of what, until when, and what that lets them do. "
        "Every request names a key: `Authorization: Bearer tk_live_…`. "
        "Instants are RFC 3339 in UTC, amounts are in minor units, refusals are problem documents (RFC 9457)."
    ),
)
api.add_router("", organizations)
api.add_router("", events, auth=requires(Scope.EVENTS_READ))

for package in ("people", "plans", "memberships", "access", "lifecycle"):
    name = f"tessera.{package}.api"
    if find_spec(name) is not None:
        api.add_router("", import_module(name).router)
