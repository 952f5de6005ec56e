"""Ingest small files once for nothing, so that whatever is wrong with them is told before anything slow starts."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.head import check_heads
from tasks.ingest.reviews import write_dataset


def rehearse(
    choice: Choice, data_dir: Path, *, validation_fraction: float, limit: int | None, ordinal: bool = False
) -> ReviewsFacts | None:
    """Raise UserError for files of a few megabytes that cannot be trained on; larger files are left to the run.

    Returns what the run will find in the files; None for what is left to it.
    """
    if choice.files is None or not check_heads(choice.files):
        return None
    with TemporaryDirectory() as folder:
        return write_dataset(
            choice, data_dir, Path(folder), validation_fraction=validation_fraction, limit=limit, ordinal=ordinal
        )
