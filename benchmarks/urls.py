"""The product's addresses, and `noop`: what Django itself costs behind the same server and middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt

from tessera.config import urls


@csrf_exempt
def noop(request: HttpRequest) -> HttpResponse:
    """Answer a constant."""
    return HttpResponse(b'{"decision": true}', content_type="application/json")


handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500
urlpatterns: list[URLPattern | URLResolver] = [path("noop", noop), *urls.urlpatterns]
