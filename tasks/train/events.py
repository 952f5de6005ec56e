"""TensorBoard logs of a training."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from tensorboardX import SummaryWriter

from tasks.train.settings import EpochRecord

TAGS: Final = ("loss", "accuracy", "val_loss", "val_accuracy", "reviews_per_second")


def write_events(folder: Path, record: EpochRecord) -> None:
    """Add one epoch to the logs; in TensorBoard, a repeated epoch replaces the earlier attempt."""
    with SummaryWriter(str(folder), purge_step=record.epoch, filename_suffix=f".{record.epoch}") as writer:
        for tag in TAGS:
            writer.add_scalar(tag, asdict(record)[tag], record.epoch)
