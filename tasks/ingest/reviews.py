"""Write a source's reviews to Parquet, one file per split, in memory that does not grow with the corpus.

There are two passes. In the first, the intake writes the cleaned texts to a spool on disk and keeps 12 bytes per review
in memory: a hash of the text, and the label. These decide which split each review goes to. In the second, the spool is
copied batch by batch to the splits.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.conservation import check_conserved
from tasks.ingest.datasets import Choice, open_source
from tasks.ingest.duplicates import Written, count_duplicates
from tasks.ingest.facts import ReviewsFacts, RowCounts
from tasks.ingest.intake import Gathered, gather
from tasks.ingest.labels import check_order
from tasks.ingest.sources.base import Source
from tasks.ingest.sources.labelled_files import describe_strays, open_files
from tasks.ingest.split import choose_stratified
from tasks.ingest.spool import Spool, read_spool, take_slices
from tasks.store.layout import SLICES_FILE, SPLIT_FILES, SPLITS

SCHEMA: Final = pa.schema([("id", pa.string()), ("text", pa.string()), ("label", pa.int32())])
TEST_FRACTION: Final = 0.2
LIMIT_SALT, VALIDATION_SALT, TEST_SALT = 1, 2, 3

# For each written split: the source's split that its rows come from, and the mask of these rows.
Places = dict[str, tuple[str, NDArray[np.bool_]]]


def write_dataset(
    choice: Choice,
    data_dir: Path,
    folder: Path,
    *,
    validation_fraction: float,
    limit: int | None,
    ordinal: bool = False,
) -> ReviewsFacts:
    """Open the chosen dataset and write its reviews, as `write_reviews` does; `ordinal` labels must have an order.

    A set that declares its classes has them in order; those of files must be numbers, or UserError is raised.
    """
    if choice.files is None:
        source = open_source(choice.dataset, data_dir)
        facts = write_reviews(source, folder, validation_fraction=validation_fraction, limit=limit)
        return facts.model_copy(update={"ordinal": ordinal})
    share = choice.files.max_dropped_share
    gathered = gather(open_files(choice.files), make_scratch(folder), max_dropped_share=share)
    gathered = replace(gathered, warnings=[*describe_strays(choice.files), *gathered.warnings])
    if ordinal:
        check_order(gathered.label_names)
    facts = write_gathered(
        gathered, folder, dataset=choice.dataset, validation_fraction=validation_fraction, limit=limit
    )
    return facts.model_copy(update={"ordinal": ordinal})


def write_reviews(
    source: Source, folder: Path, *, validation_fraction: float, limit: int | None = None
) -> ReviewsFacts:
    """Write {train,validation,test}.parquet under `folder`.

    A missing test split (a fifth) or validation split (`validation_fraction`) is held out of train by stratified
    sampling; duplicate texts land in the same split. At most `limit` reviews of each of the source's splits are used.
    Raises UserError when a split would be empty.
    """
    gathered = gather(source.parts, make_scratch(folder), declared=source.label_names)
    return write_gathered(gathered, folder, dataset=source.name, validation_fraction=validation_fraction, limit=limit)


def write_gathered(
    gathered: Gathered, folder: Path, *, dataset: str, validation_fraction: float, limit: int | None
) -> ReviewsFacts:
    """Split gathered reviews and write them, as `write_reviews` does."""
    places = place_rows(gathered.spools, validation_fraction=validation_fraction, limit=limit)
    with ThreadPoolExecutor() as pool:  # compression releases the GIL
        written = pool.map(
            lambda split: write_split(gathered.spools, places, split, folder / SPLIT_FILES[split]), SPLITS
        )
        splits = dict(zip(SPLITS, written, strict=True))
    write_slices(gathered.spools, places, folder / SLICES_FILE)
    names = gathered.label_names
    counts = {split: np.bincount(splits[split].labels, minlength=len(names)).tolist() for split in SPLITS}
    return ReviewsFacts(
        dataset=dataset,
        label_names=list(names),
        num_reviews={split: sum(counts[split]) for split in SPLITS},
        counts={split: dict(zip(names, counts[split], strict=True)) for split in SPLITS},
        duplicates=count_duplicates(splits),
        warnings=gathered.warnings,
        rows=count_rows(gathered, places, num_used=sum(map(sum, counts.values()))),
    )


def count_rows(gathered: Gathered, places: Places, *, num_used: int) -> RowCounts:
    """Count what became of the rows of a source. Raises RuntimeError unless each was written once, or left out."""
    num_left_out = 0
    for split in gathered.spools:
        masks = [mask for source_split, mask in places.values() if source_split == split]
        num_left_out += int((~np.logical_or.reduce(masks)).sum())
    dropped = sum(gathered.dropped.values())
    check_conserved("reviews", gathered.num_rows, used=num_used, left_out=num_left_out, dropped=dropped)
    return RowCounts(num_read=gathered.num_rows, num_used=num_used, num_left_out=num_left_out, dropped=gathered.dropped)


def make_scratch(folder: Path) -> Path:
    """Make the subfolder that is deleted when the output is published."""
    scratch = folder / "spool"
    scratch.mkdir(exist_ok=True)
    return scratch


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
            raise UserError(
                f"the {split} split would be empty; expected more reviews. Add some, or raise --limit or, for the "
                "validation split, --validation-fraction. (Duplicates land in one split.)"
            )
    return places


def limit_rows(spool: Spool, limit: int | None) -> NDArray[np.bool_]:
    """Choose at most `limit` rows by stratified sampling: a mask of shape (num_rows,)."""
    if limit is None or limit >= len(spool.labels):
        return np.ones(len(spool.labels), dtype=np.bool_)
    return choose_stratified(spool.hashes, spool.labels, num_chosen=limit, salt=LIMIT_SALT)


def hold_out(spool: Spool, remaining: NDArray[np.bool_], *, fraction: float, salt: int) -> NDArray[np.bool_]:
    """Choose a fraction of the remaining rows, stratified, without emptying a class: a mask over all rows."""
    mask = np.zeros(len(remaining), dtype=np.bool_)
    num_chosen = round(fraction * int(remaining.sum()))
    hashes, labels = spool.hashes[remaining], spool.labels[remaining]
    chosen = choose_stratified(hashes, labels, num_chosen=num_chosen, salt=salt)
    # A class that is too small to be divided stays.
    emptied = ~np.isin(labels, labels[~chosen])
    mask[remaining] = chosen & ~np.isin(hashes, hashes[emptied])
    return mask


def write_split(spools: dict[str, Spool], places: Places, split: str, path: Path) -> Written:
    """Copy a split's rows from the spool to Parquet, one row group per batch."""
    source_split, mask = places[split]
    spool = spools[source_split]
    # Texts and ids do not repeat: a dictionary and statistics of them would take time and save nothing.
    few, num_written = ["label"], 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd", use_dictionary=few, write_statistics=few) as writer:
        for start, batch in read_spool(spool.path):
            rows = slice(start, start + len(batch))
            columns = [batch[spool.id_column], batch["text"], pa.array(spool.labels[rows])]
            chosen = pa.record_batch(columns, schema=SCHEMA).filter(pa.array(mask[rows]))
            if len(chosen):
                writer.write_batch(chosen)
                num_written += len(chosen)
    check_conserved(split, int(mask.sum()), written=num_written)
    return Written(spool.hashes[mask], spool.labels[mask])


def write_slices(spools: dict[str, Spool], places: Places, path: Path) -> None:
    """Copy the columns that slice the test reviews from the spool to Parquet; without such columns there is no file."""
    source_split, mask = places["test"]
    parts: list[pa.Table] = []
    for start, batch in read_spool(spools[source_split].path):
        columns = take_slices(batch)
        if not columns:
            return
        parts.append(pa.table(columns).filter(pa.array(mask[start : start + len(batch)])))
    pq.write_table(pa.concat_tables(parts), path, compression="zstd")
