"""Every address the installation answers at."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views import defaults
from django.views.generic import RedirectView

from tessera.config import health
from tessera.config.api import api
from tessera.http import problems

_FOR_PROGRAMS = ("/api/", "/access/", "/.well-known/", "/identity/")

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", api.urls),
    path("", include("tessera.access.urls")),
    path("", include("tessera.identity.urls")),
    path("", RedirectView.as_view(url="/console/"), name="home"),
    path("notices/", include("tessera.notices.pages.urls", namespace="notices")),
    path("mailbox/", include("tessera.notices.pages.mailbox_urls", namespace="mailbox")),
    path("join/", include("tessera.signup.pages.urls", namespace="join")),
    path("embed/", include("tessera.signup.pages.embed_urls", namespace="embed")),
    path("console/", include("tessera.console.urls", namespace="console")),
]


def _for_programs(request: HttpRequest) -> bool:
    return request.path.startswith(_FOR_PROGRAMS)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django refuses before any view sees it, such as a foreign Host."""
    if _for_programs(request):
        return problems.unexpected(request, 400)
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that there is not: a problem document for programs, a page for people."""
    if _for_programs(request):
        return problems.unexpected(request, 404)
    return defaults.page_not_found(request, exception, template_name="console/404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a bug of ours, which Django has logged with its cause."""
    if _for_programs(request):
        return problems.unexpected(request, 500)
    return defaults.server_error(request, template_name="console/500.html")


handler400, handler404, handler500 = bad_request, not_found, server_error
