"""The words jobs are described with, and what a task may say of itself."""

from enum import StrEnum


class State(StrEnum):
    """Where a job is on its way."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PARKED = "parked"  # it failed as often as it may: people decide


class Queue(StrEnum):
    """Who carries a job out. What waits for others must not hold up what only needs the database."""

    DEFAULT = "default"
    NETWORK = "network"


class Again(Exception):
    """Raised by a task that wants to be run again after `seconds`; that is no failure."""

    def __init__(self, *, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds
