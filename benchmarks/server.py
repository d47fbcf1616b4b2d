"""What the benchmark's server runs: the product, with one more address that answers a constant."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tessera.config.settings")

from django.conf import settings

settings.ROOT_URLCONF = "benchmarks.urls"
settings.API_RATE = settings.API_BURST = 10_000_000  # one key asks as fast as it can

from tessera.config.wsgi import application  # noqa: E402, F401  (once that is set; for the server)
