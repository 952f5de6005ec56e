"""One piece of work on a cluster, as the flow sees it: submitted, listened to, done again elsewhere, or killed."""

import pickle
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from distributed import Future
from distributed.scheduler import KilledWorker

from tasks.cluster.connection import GONE, GPU, SECONDS_BETWEEN_LOOKS, Connection, Mailbox, Message, has_waited_long
from tasks.cluster.parcel import take_over
from tasks.cluster.worker import DisplacedError, Job, UnfitWorkerError, do_work
from tasks.errors import TrainingError, UserError
from tasks.process.interruption import uninterrupted
from tasks.process.place import STOPPED

# How long a worker may take to kill a child, and to send a result.
END_SECONDS: Final = 10.0
RESULT_SECONDS: Final = 60.0
KILL: Final = "kill"
DONE: Final = "done"


class ClusterWork:
    """A function that runs on some worker of a cluster; if worker or scheduler end, it is started again."""

    def __init__(self, connection: Connection, job: Job, roots: Sequence[Path]) -> None:
        self.connection = connection
        self.job = job
        self.roots = roots
        self.mailbox = Mailbox()
        self.is_killed = False
        self.is_started = False

    def kill(self) -> None:
        """Let the waiting thread cancel the task, whose worker then kills the child."""
        self.is_killed = True
        self.mailbox.put(Message("", KILL))

    def wait(self, listener: object | None) -> Any:
        """Return what the function returns or raise its error, as `run_apart` does.

        Raises TrainingError if it was killed, and UserError if there is no worker for long.
        """
        while True:
            workers = self.connection.await_workers(self.mailbox, on_gpu=self.job.on_gpu)
            if self.is_killed:
                raise TrainingError(STOPPED)
            try:
                result = self.attempt(set(workers), listener)
                take_over(self.job.addresses, self.roots)
            except UnfitWorkerError as error:
                self.connection.refuse(error.worker, str(error))
            except DisplacedError as error:
                self.connection.say(f"{error}; its work is done again by another one, from the last checkpoint")
            else:
                return result

    def attempt(self, workers: set[str], listener: object | None) -> Any:
        """Submit the function and wait for its end; a task that is not wanted any more is cancelled."""
        future = self.submit(workers)
        try:
            return self.receive(future, workers, listener)
        finally:
            if not future.done():
                self.cancel(future)
            self.connection.mailboxes.pop(future.key, None)
            future.release()

    def submit(self, workers: set[str]) -> Future:
        """Submit the function; workers are only named if others are to be left out."""
        self.is_started = False
        key = f"{self.job.function.partition(':')[2]}-{uuid4().hex}"
        try:
            client = self.connection.connect()
            self.connection.listen(client, key, self.mailbox)
            future: Future = client.submit(
                do_work,
                self.job,
                key=key,
                pure=False,
                workers=sorted(workers) if self.connection.refused else None,
                resources={GPU: 1} if self.job.on_gpu else None,
            )
        except GONE as error:
            raise DisplacedError("the scheduler ended") from error
        future.add_done_callback(lambda _: self.mailbox.put(Message(key, DONE)))
        return future

    def receive(self, future: Future, workers: set[str], listener: object | None) -> Any:
        """Make the calls of the listener until the function has ended, and return or raise what it ended with."""
        seen = time.monotonic()
        while True:
            message = self.mailbox.read(SECONDS_BETWEEN_LOOKS)
            if self.is_killed:
                raise TrainingError(STOPPED)
            if message is None:
                seen = self.check_workers(workers, seen)
            elif message.key == future.key:
                if message.kind == DONE:
                    return conclude(future)
                self.handle(message, listener)

    def handle(self, message: Message, listener: object | None) -> None:
        """Handle what a worker sends."""
        if message.kind == "call":
            method, arguments = pickle.loads(message.content)  # noqa: S301  Dask itself unpickles what it is sent
            with uninterrupted():
                getattr(listener, method)(*arguments)
        else:
            self.is_started = message.kind == "start"

    def check_workers(self, workers: set[str], seen: float) -> float:
        """Return when a worker was last seen that may do the work.

        Raises DisplacedError if only others are left, and UserError if there is none for long.
        """
        found = self.connection.find_workers(on_gpu=self.job.on_gpu).keys()
        if found & workers or (found and not self.connection.refused):
            return time.monotonic()
        if found:
            raise DisplacedError("the workers that could do it ended")
        if has_waited_long(seen):
            raise UserError(self.connection.describe_lack(on_gpu=self.job.on_gpu))
        return seen

    def cancel(self, future: Future) -> None:
        """Cancel a task and wait until its worker has killed the child, so that a later run finds nobody at work."""
        future.cancel(reason=STOPPED)
        deadline = time.monotonic() + END_SECONDS
        while self.is_started and (remaining := deadline - time.monotonic()) > 0:
            message = self.mailbox.read(remaining)
            if message and message.key == future.key and message.kind != "call":
                self.is_started = message.kind != "end"


def conclude(future: Future) -> Any:
    """Return the result of a task that is done, or raise its error."""
    if future.status == "error":
        error = future.exception()
        if isinstance(error, KilledWorker):
            raise TrainingError(
                f"{error.allowed_failures + 1} workers ended while they did this work, perhaps because memory ran out; "
                "expected them to go on. Give them more memory and run the same command again; it resumes where it "
                "stopped."
            ) from None
        raise error
    try:
        return future.result(timeout=RESULT_SECONDS)
    except (CancelledError, OSError, TimeoutError) as error:
        raise DisplacedError("the scheduler, or the worker with the result, ended") from error
