"""Further test sets beside the test split, such as contrast sets or reviews of another site: choose, check, write.

A text that is also in the training or the validation split is left out and counted, because models have learned from
it. As everywhere, two texts are equal if they differ only in case and white space.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.errors import UserError
from tasks.ingest.conservation import CountedRows, check_conserved
from tasks.ingest.facts import ChallengeSetFacts
from tasks.ingest.files.fetching import fetch_path
from tasks.ingest.files.formats import find_format
from tasks.ingest.files.notes import Notes
from tasks.ingest.files.options import FileOptions, split_path
from tasks.ingest.files.paths import check_path
from tasks.ingest.files.reading import hash_files
from tasks.ingest.intake import prepare
from tasks.ingest.labels import match_labels
from tasks.ingest.losses import Losses
from tasks.ingest.reviews import make_scratch, write_split
from tasks.ingest.sources.base import Part
from tasks.ingest.sources.labelled_files import open_files
from tasks.ingest.spool import SpoolWriter
from tasks.ingest.unlabelled_writing import hash_split
from tasks.process.threads import map_ahead
from tasks.store.layout import CHALLENGE_FILE, SPLIT_FILES

FLAG: Final = "--also-test"
SPOOL: Final = "challenge"
UNKNOWN_LABEL: Final = "with a label that the training reviews lack"
# In the order in which a text that is in both is counted.
LEARNED_FROM: Final = ("train", "validation")


@dataclass(frozen=True)
class ChallengeChoice:
    """A further test set: the name that the user gave it, and its files."""

    name: str
    files: FileOptions


def choose_challenge(name: str, path: Path, options: FileOptions) -> ChallengeChoice:
    """Read a file as those of the dataset are read, as far as their settings apply to its format.

    Raises UserError for a file that cannot be read, has no known format or lacks columns.
    """
    fetch_path(path, FLAG)
    for part in split_path(path):
        check_path(part, FLAG)
    own = FileOptions(path=path, charset=options.charset, max_dropped_share=options.max_dropped_share)
    applying = {"text_columns", "label_column", *find_format(path, replace(options, path=path)).settings}
    files = replace(own, **{option: getattr(options, option) for option in applying})
    for opened in open_files(files):
        next(opened.read(), None)
    return ChallengeChoice(name, files)


def identify_challenge(choice: ChallengeChoice) -> dict[str, Any]:
    """Describe everything that decides the texts and labels, as plain JSON; files are hashed, not parsed."""
    return {"options": choice.files.describe(), "files": hash_files(choice.files)}


def write_challenge(
    choice: ChallengeChoice, reviews_folder: Path, folder: Path, *, label_names: Sequence[str]
) -> ChallengeSetFacts:
    """Write reviews.parquet under `folder`, with the columns of a split.

    Raises UserError if too many rows lack a text or one of the labels, or no row is left.
    """
    losses, notes, num_unknown = Losses(choice.name), Notes(choice.name), 0
    with SpoolWriter(make_scratch(folder) / f"{SPOOL}.arrow", SPOOL) as writer:
        for part in open_files(choice.files):
            num_unknown += spool_part(part, writer, label_names, losses=losses, notes=notes)
    losses.check_share(choice.files.max_dropped_share)
    check_known(choice, num_unknown, losses, label_names)
    spool = writer.get_spool()
    mask, overlaps = np.ones(len(spool.labels), np.bool_), {}
    for split in LEARNED_FROM:
        shared = np.isin(spool.hashes, hash_split(reviews_folder / SPLIT_FILES[split])) & mask
        overlaps[split] = int(shared.sum())
        mask &= ~shared
    if not mask.any():
        raise UserError(
            f"{FLAG} {choice.name}: all of its texts are also in the training or the validation split; expected "
            "others. Choose another file."
        )
    write_split({SPOOL: spool}, {SPOOL: (SPOOL, mask)}, SPOOL, folder / CHALLENGE_FILE)
    counts = np.bincount(spool.labels[mask], minlength=len(label_names)).tolist()
    dropped = {**losses.counts, **({UNKNOWN_LABEL: num_unknown} if num_unknown else {})}
    check_conserved(
        choice.name,
        losses.num_rows,
        used=sum(counts),
        overlapping=sum(overlaps.values()),
        dropped=sum(dropped.values()),
    )
    return ChallengeSetFacts(
        name=choice.name,
        num_read=losses.num_rows,
        counts=dict(zip(label_names, counts, strict=True)),
        overlaps=overlaps,
        dropped=dropped,
        warnings=notes.describe(),
    )


def spool_part(part: Part, writer: SpoolWriter, label_names: Sequence[str], *, losses: Losses, notes: Notes) -> int:
    """Spool the usable rows of a part whose labels are among the names; returns how many had another label."""
    counted, num_unknown = CountedRows(part.read()), 0
    for rows, hashes in map_ahead(prepare, counted):
        notes.add(rows.notes)
        kept = losses.sift(rows)
        known = pc.is_valid(codes := match_labels(rows.labels, label_names)).to_numpy(zero_copy_only=False)
        num_unknown += int((kept & ~known).sum())
        kept &= known
        chosen = pa.array(kept)
        labels = codes.filter(chosen).to_numpy()
        writer.write(rows.texts.filter(chosen), hashes[kept], labels, numbers=rows.numbers[kept])
    return num_unknown


def check_known(choice: ChallengeChoice, num_unknown: int, losses: Losses, label_names: Sequence[str]) -> None:
    """Raise UserError if too many rows have a label that the models cannot give."""
    if num_unknown > choice.files.max_dropped_share * losses.num_rows or num_unknown == losses.num_rows:
        raise UserError(
            f"{FLAG} {choice.name}: {num_unknown:,} of {losses.num_rows:,} rows have a label that the training reviews "
            f"lack; expected one of {', '.join(map(repr, label_names[:10]))}. Rename the labels there, or choose the "
            "column with --label-column."
        )


def describe_challenge(facts: ChallengeSetFacts) -> str:
    """Say in a sentence how many reviews of a further test set are used, and what became of the others."""
    others = {**{f"also in the {split} split": number for split, number in facts.overlaps.items()}, **facts.dropped}
    counted = ", ".join(f"{number:,} {reason}" for reason, number in others.items() if number)
    left_out = f"; left out: {counted}" if counted else ""
    return f"{facts.name}: {facts.num_reviews:,} of {facts.num_read:,} reviews are used{left_out}."
