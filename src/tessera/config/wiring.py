"""What the packages need from those above them: each declares a Protocol, and gets it here when the process starts."""

from tessera.config import forgetting, reactions, schedule
from tessera.events import reacting
from tessera.lifecycle import erasing
from tessera.organizations import clock


def wire() -> None:
    """Hand everything in. Once a process, when all packages are loaded."""
    clock.set_due_work(*schedule.FALLS_DUE.values())
    reacting.set_reaction(reactions.react)
    erasing.set_forgetting(at_once=forgetting.AT_ONCE, afterwards=forgetting.AFTERWARDS)
