"""The files of a set as TensorFlow Datasets prepared it: hashed, and read in batches.

TensorFlow reads TFRECORD files; because it takes seconds to import, only the function that needs it does so.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.sources.base import BATCH_ROWS, Batch
from tasks.process.quiet_imports import import_quietly
from tasks.store.outputs import record_file

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

# Encoded texts and labels, each of shape (num_rows,).
RawBatch = tuple[NDArray[np.object_], NDArray[np.int64]]


def hash_files(builder: "tfds.core.DatasetBuilder", splits: dict[str, str]) -> dict[str, str]:
    """Hash the files of the splits that are used. Raises UserError when one is missing."""
    paths = [Path(path) for split in sorted(set(splits.values())) for path in builder.info.splits[split].filepaths]
    for path in paths:
        if not path.is_file():
            raise damaged(builder, f"{path.name} is missing")
    return {path.name: record_file(path).sha256 for path in paths}


def read_split(builder: "tfds.core.DatasetBuilder", split: str, text: str, label: str) -> Iterator[Batch]:
    """Read a split in the order of its files. Raises UserError when they are damaged or incomplete."""
    num_read = 0
    for texts, labels in read_raw_batches(builder, split, text, label):
        yield Batch(decode_texts(texts), labels.astype(np.int32))
        num_read += len(labels)
    expected = builder.info.splits[split].num_examples
    if num_read != expected:
        raise damaged(builder, f"its {split} split has {num_read:,} examples, not {expected:,}")


def read_raw_batches(builder: "tfds.core.DatasetBuilder", split: str, text: str, label: str) -> Iterator[RawBatch]:
    """Read batches the fastest way that the files' format allows."""
    tfds = import_quietly("tensorflow_datasets")
    is_tfrecord = builder.info.file_format == tfds.core.file_adapters.FileFormat.TFRECORD
    return (read_records if is_tfrecord else read_source)(builder, split, text, label)


def read_records(builder: "tfds.core.DatasetBuilder", split: str, text: str, label: str) -> Iterator[RawBatch]:
    """Parse TFRECORD files batch by batch: TFDS's own reader parses one example at a time, 15x slower."""
    tf = import_quietly("tensorflow")
    columns = {text: tf.io.FixedLenFeature((), tf.string), label: tf.io.FixedLenFeature((), tf.int64)}
    paths = [str(path) for path in builder.info.splits[split].filepaths]
    try:
        for records in tf.data.TFRecordDataset(paths).batch(BATCH_ROWS):
            batch = tf.io.parse_example(records, columns)
            yield batch[text].numpy(), batch[label].numpy()
    except tf.errors.OpError as error:
        raise damaged(builder, first_line(error)) from error


def read_source(builder: "tfds.core.DatasetBuilder", split: str, text: str, label: str) -> Iterator[RawBatch]:
    """Read files of another format than TFRECORD, such as ArrayRecord, through TFDS's random access."""
    try:
        source = builder.as_data_source(split=split)
        for start in range(0, len(source), BATCH_ROWS):
            rows = source.__getitems__(range(start, min(start + BATCH_ROWS, len(source))))
            yield np.array([row[text] for row in rows], dtype=np.object_), np.array([row[label] for row in rows])
    except RuntimeError as error:  # the only error that the ArrayRecord library raises
        raise damaged(builder, first_line(error)) from error


def decode_texts(raw: NDArray[np.object_]) -> pa.Array:
    """Decode UTF-8; undecodable bytes become the replacement character."""
    try:
        return pa.array(raw, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([text.decode("utf-8", errors="replace") for text in raw], pa.string())


def damaged(builder: "tfds.core.DatasetBuilder", finding: str) -> UserError:
    """Say what is wrong with a prepared set, and how to repair it."""
    tfds = import_quietly("tensorflow_datasets")
    is_known = builder.name in tfds.list_builders(with_community_datasets=False)
    remedy = f"Delete {builder.data_path} to have it prepared again." if is_known else "Prepare it again."
    return UserError(
        f"dataset {builder.name!r} is damaged: {finding}; expected it as TensorFlow Datasets prepared it. {remedy}"
    )


def first_line(error: BaseException) -> str:
    """Reduce another library's error to its first line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
