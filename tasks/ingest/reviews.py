"""Write a source's reviews to Parquet, one file per split, in memory that does not grow with the corpus.

Two passes: the first cleans the texts into a spool on disk and keeps 12 bytes per review (a hash of the text and the
label); these decide who goes where; the second copies the spool batch by batch to the splits.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.clean import clean_texts
from tasks.ingest.datasets import Choice, open_source
from tasks.ingest.gather import gather_files
from tasks.ingest.sources.base import Batch, Source
from tasks.ingest.split import choose_stratified, hash_texts
from tasks.ingest.spool import Spool, SpoolWriter, read_spool
from tasks.process.threads import map_ahead

SCHEMA: Final = pa.schema([("id", pa.string()), ("text", pa.string()), ("label", pa.int32())])
SPLITS: Final = ("train", "validation", "test")
TEST_FRACTION: Final = 0.2
LIMIT_SALT, VALIDATION_SALT, TEST_SALT = 1, 2, 3

# Of each written split the source's split and the mask of its rows.
Places = dict[str, tuple[str, NDArray[np.bool_]]]


def write_dataset(
    choice: Choice, data_dir: Path, folder: Path, *, validation_fraction: float, limit: int | None
) -> dict[str, Any]:
    """Open the chosen dataset and write its reviews, as `write_reviews` does."""
    if choice.files is None:
        source = open_source(choice.dataset, data_dir)
        return write_reviews(source, folder, validation_fraction=validation_fraction, limit=limit)
    gathered = gather_files(choice.files, make_scratch(folder))
    places = place_rows(gathered.spools, validation_fraction=validation_fraction, limit=limit)
    facts = write_splits(gathered.spools, places, folder, dataset=choice.dataset, label_names=gathered.label_names)
    return {**facts, "warnings": gathered.warnings, "dropped": gathered.dropped}


def write_reviews(
    source: Source, folder: Path, *, validation_fraction: float, limit: int | None = None
) -> dict[str, Any]:
    """Write {train,validation,test}.parquet under `folder`; returns label names and counts.

    A missing test split (a fifth) or validation split (`validation_fraction`) is held out of train, stratified by
    label; equal texts stay on one side. Raises UserError when a split would be empty.
    """
    scratch = make_scratch(folder)
    spools = {split: spool_split(source, split, scratch / f"{split}.arrow") for split in source.readers}
    places = place_rows(spools, validation_fraction=validation_fraction, limit=limit)
    return write_splits(spools, places, folder, dataset=source.name, label_names=source.label_names)


def make_scratch(folder: Path) -> Path:
    """Make the sub-folder that is dropped when the output is published."""
    scratch = folder / "spool"
    scratch.mkdir(exist_ok=True)
    return scratch


def write_splits(
    spools: dict[str, Spool], places: Places, folder: Path, *, dataset: str, label_names: Sequence[str]
) -> dict[str, Any]:
    """Write the placed rows of all splits; returns label names and counts."""
    with ThreadPoolExecutor() as pool:  # compressing happens outside Python's lock
        written = pool.map(lambda split: write_split(spools, places, split, folder / f"{split}.parquet"), SPLITS)
        counts = {
            split: np.bincount(labels, minlength=len(label_names)).tolist()
            for split, labels in zip(SPLITS, written, strict=True)
        }
    return {
        "dataset": dataset,
        "label_names": list(label_names),
        "counts": {split: dict(zip(label_names, counts[split], strict=True)) for split in SPLITS},
        "num_reviews": {split: sum(counts[split]) for split in SPLITS},
        "warnings": [],
        "dropped": {},
    }


def spool_split(source: Source, split: str, path: Path) -> Spool:
    """Clean a split into a spool."""
    with SpoolWriter(path, split) as writer:
        for texts, hashes, labels in map_ahead(prepare_batch, source.readers[split]()):
            writer.write(texts, hashes, labels)
    if not writer.num_rows:
        raise UserError(f"dataset {source.name!r} has an empty {split} split; expected reviews in it.")
    spool = writer.get_spool()
    if spool.labels.min() < 0 or spool.labels.max() >= len(source.label_names):
        raise UserError(f"dataset {source.name!r} has {split} labels outside its classes; expected labelled reviews.")
    return spool


def prepare_batch(batch: Batch) -> tuple[pa.Array, NDArray[np.uint64], NDArray[np.int32]]:
    """Clean the texts of a batch and hash them."""
    texts = clean_texts(batch.texts)
    return texts, hash_texts(texts.to_pylist()), batch.labels


def place_rows(spools: dict[str, Spool], *, validation_fraction: float, limit: int | None) -> Places:
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
    """Choose a fraction of the remaining rows, stratified, and of no class the last: a mask over all rows."""
    mask = np.zeros(len(remaining), dtype=np.bool_)
    num_chosen = round(fraction * int(remaining.sum()))
    hashes, labels = spool.hashes[remaining], spool.labels[remaining]
    chosen = choose_stratified(hashes, labels, num_chosen=num_chosen, salt=salt)
    # A class too small to be shared out stays.
    emptied = ~np.isin(labels, labels[~chosen])
    mask[remaining] = chosen & ~np.isin(hashes, hashes[emptied])
    return mask


def write_split(spools: dict[str, Spool], places: Places, split: str, path: Path) -> NDArray[np.int32]:
    """Copy a split's rows from the spool to Parquet, one row group per batch; returns their labels."""
    source_split, mask = places[split]
    spool = spools[source_split]
    # Texts and ids do not repeat: a dictionary and statistics of them would take time and save nothing.
    few = ["label"]
    with pq.ParquetWriter(path, SCHEMA, compression="zstd", use_dictionary=few, write_statistics=few) as writer:
        for start, batch in read_spool(spool.path):
            rows = slice(start, start + len(batch))
            columns = [batch[spool.id_column], batch["text"], pa.array(spool.labels[rows])]
            chosen = pa.record_batch(columns, schema=SCHEMA).filter(pa.array(mask[rows]))
            if len(chosen):
                writer.write_batch(chosen)
    return spool.labels[mask]
