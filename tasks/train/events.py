"""TensorBoard logs of a training."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from tensorboardX import SummaryWriter

from tasks.train.settings import EpochRecord

TAGS: Final = ("loss", "accuracy", "val_loss", "val_accuracy", "reviews_per_second")


def write_events(folder: Path, history: list[EpochRecord]) -> None:
    """Add the last evaluation to the logs; in TensorBoard, a repeated one replaces the earlier attempt."""
    record, step = asdict(history[-1]), len(history)
    with SummaryWriter(str(folder), purge_step=step, filename_suffix=f".{step}") as writer:
        for tag in TAGS:
            writer.add_scalar(tag, record[tag], step)
