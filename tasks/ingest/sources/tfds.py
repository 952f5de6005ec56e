"""TensorFlow Datasets as a source: any set whose features hold one text and one class label.

A name gives a builder and a builder gives a source; `prepared` reads the files. TFDS is imported inside functions,
because that takes time, and TensorFlow, which takes seconds, is not needed to find out that a name is wrong.
"""

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from tasks.errors import UserError, did_you_mean
from tasks.ingest.sources.base import LabelledRows, Source
from tasks.ingest.sources.prepared import damaged, first_line, hash_files, read_raw_batches, read_split
from tasks.ingest.sources.reach import answers, find_entrance
from tasks.process.quiet_imports import import_quietly
from tasks.store.layout import SPLITS

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

DOWNLOADS: Final = "downloads"
# What a split of texts without labels is called.
UNLABELLED_NAMES: Final = ("unsupervised", "unlabelled", "unlabeled")
NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_./:-]{0,199}"


class DownloadError(UserError):
    """A download failed for a reason outside this program, and may succeed when it is tried again."""


def search_folders(data_dir: Path) -> list[Path]:
    """List the folders that may hold prepared TFDS data, in order of search; a download goes to the first."""
    environment = os.environ.get("TFDS_DATA_DIR")
    candidates = [data_dir / DOWNLOADS, data_dir, *([Path(environment)] if environment else [])]
    return [*candidates, Path.home() / "tensorflow_datasets"]


def is_known(name: str, data_dir: Path) -> bool:
    """Tell whether the data folders or TFDS know the first part of a name."""
    base = find_base(name)
    # The folders come first, because listing the sets of TFDS is a slow import.
    if any((folder / base).is_dir() for folder in search_folders(data_dir)):
        return True
    tfds = import_quietly("tensorflow_datasets")
    return base in tfds.list_builders(with_community_datasets=False)


def find_base(name: str) -> str:
    """Reduce a name to that of the builder: find_base("glue/sst2:2.0.0") -> "glue"."""
    return name.partition("/")[0].partition(":")[0]


def check_name(name: str, data_dir: Path) -> str:
    """Return the base name; raise UserError, within a second, if neither TFDS nor the data folders know it."""
    base = find_base(name)
    if not re.fullmatch(NAME, name):
        raise UserError(f"{name[:40]!r} is not a dataset's name; expected one such as imdb_reviews or glue/sst2.")
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
        raise UserError(
            f"dataset {name!r} cannot be opened by TensorFlow Datasets: {first_line(error).removesuffix('.')}; "
            "expected a configuration and version that it knows, prepared in whole. Correct the name, or prepare the "
            "set again."
        ) from error


def read_no_bucket(_info: "tfds.core.DatasetInfo") -> None:
    """Replace what TFDS does when a set is not prepared: ask its own bucket for the sizes of the splits.

    Nothing here needs these before the set is prepared, and TFDS leaves an empty temporary folder behind each time.
    """


def find_columns(features: Any, supervised_keys: Any, *, name: str) -> tuple[str, str]:
    """Return the names of the text and the label feature: TFDS's own choice, otherwise the only pair.

    Raises UserError when there is neither.
    """
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
    """Tell whether a set is on disk. Raises UserError unless it is text classification. Does not import TensorFlow."""
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
                f"dataset {name!r} is not on disk and {host} cannot be reached; expected the prepared set under "
                "--data-dir or TFDS_DATA_DIR, or a network connection. Use --dataset sample to continue without it."
            )


def download(name: str, data_dir: Path) -> None:
    """Download and prepare a set under `data_dir`; returns at once if it is prepared. Raises DownloadError."""
    builder = find_builder(name, data_dir)
    if builder.is_prepared():
        return
    check_reachable(name, data_dir)
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS lets the errors of many libraries through
        raise DownloadError(
            f"dataset {name!r} could not be downloaded: {first_line(error).removesuffix('.')}; expected its host to "
            "deliver it. Run the same command again later, or use --dataset sample to continue without it."
        ) from error


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
    """Assign roles to TFDS's splits; if the test labels are withheld, the validation split becomes the test split."""
    available = builder.info.splits
    roles = {role: role for role in SPLITS if role in available}
    if "train" not in roles:
        raise UserError(
            f"dataset {builder.name!r} has splits {sorted(available)}; expected one named train. Choose another set."
        )
    if {"validation", "test"} <= roles.keys() and not has_labels(builder, text, label):
        roles["test"] = roles.pop("validation")
    return roles


def has_labels(builder: "tfds.core.DatasetBuilder", text: str, label: str) -> bool:
    """Tell whether the test split is labelled: TFDS marks a withheld label with -1."""
    for _, labels in read_raw_batches(builder, "test", text, label):
        return bool(labels[0] >= 0)
    raise damaged(builder, "its test split is empty")


def find_unlabelled(name: str, data_dir: Path) -> str | None:
    """Find the split of a prepared set that has texts without labels; None if there is none."""
    splits = find_builder(name, data_dir).info.splits
    return next((split for split in UNLABELLED_NAMES if split in splits), None)


def identify_unlabelled(name: str, data_dir: Path) -> dict[str, Any]:
    """Describe everything that decides the texts without labels, as plain JSON. Raises UserError for a missing file."""
    builder, splits = find_builder(name, data_dir), {"unlabelled": str(find_unlabelled(name, data_dir))}
    return {"tfds": builder.info.full_name, "splits": splits, "files": hash_files(builder, splits)}


def read_unlabelled(name: str, data_dir: Path) -> Iterator[LabelledRows]:
    """Read the texts without labels in batches; all have the same label, which stands for none."""
    builder, start = find_builder(name, data_dir), 0
    text, label = find_columns(builder.info.features, builder.info.supervised_keys, name=name)
    for texts, _ in read_split(builder, str(find_unlabelled(name, data_dir)), text, label):
        numbers = np.arange(start + 1, start + 1 + len(texts))
        yield LabelledRows(texts, pa.array(["none"] * len(texts)), numbers, "row")
        start += len(texts)
