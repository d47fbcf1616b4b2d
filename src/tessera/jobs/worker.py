"""The worker: one process that takes jobs up and carries them out, and keeps what happens by itself going.

One thread deals with the table (taking up, writing how it ended, keeping leases alive, leading); each queue has
threads of its own, so that a slow receiver of webhooks never holds up what only needs the database.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Final
from uuid import UUID

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, close_old_connections, connection

from tessera.core import clock
from tessera.jobs import leading, taking, wakeup
from tessera.jobs.carrying_out import carry_out
from tessera.jobs.leading import Schedule
from tessera.jobs.processes import own_name
from tessera.jobs.queue import attempts_of
from tessera.jobs.taking import Ended, Failed, Postponed, Taken
from tessera.jobs.types import Queue

THREADS: Final[Mapping[Queue, int]] = {Queue.DEFAULT: 1, Queue.NETWORK: 8}
_BATCH: Final = 32  # jobs of the default queue in hand: enough that they share a commit, few enough to be taken again
_SHARED_COMMIT: Final = 16  # so many outcomes are written without waiting for more
_HEARTBEAT, _LEAD, _RECOVER = 10.0, 2.0, 5.0  # seconds between two
_LOOK: Final[Mapping[str, float]] = {"sqlite": 0.1, "postgresql": 1.0}  # seconds an idle worker waits at most
_AFTER_FAULT: Final = 1.0
_CANNOT_BE_KEPT: Final = (DataError, IntegrityError, ValueError, TypeError, OverflowError)
_LONG: Final = 1.0  # seconds after which what waits behind a job is given back
_HELD_BY_ANOTHER: Final = timedelta(seconds=0.1)

log = logging.getLogger(__name__)


class _Lane:
    """A queue's threads, and what they have in hand."""

    def __init__(
        self,
        queue: Queue,
        threads: int,
        *,
        report: Callable[["_Lane", Ended], None],
        over: Callable[[], bool],
    ) -> None:
        self.queue = queue
        self.most = _BATCH * threads if queue is Queue.DEFAULT else threads
        self.inbox: SimpleQueue[Taken | None] = SimpleQueue()
        self.held: dict[UUID, Taken] = {}  # touched by the worker's own thread alone
        self.begun_at: float | None = None  # when what is running began, on a clock that never goes back; None: nothing
        self._report, self._over = report, over
        self.threads = [
            threading.Thread(target=self._run, name=f"{queue}-{number}", daemon=True)
            for number in range(1, threads + 1)
        ]

    @property
    def is_stuck(self) -> bool:
        """Whether what one thread is at takes so long that what waits behind it is better off elsewhere."""
        begun_at = self.begun_at
        return len(self.threads) == 1 and begun_at is not None and time.monotonic() - begun_at > _LONG

    @property
    def wanted(self) -> int:
        """How many more to take up: none while a good part of a batch is still in hand, or what runs takes long."""
        if self.is_stuck:
            return 0
        free = self.most - len(self.held)
        return free if self.queue is Queue.NETWORK or free * 2 >= self.most else 0

    def give(self, job: Taken) -> None:
        """Have one of the threads carry the job out."""
        self.held[job.id] = job
        self.inbox.put(job)

    def unbegun(self) -> list[Taken]:
        """Take back what no thread has begun."""
        found: list[Taken] = []
        while True:
            try:
                job = self.inbox.get_nowait()
            except Empty:
                return found
            if job is not None:
                found.append(job)

    def close(self) -> None:
        """Let the threads end after what they are at; what none of them has begun is given back."""
        for _ in self.threads:
            self.inbox.put(None)

    def _run(self) -> None:
        while (job := self.inbox.get()) is not None:
            self.begun_at = time.monotonic()
            ended = Postponed(job, 0) if self._over() else carry_out(job)
            self.begun_at = None
            self._report(self, ended)
            close_old_connections()
        connection.close()


class Worker:
    """`run()` works until `stop()`, which may be called from anywhere, also from a signal's handler."""

    def __init__(self, schedule: Schedule, *, threads: Mapping[Queue, int] = THREADS, patience: float = 10.0) -> None:
        """`patience`: how many seconds, once told to stop, it waits for what is running."""
        self.name = own_name()
        self._schedule, self._patience = schedule, patience
        self._lanes = {
            queue: _Lane(queue, many, report=self._report, over=lambda: self._over) for queue, many in threads.items()
        }
        self._reported: SimpleQueue[Ended] = SimpleQueue()
        self._ended: list[Ended] = []  # reported and not written yet
        self._wake = threading.Event()
        self._over = False
        self._next: dict[str, float] = {}  # when, on a clock that never goes back, each regular duty is due again
        self._file_version = -1
        self._look_at: datetime | None = None  # from when on the next waiting job may be taken up

    def stop(self) -> None:
        """Take nothing more up, finish what is running, give back what was not begun.

        It only says so: a handler of signals may have interrupted the very thread that waits, and must take no lock.
        """
        self._over = True

    def run(self) -> None:
        """Work. Faults of the database are waited out: what was carried out is written once it is back."""
        listener = wakeup.Listener(self._wake) if connection.vendor == "postgresql" else None
        if listener is not None:
            listener.start()
        for lane in self._lanes.values():
            for thread in lane.threads:
                thread.start()
        try:
            while not self._over:
                try:
                    if self._turn():
                        self._wake.wait(self._patience_when_idle())
                except (DatabaseError, InterfaceError):
                    log.warning("the database cannot be used at the moment; trying again", exc_info=True)
                    connection.close()
                    self._look_at = clock.now()
                    time.sleep(_AFTER_FAULT)
        finally:
            if listener is not None:
                listener.stop()
            self._wind_up()

    def _turn(self) -> bool:
        """Do what is to be done now; return whether that was nothing."""
        at = clock.now()
        held = {job.lease for lane in self._lanes.values() for job in lane.held.values()}
        if held and self._due("heartbeat", _HEARTBEAT):
            taking.extend(held, at=at)
        if self._due("recover", _RECOVER) and taking.recover(at=at, holding=held):
            self._look_at = at
        if self._due("lead", _LEAD) and leading.lead(self._schedule, worker=self.name, at=at):
            self._look_at = at  # what this connection has just enqueued does not show as a change of the file
        self._collect()
        for lane in self._lanes.values():
            if not all(thread.is_alive() for thread in lane.threads):
                raise RuntimeError(f"a thread of the queue {lane.queue} has ended")
            if lane.is_stuck:
                self._ended += [Postponed(job, 0) for job in lane.unbegun()]
        if not self._ended and not self._something_may_be_due(at):
            return True
        return not self._exchange(at)

    def _exchange(self, at: datetime) -> bool:
        """Write what has ended and take more up; return whether there was any."""
        wanted = {queue: lane.wanted for queue, lane in self._lanes.items()}
        try:
            taken = taking.exchange(ended=self._ended, wanted=wanted, worker=self.name, at=at)
        except _CANNOT_BE_KEPT:
            log.exception("how jobs ended could not be written; writing it one by one")
            return self._write_one_by_one(at)
        written, self._ended = self._ended, []
        self._let_go(written)
        for job in taken:
            self._lanes[Queue(job.row.queue)].give(job)
        free = [queue for queue, lane in self._lanes.items() if lane.wanted]
        next_due = taking.next_due(free)  # of the others when something of theirs has ended
        if not taken and next_due is not None and next_due <= at:  # somebody holds it at the moment
            next_due = at + _HELD_BY_ANOTHER
        self._look_at = at if taken else next_due
        return bool(written or taken)

    def _write_one_by_one(self, at: datetime) -> bool:
        """Write what can be written; what cannot be has failed, and says only that."""
        left, self._ended = self._ended, []
        for ended in left:
            try:
                taking.exchange(ended=[ended], wanted={}, worker=self.name, at=at)
            except _CANNOT_BE_KEPT as fault:
                error = {
                    "class": "django.db.DataError",
                    "traceback": f"what came of it cannot be kept ({type(fault).__name__})",
                }
                plain = Failed(ended.job, attempts_of(ended.job.row.task), error)
                taking.exchange(ended=[plain], wanted={}, worker=self.name, at=at)
            self._let_go([ended])
        return True

    def _let_go(self, ended: Sequence[Ended]) -> None:
        """Forget what is not in hand any more; a job that was taken up anew meanwhile still is."""
        for each in ended:
            for lane in self._lanes.values():
                held = lane.held.get(each.job.id)
                if held is not None and held.lease == each.job.lease:
                    del lane.held[each.job.id]

    def _something_may_be_due(self, at: datetime) -> bool:
        """Whether it is worth asking the table. On SQLite the file says whether it was written to."""
        woken = self._wake.is_set()
        self._wake.clear()
        if connection.vendor == "sqlite":
            version = wakeup.file_version()
            woken, self._file_version = woken or version != self._file_version, version
        elif self._due("look", _LOOK["postgresql"]):
            return True
        return woken or (self._look_at is not None and self._look_at <= at)

    def _patience_when_idle(self) -> float:
        """How many seconds to wait for news: no longer than until the next job may be taken up."""
        longest = _LOOK[connection.vendor]
        if self._look_at is None:
            return longest
        return min(longest, max(0.005, (self._look_at - clock.now()).total_seconds()))

    def _report(self, lane: _Lane, ended: Ended) -> None:
        """Called by the lanes' threads. Outcomes are collected, so that many are written at once."""
        self._reported.put(ended)
        if lane.queue is Queue.NETWORK or lane.inbox.empty() or self._reported.qsize() >= _SHARED_COMMIT:
            self._wake.set()

    def _collect(self) -> None:
        while True:
            try:
                self._ended.append(self._reported.get_nowait())
            except Empty:
                return

    def _due(self, duty: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(duty, 0.0):
            return False
        self._next[duty] = now + seconds
        return True

    def _wind_up(self) -> None:
        for lane in self._lanes.values():
            lane.close()
        deadline = time.monotonic() + self._patience
        for lane in self._lanes.values():
            for thread in lane.threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        self._collect()
        try:
            taking.exchange(ended=self._ended, wanted={}, worker=self.name, at=clock.now())
            leading.step_down(self.name)
        except (DatabaseError, InterfaceError):
            log.warning("what was carried out last could not be written; it will be carried out again", exc_info=True)
        connection.close()
