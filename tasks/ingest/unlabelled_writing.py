"""Write texts without labels, except those that would leak.

A text that is also in the validation or the test split would tell a model about the reviews that it is judged by, so it
is left out and counted, as are texts of the training split, which have a label, and repeated texts. As everywhere, two
texts are equal if they differ only in case and white space.
"""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.batches import read_batches
from tasks.ingest.conservation import CountedRows, check_conserved
from tasks.ingest.facts import UnlabelledFacts
from tasks.ingest.files.notes import Notes
from tasks.ingest.intake import prepare
from tasks.ingest.losses import Losses
from tasks.ingest.reviews import LIMIT_SALT, make_scratch, write_split
from tasks.ingest.split import choose_stratified, hash_texts
from tasks.ingest.spool import Spool, SpoolWriter
from tasks.ingest.unlabelled import UnlabelledChoice, open_texts
from tasks.process.threads import map_ahead
from tasks.store.layout import SPLIT_FILES, UNLABELLED, UNLABELLED_FILE

# In place of the label; a set of TensorFlow Datasets has it where a label is withheld.
NO_LABEL: Final = -1
# In which order the splits count a text that is in several.
OVERLAPS: Final = ("test", "validation", "train")


class Sorted(NamedTuple):
    """Which texts of a spool are used, and how many are not: `overlaps` by split, repeated ones, those beyond a limit.

    The mask is of shape (num_texts,).
    """

    mask: NDArray[np.bool_]
    overlaps: dict[str, int]
    num_repeated: int
    num_left_out: int


def write_unlabelled(
    choice: UnlabelledChoice, data_dir: Path, reviews_folder: Path, folder: Path, *, limit: int | None
) -> UnlabelledFacts:
    """Write unlabelled.parquet under `folder`, with the columns of a split; every label is -1.

    At most `limit` texts are used. Raises UserError when there are none left.
    """
    losses, notes = Losses(choice.name), Notes(choice.name)
    spool, num_read = spool_texts(choice, data_dir, make_scratch(folder), losses=losses, notes=notes)
    found = sort_texts(spool.hashes, reviews_folder, limit=limit)
    num_used, dropped = int(found.mask.sum()), dict(losses.counts)
    check_conserved(
        choice.name,
        num_read,
        used=num_used,
        left_out=found.num_left_out,
        repeated=found.num_repeated,
        overlapping=sum(found.overlaps.values()),
        dropped=losses.num_dropped,
    )
    if not num_used:
        raise UserError(
            f"{choice.name} has no texts without labels that could be used: of {num_read:,}, all are missing, blank or "
            "also in a split. Expected other texts; choose others with --unlabelled-path."
        )
    write_split({UNLABELLED: spool}, {UNLABELLED: (UNLABELLED, found.mask)}, UNLABELLED, folder / UNLABELLED_FILE)
    return UnlabelledFacts(
        dataset=choice.name,
        num_read=num_read,
        num_used=num_used,
        num_left_out=found.num_left_out,
        num_repeated=found.num_repeated,
        overlaps=found.overlaps,
        dropped=dropped,
        warnings=notes.describe(),
    )


def spool_texts(
    choice: UnlabelledChoice, data_dir: Path, scratch: Path, *, losses: Losses, notes: Notes
) -> tuple[Spool, int]:
    """Clean the texts and spool those that are not missing or blank; returns also how many there were."""
    counted = CountedRows(open_texts(choice, data_dir))
    with SpoolWriter(scratch / f"{UNLABELLED}.arrow", UNLABELLED) as writer:
        for rows, hashes in map_ahead(prepare, counted):
            notes.add(rows.notes)
            kept = losses.sift(rows)
            labels = np.full(int(kept.sum()), NO_LABEL, np.int32)
            writer.write(rows.texts.filter(kept), hashes[kept], labels, numbers=rows.numbers[kept])
    if not counted.num_rows:
        raise UserError(f"{choice.name} has no rows; expected texts. Choose others with --unlabelled-path.")
    return writer.get_spool(), counted.num_rows


def sort_texts(hashes: NDArray[np.uint64], reviews_folder: Path, *, limit: int | None) -> Sorted:
    """Decide which texts are used, by their hashes, of shape (num_texts,)."""
    mask, overlaps = np.ones(len(hashes), np.bool_), {}
    for split in OVERLAPS:
        shared = np.isin(hashes, hash_split(reviews_folder / SPLIT_FILES[split])) & mask
        overlaps[split] = int(shared.sum())
        mask &= ~shared
    is_first = np.zeros(len(hashes), np.bool_)
    is_first[np.unique(hashes, return_index=True)[1]] = True
    num_repeated = int((mask & ~is_first).sum())
    mask &= is_first
    num_before = int(mask.sum())
    if limit is not None and num_before > limit:
        alike = np.zeros(num_before, np.int32)
        mask[mask] = choose_stratified(hashes[mask], alike, num_chosen=limit, salt=LIMIT_SALT)
    return Sorted(mask, overlaps, num_repeated, num_before - int(mask.sum()))


def hash_split(path: Path) -> NDArray[np.uint64]:
    """Hash the texts of a split: shape (num_reviews,)."""
    return np.concatenate([hash_texts(batch.column("text").to_pylist()) for batch in read_batches(path, ["text"])])
