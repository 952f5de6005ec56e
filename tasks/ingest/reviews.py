"""Write a source's reviews to Parquet, one file per split, in memory that does not grow with the corpus.

Two passes: the first cleans the texts into a spool on disk and keeps 12 bytes per review (a hash of the text and the
label); these decide who goes where; the second copies the spool batch by batch to the splits.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.clean import clean_texts
from tasks.ingest.datasets import open_source
from tasks.ingest.source import Source
from tasks.ingest.split import choose_stratified, hash_texts

SCHEMA: Final = pa.schema([("id", pa.string()), ("text", pa.string()), ("label", pa.int32())])
SPLITS: Final = ("train", "validation", "test")
TEST_FRACTION: Final = 0.2
LIMIT_SALT, VALIDATION_SALT, TEST_SALT = 1, 2, 3


@dataclass(frozen=True)
class Spool:
    """A split of the source on disk: its cleaned reviews, and of each the hash and the label."""

    path: Path
    hashes: NDArray[np.uint64]
    labels: NDArray[np.int32]


def write_dataset(
    name: str, data_dir: Path, folder: Path, *, validation_fraction: float, limit: int | None
) -> dict[str, Any]:
    """Open a dataset by its name and write its reviews, as `write_reviews` does."""
    return write_reviews(open_source(name, data_dir), folder, validation_fraction=validation_fraction, limit=limit)


def write_reviews(
    source: Source, folder: Path, *, validation_fraction: float, limit: int | None = None
) -> dict[str, Any]:
    """Write {train,validation,test}.parquet under `folder`; returns label names and counts.

    A missing test split (a fifth) or validation split (`validation_fraction`) is held out of train, stratified by
    label; equal texts stay on one side. Raises UserError when a split would be empty.
    """
    scratch = folder / "spool"
    scratch.mkdir(exist_ok=True)
    spools = {split: spool_split(source, split, scratch / f"{split}.arrow") for split in source.readers}
    places = place_rows(spools, validation_fraction=validation_fraction, limit=limit)
    with ThreadPoolExecutor() as pool:  # compressing happens outside Python's lock
        written = pool.map(lambda split: write_split(spools, places, split, folder / f"{split}.parquet"), SPLITS)
        counts = {
            split: np.bincount(labels, minlength=len(source.label_names)).tolist()
            for split, labels in zip(SPLITS, written, strict=True)
        }
    return {
        "dataset": source.name,
        "label_names": list(source.label_names),
        "counts": {split: dict(zip(source.label_names, counts[split], strict=True)) for split in SPLITS},
        "num_reviews": {split: sum(counts[split]) for split in SPLITS},
    }


def spool_split(source: Source, split: str, path: Path) -> Spool:
    """Clean a split into an Arrow file and remember what its rows are."""
    hashes, labels, num_rows = [], [], 0
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
        for batch in source.readers[split]():
            texts = clean_texts(batch.texts)
            ids = [f"{split}-{index}" for index in range(num_rows, num_rows + len(texts))]
            writer.write_batch(pa.record_batch([pa.array(ids), texts, pa.array(batch.labels)], schema=SCHEMA))
            hashes.append(hash_texts(texts.to_pylist()))
            labels.append(batch.labels)
            num_rows += len(texts)
    if not num_rows:
        raise UserError(f"dataset {source.name!r} has an empty {split} split; expected reviews in it.")
    spool = Spool(path, np.concatenate(hashes), np.concatenate(labels))
    if spool.labels.min() < 0 or spool.labels.max() >= len(source.label_names):
        raise UserError(f"dataset {source.name!r} has {split} labels outside its classes; expected labelled reviews.")
    return spool


def place_rows(
    spools: dict[str, Spool], *, validation_fraction: float, limit: int | None
) -> dict[str, tuple[str, NDArray[np.bool_]]]:
    """Decide which rows of which source split each written split takes: {split: (source split, mask of rows)}."""
    places = {split: (split, limit_rows(spool, limit)) for split, spool in spools.items()}
    for split, fraction, salt in (
        ("test", TEST_FRACTION, TEST_SALT),
        ("validation", validation_fraction, VALIDATION_SALT),
    ):
        if split not in places:
            _, remaining = places["train"]
            held_out = hold_out(spools["train"], remaining, fraction=fraction, salt=salt)
            places |= {"train": ("train", remaining & ~held_out), split: ("train", held_out)}
    for split, (_, mask) in places.items():
        if not mask.any():
            raise UserError(f"the {split} split would be empty; expected more reviews or a higher --limit.")
    return places


def limit_rows(spool: Spool, limit: int | None) -> NDArray[np.bool_]:
    """Choose at most `limit` rows, stratified: a mask."""
    if limit is None or limit >= len(spool.labels):
        return np.ones(len(spool.labels), dtype=np.bool_)
    return choose_stratified(spool.hashes, spool.labels, num_chosen=limit, salt=LIMIT_SALT)


def hold_out(spool: Spool, remaining: NDArray[np.bool_], *, fraction: float, salt: int) -> NDArray[np.bool_]:
    """Choose a fraction of the remaining rows, stratified: a mask over all rows."""
    mask = np.zeros(len(remaining), dtype=np.bool_)
    num_chosen = round(fraction * int(remaining.sum()))
    mask[remaining] = choose_stratified(
        spool.hashes[remaining], spool.labels[remaining], num_chosen=num_chosen, salt=salt
    )
    return mask


def write_split(
    spools: dict[str, Spool], places: dict[str, tuple[str, NDArray[np.bool_]]], split: str, path: Path
) -> NDArray[np.int32]:
    """Copy a split's rows from the spool to Parquet, one row group per batch; returns their labels."""
    source_split, mask = places[split]
    spool = spools[source_split]
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for start, batch in read_spool(spool.path):
            chosen = batch.filter(pa.array(mask[start : start + len(batch)]))
            if len(chosen):
                writer.write_batch(chosen)
    return spool.labels[mask]


def read_spool(path: Path) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield each batch with the number of its first row, straight from the page cache."""
    start = 0
    with pa.memory_map(str(path)) as file:
        reader = pa.ipc.open_file(file)
        for index in range(reader.num_record_batches):
            batch = reader.get_batch(index)
            yield start, batch
            start += len(batch)
