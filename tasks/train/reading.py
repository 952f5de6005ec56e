"""Progress of work that reads texts before a training: an encoder's, or that of embeddings of regions."""

import time
from collections.abc import Callable
from typing import Final

from tasks.process.time_budget import Admit
from tasks.train.settings import Listener

SECONDS_BETWEEN_LINES: Final = 30.0


class Reading(Listener):
    """Tells every half a minute how far the work is, and asks once whether it may take as long as it will."""

    def __init__(self, name: str, say: Callable[[str], None], admit: Admit | None) -> None:
        self.name = name
        self.say = say
        self.admit = admit
        self.began: tuple[float, int] | None = None
        self.told = time.monotonic()

    def on_progress(self, _epoch: int, num_done: int, num_texts: int) -> None:
        """Tell it; raises LeftOutError if it would take too long."""
        now = time.monotonic()
        if self.began is None:
            # What came before has compiled, or was kept from an interrupted attempt.
            self.began = (now, num_done)
            return
        seconds_left = (now - self.began[0]) / max(1, num_done - self.began[1]) * (num_texts - num_done)
        if self.admit:
            self.admit(seconds_left, 0.0)
            self.admit = None
        if now - self.told >= SECONDS_BETWEEN_LINES:
            self.told = now
            self.say(f"{self.name}: {num_done / num_texts:.0%} done  ETA {seconds_left:.0f} s")
