"""Produce the outputs of the stages in a notebook, and log the progress."""

import logging
from pathlib import Path
from typing import Final

from tasks.errors import disk_errors_explained
from tasks.process.outlook import tell_round
from tasks.store.outputs import FactsT, Manifest, Plan, produce
from tasks.train.settings import EpochRecord, FitSettings, Listener, describe_epoch, measure_epoch

LOGGER: Final = logging.getLogger(__name__)


def make(plan: Plan[FactsT]) -> Manifest[FactsT]:
    """Reuse or make an output, and log the reason."""
    output, _ = plan
    with disk_errors_explained(output.root):
        produced = produce(
            *plan, on_wait=lambda: LOGGER.info("%s %s: waiting for another process", output.kind, output.name)
        )
    LOGGER.info("%s %s: %s", output.kind, output.name, produced.reason)
    return produced.manifest


class EpochLog(Listener):
    """Logs a line per epoch."""

    def __init__(self, name: str, _event_folder: Path, *, settings: FitSettings) -> None:
        self.name = name
        self.settings = settings

    def on_epoch(self, history: list[EpochRecord]) -> None:
        """Log the last epoch."""
        LOGGER.info("%s: %s", self.name, describe_epoch(history, self.settings))
        tell_round(history[-1].epoch, self.settings.epochs, measure_epoch(history))
