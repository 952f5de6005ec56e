"""A flow's connection to a scheduler, which survives the scheduler's restart, and the workers that are fit for it."""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple

from distributed import Client
from distributed.client import ClosedClientError

from tasks.cluster.worker import TOPIC
from tasks.errors import UserError

# How long a flow waits for a scheduler or a worker, so that both may be restarted meanwhile.
PATIENCE_SECONDS: Final = 120.0
CONNECT_SECONDS: Final = 10.0
SECONDS_BETWEEN_LOOKS: Final = 2.0
GPU: Final = "GPU"
# What a client raises that has lost its scheduler.
GONE: Final = (OSError, TimeoutError, ClosedClientError)


class Message(NamedTuple):
    """What a flow hears of a task: that it starts, calls its listener, ends, or is done; or that it is to be killed."""

    key: str
    kind: str
    content: Any = None


class Mailbox(SimpleQueue[Message]):
    """The messages about one piece of work."""

    def read(self, seconds: float) -> Message | None:
        """Return the next message, or None if there is none for so long."""
        try:
            return self.get(timeout=seconds)
        except Empty:
            return None


class Connection:
    """The client of a scheduler, what is heard of tasks, and the workers that are left out.

    `say` tells the person who watches the flow. Used by several threads at once.
    """

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        self.address = address
        self.say = say
        self.mailboxes: dict[str, Mailbox] = {}
        self.refused: dict[str, str] = {}
        self.client: Client | None = None
        self.connecting = threading.Lock()

    def connect(self) -> Client:
        """Return a connected client, a new one if the old one has lost its scheduler for good; raises OSError."""
        with self.connecting:
            if self.client is None or self.client.status == "closed":
                self.client = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False, name="bakeoff")
            if self.client.status != "running":
                raise OSError(f"the connection is {self.client.status}")
            return self.client

    def ask_scheduler(self) -> dict[str, Any]:
        """Return what the scheduler knows; raises OSError or TimeoutError, also if it is connected and says nothing."""
        client = self.connect()
        found: dict[str, Any] = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=CONNECT_SECONDS)
        return found

    def close(self) -> None:
        """Disconnect; the scheduler then forgets the flow's tasks."""
        if self.client is not None:
            self.client.close()

    def listen(self, client: Client, key: str, mailbox: Mailbox) -> None:
        """Put what is heard of a task into a mailbox; a scheduler that was restarted has to be told again."""
        self.mailboxes[key] = mailbox
        client.subscribe_topic(TOPIC, self.sort)

    def sort(self, event: tuple[float, dict[str, Any]]) -> None:
        """Put what a worker sends into the mailbox of its task, if the task is one of this flow."""
        _, content = event
        if mailbox := self.mailboxes.get(content["key"]):
            mailbox.put(Message(content["key"], content["kind"], content["content"]))

    def refuse(self, worker: str, reason: str) -> None:
        """Leave out a worker from now on."""
        if self.refused.get(worker) != reason:
            self.say(f"the worker {worker} is left out: {reason}")
        self.refused[worker] = reason

    def find_workers(self, *, on_gpu: bool = False) -> dict[str, int]:
        """Find the fit workers, those with a GPU if one is needed, and how many tasks each takes at a time."""
        try:
            known = self.ask_scheduler()["workers"]
        except GONE:
            return {}
        return {
            address: found["nthreads"]
            for address, found in known.items()
            if address not in self.refused and (not on_gpu or found["resources"].get(GPU))
        }

    def await_workers(self, mailbox: Mailbox | None = None, *, on_gpu: bool = False) -> dict[str, int]:
        """Wait for fit workers; empty if a message comes meanwhile. Raises UserError when there are none for long."""
        mailbox, started = mailbox or Mailbox(), time.monotonic()
        while not has_waited_long(started):
            if workers := self.find_workers(on_gpu=on_gpu):
                return workers
            if mailbox.read(SECONDS_BETWEEN_LOOKS):
                return {}
        raise UserError(self.describe_lack(on_gpu=on_gpu))

    def describe_lack(self, *, on_gpu: bool) -> str:
        """Say that there are no workers, why some were left out, and what to do."""
        kind = "worker with a GPU" if on_gpu else "worker"
        left_out = "; ".join(f"{worker} is left out: {reason}" for worker, reason in self.refused.items())
        return (
            f"the cluster at {self.address} has had no {kind} for {PATIENCE_SECONDS:.0f} seconds; expected at least one"
            f"{f' ({left_out})' if left_out else ''}. Start one with bakeoff cluster --scheduler {self.address}, and "
            "run the same command again; it resumes where it stopped."
        )


def has_waited_long(started: float) -> bool:
    """Tell whether a flow has waited long enough for a worker, since a time of the monotonic clock."""
    return time.monotonic() - started > PATIENCE_SECONDS
