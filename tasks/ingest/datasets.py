"""Find the source that a dataset's name stands for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from tasks.errors import UserError
from tasks.ingest.files.fetching import fetch_files
from tasks.ingest.files.options import FileOptions, name_flag
from tasks.ingest.files.paths import check_path, is_path, is_url
from tasks.ingest.files.reading import hash_files
from tasks.ingest.head import check_heads
from tasks.ingest.sources import recall, sample, tfds
from tasks.ingest.sources.base import BATCH_ROWS, Batch, Source
from tasks.ingest.sources.recall import generate_texts
from tasks.ingest.sources.sql import fetch_rows

AUTO: Final = "auto"
SAMPLE: Final = "sample"
PREFERRED: Final = "imdb_reviews"
FALLBACK_WARNING: Final = (
    "These numbers are from the built-in sample, not from IMDB reviews: they say nothing about real text."
)


@dataclass(frozen=True)
class Choice:
    """The dataset that a run uses; if it is a fallback, `reason` says why the preferred one is unavailable."""

    dataset: str
    is_fallback: bool = False
    reason: str = ""
    files: FileOptions | None = None


def choose_dataset(name: str, data_dir: Path, files: FileOptions | None = None) -> Choice:
    """Resolve `auto` (IMDB reviews if on disk or reachable, otherwise the sample); any other name stands for itself.

    A name that is a path is read as `files` says, after it has been fetched if it stands for an address, and so are the
    rows of a database, which is named by a URL. Without a network, this takes about ten seconds at most. Raises
    UserError for an unknown name, a dataset that cannot be reached, and files whose first rows show that they cannot be
    used.
    """
    if is_url(name):
        options = files or FileOptions(path=Path(name))
        path = fetch_rows(name, table=options.table, query=options.query, folder=data_dir / tfds.DOWNLOADS / "sql")
        options = replace(options, path=path, table=None, query=None)
        check_heads(options)
        return Choice(options.name, files=options)
    if is_path(name):
        options = files or FileOptions(path=Path(name))
        fetch_files(options)
        check_heads(options)
        return Choice(options.name, files=options)
    if files is not None:
        check_unused(name, files)
    if is_generated(name):
        return Choice(name)
    wanted = PREFERRED if name == AUTO else name
    if Path(name).is_dir() and not tfds.is_known(name, data_dir):
        # A folder in which nothing can be read, which is said.
        check_heads(FileOptions(path=Path(name)))
    if "/" in name and Path(name).parent.is_dir() and not tfds.is_known(name, data_dir):
        check_path(Path(name), "--dataset")
    try:
        if not tfds.check_dataset(wanted, data_dir):
            tfds.check_reachable(wanted, data_dir)
    except tfds.DownloadError as error:
        if name != AUTO:
            raise
        return Choice(SAMPLE, is_fallback=True, reason=str(error))
    return Choice(wanted)


def download_dataset(choice: Choice, data_dir: Path) -> None:
    """Make sure that the chosen dataset is on disk. Raises DownloadError, which is worth a retry."""
    if choice.files is None and not is_generated(choice.dataset):
        tfds.download(choice.dataset, data_dir)


def check_unused(name: str, files: FileOptions) -> None:
    """Raise UserError for settings of files when the dataset is not in files."""
    defaults = FileOptions(path=files.path)
    for field in fields(FileOptions):
        if getattr(files, field.name) != getattr(defaults, field.name):
            raise UserError(
                f"{name_flag(field.name)} is for a dataset in files, but --dataset is {name!r}; leave it out or name a "
                "file."
            )


def identify(choice: Choice, data_dir: Path) -> dict[str, Any]:
    """Describe everything about the dataset that decides its reviews, as plain JSON; files are hashed, not parsed."""
    if files := choice.files:
        slices = {"slice_columns": list(files.slice_columns)} if files.slice_columns else {}
        return {"name": choice.dataset, "options": files.describe(), "files": hash_files(files), **slices}
    source = open_source(choice.dataset, data_dir)
    return {"name": source.name, "label_names": list(source.label_names), **source.identity}


def is_generated(name: str) -> bool:
    """Tell whether a dataset is generated here. Raises UserError for a malformed name of a recall dataset."""
    if name.startswith(recall.PREFIX) and recall.parse_name(name) is None:
        raise UserError(f"unknown dataset {name!r}; expected {recall.describe_names()}.")
    return name == SAMPLE or name.startswith(recall.PREFIX)


def is_familiar(name: str) -> bool:
    """Tell whether a dataset is what the variants were made for: the IMDB reviews, or English generated here."""
    return is_generated(name) or name.partition("/")[0] == PREFERRED


def open_source(name: str, data_dir: Path) -> Source:
    """Open a dataset that is on disk or generated."""
    if not is_generated(name):
        return tfds.open_tfds(name, data_dir)
    wanted = recall.parse_name(name)
    label_names, generate, splits = (
        (wanted.label_names, partial(generate_texts, wanted), recall.NUM_TEXTS)
        if wanted
        else (sample.LABEL_NAMES, sample.generate_reviews, sample.NUM_REVIEWS)
    )
    return Source(
        name=name,
        label_names=label_names,
        identity={name: "generated"},
        readers={split: partial(read_generated, generate, split) for split in splits},
    )


def read_generated(generate: Callable[[str], Iterator[tuple[str, int]]], split: str) -> Iterator[Batch]:
    """Read generated texts in batches."""
    rows_left = generate(split)
    while rows := list(islice(rows_left, BATCH_ROWS)):
        texts, labels = zip(*rows, strict=True)
        yield Batch(pa.array(texts, pa.string()), np.array(labels, np.int32))
