"""The API, put together: which packages have operations, and who may call those of the packages below organizations."""

from tessera.access.api import router as access
from tessera.events.api import router as events
from tessera.files.api import router as files
from tessera.http.api import TesseraAPI
from tessera.http.scopes import Scope
from tessera.identity.app_api import OPERATIONS as OF_APPS
from tessera.lifecycle.api import router as lifecycle
from tessera.memberships.api import router as memberships
from tessera.organizations.api import router as organizations
from tessera.organizations.auth import requires
from tessera.people.api import router as people
from tessera.people.portraits_api import router as portraits
from tessera.plans.api import router as plans
from tessera.webhooks.api import router as webhooks

api = TesseraAPI(
    title="Tessera",
    version="1",
    description=(
        "Who is a member, of what, until when, and what that lets them do. "
        "Every request below `/api/v1` names a key: `Authorization: Bearer tk_live_…`. "
        "Apps of an organization's own sign customers in below `/identity/{organization}`, without one. "
        "Instants are RFC 3339 in UTC, amounts are in minor units, refusals are problem documents (RFC 9457)."
    ),
)
api.add_router("", organizations)
api.add_router("", events, auth=requires(Scope.EVENTS_READ))

for router in (files, people, portraits, plans, memberships, access, lifecycle, webhooks):
    api.add_router("", router)

api.describe(OF_APPS)
