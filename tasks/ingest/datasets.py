"""From a dataset's name to its source."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from tasks.ingest import sample, tfds
from tasks.ingest.source import BATCH_ROWS, Batch, Source

AUTO: Final = "auto"
SAMPLE: Final = "sample"
PREFERRED: Final = "imdb_reviews"
FALLBACK_WARNING: Final = (
    "These numbers are from the built-in sample, not from IMDB reviews: they say nothing about real text."
)


class Choice(NamedTuple):
    """The dataset that a run uses; `reason` says why the preferred one was given up, if it was."""

    dataset: str
    is_fallback: bool
    reason: str


def choose_dataset(name: str, data_dir: Path) -> Choice:
    """Resolve `auto` (IMDB reviews on disk or within reach, the sample otherwise); any other name stands for itself.

    Takes at most about ten seconds without a network. Raises UserError for a name that can lead to nothing.
    """
    if name == SAMPLE:
        return Choice(SAMPLE, False, "")
    wanted = PREFERRED if name == AUTO else name
    try:
        if not tfds.check_dataset(wanted, data_dir):
            tfds.check_reachable(wanted, data_dir)
    except tfds.DownloadError as error:
        if name != AUTO:
            raise
        return Choice(SAMPLE, True, str(error))
    return Choice(wanted, False, "")


def download_dataset(choice: Choice, data_dir: Path) -> None:
    """Make sure that the chosen dataset is on disk. Raises DownloadError, which is worth another try."""
    if choice.dataset != SAMPLE:
        tfds.download(choice.dataset, data_dir)


def open_source(name: str, data_dir: Path) -> Source:
    """Open a dataset that is on disk, or the sample."""
    if name != SAMPLE:
        return tfds.open_tfds(name, data_dir)
    return Source(
        name=SAMPLE,
        label_names=sample.LABEL_NAMES,
        identity={"sample": "generated"},
        readers={split: partial(read_sample, split) for split in sample.NUM_REVIEWS},
    )


def read_sample(split: str) -> Iterator[Batch]:
    """Read the sample's generated reviews in batches."""
    reviews = sample.generate_reviews(split)
    while rows := list(islice(reviews, BATCH_ROWS)):
        texts, labels = zip(*rows, strict=True)
        yield Batch(pa.array(texts, pa.string()), np.array(labels, np.int32))
