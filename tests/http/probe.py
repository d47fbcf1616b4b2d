"""What a real web server runs in tests/http/test_client_address.py: an application that answers with what it was told.

The proxies it believes are in the environment, as they are for Tessera.
"""

import json
import os
from collections.abc import Iterable
from typing import Any

from tessera.http import client_address
from tessera.http.client_address import Environ

_SHOWN = ("REMOTE_ADDR", "wsgi.url_scheme")


def _told(environ: Environ, start_response: Any) -> Iterable[bytes]:
    shown = {name: value for name, value in environ.items() if name in _SHOWN or "FORWARDED" in name}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]


application = client_address.believing(_told, client_address.proxies(os.environ["TESSERA_TRUSTED_PROXIES"]))
