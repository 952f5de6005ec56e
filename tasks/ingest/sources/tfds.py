"""TensorFlow Datasets as a source: any set whose features hold one text and one class label.

This is the only module that imports TFDS, and TensorFlow for reading its files; both inside functions, because
TensorFlow takes seconds to import and is not needed to find out that a name is wrong.
"""

import contextlib
import os
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import UserError, did_you_mean
from tasks.ingest.sources.base import BATCH_ROWS, Batch, Source
from tasks.process.quiet_imports import import_quietly
from tasks.store.outputs import record_file

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

DOWNLOADS: Final = "downloads"
PROBE_SECONDS: Final = 5.0
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_./:-]{0,199}"

# Encoded texts and labels, each of shape (num_rows,).
RawBatch = tuple[NDArray[np.object_], NDArray[np.int64]]


class DownloadError(UserError):
    """The world failed, not the user: worth another try."""


def search_folders(data_dir: Path) -> list[Path]:
    """List where prepared TFDS data may lie, in order; the first is where a download goes."""
    environment = os.environ.get("TFDS_DATA_DIR")
    candidates = [data_dir / DOWNLOADS, data_dir, *([Path(environment)] if environment else [])]
    return [*candidates, Path.home() / "tensorflow_datasets"]


def is_known(name: str, data_dir: Path) -> bool:
    """Tell whether the data folders or TFDS know the name's first part."""
    base = find_base(name)
    # Ahead of TFDS, which imports much to list its own.
    if any((folder / base).is_dir() for folder in search_folders(data_dir)):
        return True
    tfds = import_quietly("tensorflow_datasets")
    return base in tfds.list_builders(with_community_datasets=False)


def find_base(name: str) -> str:
    """Cut a name to that of the builder: find_base("glue/sst2:2.0.0") -> "glue"."""
    return name.partition("/")[0].partition(":")[0]


def check_name(name: str, data_dir: Path) -> str:
    """Return the base name; raise UserError, within a second, if neither TFDS nor the data folders know it."""
    base = find_base(name)
    if not re.fullmatch(NAME, name):
        raise UserError(f"{name[:40]!r} is no dataset's name; expected one such as imdb_reviews or glue/sst2.")
    if not is_known(name, data_dir):
        tfds = import_quietly("tensorflow_datasets")
        known = tfds.list_builders(with_community_datasets=False)
        raise UserError(
            f"unknown dataset {name!r}; expected auto, sample, a path to a file or the name of a TensorFlow Datasets "
            f"text set such as imdb_reviews.{did_you_mean(base, ['auto', 'sample', *known])}"
        )
    return base


def find_builder(name: str, data_dir: Path) -> "tfds.core.DatasetBuilder":
    """Find the set prepared in one of the folders, or else a builder that would download it."""
    tfds = import_quietly("tensorflow_datasets")
    tfds.core.DatasetInfo.initialize_from_bucket = read_no_bucket

    base = check_name(name, data_dir)
    folders = search_folders(data_dir)
    try:
        builders = [tfds.builder(name, data_dir=folder) for folder in folders if (folder / base).is_dir()]
        prepared = next((builder for builder in builders if builder.is_prepared()), None)
        return prepared or tfds.builder(name, data_dir=folders[0])
    except Exception as error:  # TFDS lets the errors of many libraries through
        raise UserError(f"dataset {name!r} cannot be opened by TensorFlow Datasets: {first_line(error)}") from error


def read_no_bucket(_info: "tfds.core.DatasetInfo") -> None:
    """Take the place of what TFDS does about a set that is not prepared: ask its own bucket for sizes of splits.

    Nothing here needs these before the set is prepared, and TFDS leaves an empty temporary folder behind each time.
    """


def find_columns(features: Any, supervised_keys: Any, *, name: str) -> tuple[str, str]:
    """Name the text feature and the label feature, TFDS's own choice first, a unique pair otherwise."""
    tfds = import_quietly("tensorflow_datasets")

    def keys_of(kind: type) -> list[str]:
        return [key for key in sorted(features) if isinstance(features[key], kind)]

    texts, labels = keys_of(tfds.features.Text), keys_of(tfds.features.ClassLabel)
    if supervised_keys and supervised_keys[0] in texts and supervised_keys[1] in labels:
        return supervised_keys[0], supervised_keys[1]
    if len(texts) != 1 or len(labels) != 1:
        raise UserError(
            f"dataset {name!r} has text features {texts} and class labels {labels}; expected exactly one of each. "
            "Choose a text classification set, such as imdb_reviews or ag_news_subset."
        )
    return texts[0], labels[0]


def check_dataset(name: str, data_dir: Path) -> bool:
    """Raise UserError unless the set is text classification; tell whether it is on disk. Does not import TensorFlow."""
    builder = find_builder(name, data_dir)
    if hasattr(builder.info.features, "items"):
        find_columns(builder.info.features, builder.info.supervised_keys, name=name)
    return bool(builder.is_prepared())


def check_reachable(name: str, data_dir: Path) -> None:
    """Raise DownloadError, within seconds, when the dataset's host (or the proxy to it) does not answer."""
    for url in list(find_builder(name, data_dir).url_infos)[:1]:
        host, port = find_entrance(url)
        if not answers(host, port):
            raise DownloadError(
                f"dataset {name!r} is not on disk and {host} cannot be reached; expected the prepared set "
                "under --data-dir or TFDS_DATA_DIR, or a network. Use --dataset sample to go on without it."
            )


def find_entrance(url: str) -> tuple[str, int]:
    """Return the host and port that a request goes to first: the URL's own, or those of the proxy on the way."""
    target = urlsplit(url)
    proxy = urllib.request.getproxies().get(target.scheme)
    if proxy and not urllib.request.proxy_bypass(target.hostname or ""):
        target = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return target.hostname or "", target.port or DEFAULT_PORTS.get(target.scheme, 80)


def answers(host: str, port: int) -> bool:
    """Tell whether a host takes a connection within PROBE_SECONDS, the look-up of its name included."""
    reached = threading.Event()

    def connect() -> None:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=PROBE_SECONDS):
            reached.set()

    prober = threading.Thread(target=connect, daemon=True)
    prober.start()
    prober.join(PROBE_SECONDS)
    return reached.is_set()


def download(name: str, data_dir: Path) -> None:
    """Download and prepare a set under `data_dir`; returns at once when it is there. Raises DownloadError."""
    builder = find_builder(name, data_dir)
    if builder.is_prepared():
        return
    check_reachable(name, data_dir)
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS lets the errors of many libraries through
        raise DownloadError(f"dataset {name!r} could not be downloaded: {first_line(error)}") from error


def open_tfds(name: str, data_dir: Path) -> Source:
    """Open a prepared set as a source; raises UserError when its features do not fit."""
    builder = find_builder(name, data_dir)
    text, label = find_columns(builder.info.features, builder.info.supervised_keys, name=name)
    splits = choose_splits(builder, text, label)
    return Source(
        name=name,
        label_names=tuple(str(label_name) for label_name in builder.info.features[label].names),
        identity={"tfds": builder.info.full_name, "splits": splits, "files": hash_files(builder, splits)},
        readers={role: partial(read_split, builder, split, text, label) for role, split in splits.items()},
    )


def choose_splits(builder: "tfds.core.DatasetBuilder", text: str, label: str) -> dict[str, str]:
    """Give TFDS's splits their roles; where the test labels are withheld, the validation split takes their place."""
    available = builder.info.splits
    roles = {role: role for role in ("train", "validation", "test") if role in available}
    if "train" not in roles:
        raise UserError(f"dataset {builder.name!r} has splits {sorted(available)}; expected one named train.")
    if {"validation", "test"} <= roles.keys() and not has_labels(builder, text, label):
        roles["test"] = roles.pop("validation")
    return roles


def has_labels(builder: "tfds.core.DatasetBuilder", text: str, label: str) -> bool:
    """Tell whether the test split is labelled: TFDS marks a withheld label with -1."""
    for _, labels in read_raw_batches(builder, "test", text, label):
        return bool(labels[0] >= 0)
    raise damaged(builder, "its test split is empty")


def hash_files(builder: "tfds.core.DatasetBuilder", splits: dict[str, str]) -> dict[str, str]:
    """Hash the files of the splits that are used. Raises UserError when one is missing."""
    paths = [Path(path) for split in sorted(set(splits.values())) for path in builder.info.splits[split].filepaths]
    for path in paths:
        if not path.is_file():
            raise damaged(builder, f"{path.name} is missing")
    return {path.name: record_file(path).sha256 for path in paths}


def read_split(builder: "tfds.core.DatasetBuilder", split: str, text: str, label: str) -> Iterator[Batch]:
    """Read a split in the order of its files. Raises UserError when they do not hold what they should."""
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
    except RuntimeError as error:  # the one error of the ArrayRecord library
        raise damaged(builder, first_line(error)) from error


def decode_texts(raw: NDArray[np.object_]) -> pa.Array:
    """Decode UTF-8; undecodable bytes become the replacement character."""
    try:
        return pa.array(raw, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([text.decode("utf-8", errors="replace") for text in raw], pa.string())


def damaged(builder: "tfds.core.DatasetBuilder", finding: str) -> UserError:
    """Say what is wrong with a prepared set, and how to mend it."""
    return UserError(
        f"dataset {builder.name!r} is damaged: {finding}; expected it as TensorFlow Datasets prepared it. "
        f"Delete {builder.data_path} to have it prepared again."
    )


def first_line(error: BaseException) -> str:
    """Reduce another library's error to its first line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
