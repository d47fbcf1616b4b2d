from importlib import import_module

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Puts the packages together once they are all loaded."""

    name = "tessera.config"
    label = "tessera_config"

    def ready(self) -> None:
        """Hand each package what it needs from those above it, and have Django know the database's checks."""
        # By name: both need every package's models, which are loaded by now and not when this module is.
        import_module("tessera.config.wiring").wire()
        import_module("tessera.db.checks").register_checks()
