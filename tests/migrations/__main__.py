"""Puts the club into the configured database."""

from importlib import import_module

import django

if __name__ == "__main__":
    django.setup()
    import_module("tests.migrations.club").main()
