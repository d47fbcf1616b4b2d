"""What the web server runs: `tessera serve` calls `serving()`; another server may, or take `application` as it is."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tessera.config.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from tessera.http import client_address

application = client_address.believing(get_wsgi_application(), settings.TRUSTED_PROXIES)

from tessera.config import boot  # noqa: E402  (needs the applications loaded)


def serving() -> client_address.Application:
    """Return the application, once what each web process needs has begun.

    Raises SchemaBehind or SchemaAhead; DemoInTheOpen if the database is a demo's and the settings do not say so.
    """
    boot.refuse_wrong_schema()
    boot.refuse_demo_unannounced()
    boot.begin()
    boot.settle()
    return application
