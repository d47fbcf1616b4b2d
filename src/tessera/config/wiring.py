"""What the packages need from those above them: each declares a Protocol, and gets it here when the process starts."""

from tessera.config.schedule import FALLS_DUE
from tessera.organizations import clock


def wire() -> None:
    """Hand everything in. Once a process, when all packages are loaded."""
    clock.set_due_work(*FALLS_DUE)
