"""Who may frame what, and what a frame may send: the one place for both.

SameSite protects nothing in a frame on another site, whose cookies are SameSite=None. So nothing below /embed/ is done
for a request unless it carries a flow token of ours and comes, as the browser says, from a page of ours.
"""

from typing import Final
from urllib.parse import urlsplit

from csp.constants import NONE
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tessera.identity.types import Surface
from tessera.organizations.models import Organization
from tessera.signup import tokens
from tessera.signup.errors import FlowExpired, FrameRefused
from tessera.signup.tokens import Flow

PREFIX: Final = "/embed/"


def let_frame(response: HttpResponseBase, organization: Organization | None) -> None:
    """Let the organization's allowed origins, exactly those, show the answer in a frame; without any, nobody.

    Answers that this is not called for can be framed by nobody (the settings' `frame-ancestors` and X-Frame-Options).
    """
    origins = list(organization.allowed_origins) if organization is not None else []
    if origins:
        response._csp_replace = {"frame-ancestors": origins}  # type: ignore[attr-defined]
        # It knows no list of origins, and browsers that know it follow it beside frame-ancestors.
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
    else:
        response._csp_replace = {"frame-ancestors": [NONE]}  # type: ignore[attr-defined]


def checked_flow(request: HttpRequest, organization: Organization) -> Flow:
    """Return the flow that a POST below /embed/ carries.

    Raises FrameRefused unless the browser says that it comes from a page of this very installation; FlowExpired if the
    token is not ours, too old, or of another organization or surface.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if request.headers.get("Origin") != own_origin() or site not in (None, "same-origin"):
        raise FrameRefused("this was not sent by a page of ours; open the page again")
    flow = tokens.read(request.POST.get("flow", ""), organization_id=organization.pk, surface=Surface.EMBED)
    if flow is None:
        raise FlowExpired("this page has been open for too long; begin again")
    return flow


def own_origin() -> str:
    """Return the origin of this installation, as browsers write it."""
    base = urlsplit(settings.BASE_URL)
    return f"{base.scheme}://{base.netloc}".lower()
