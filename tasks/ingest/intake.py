"""The steps that labelled text of every source goes through: read, clean, drop unusable rows, check, spool to disk.

This takes one pass, in memory that grows with the corpus by only 12 bytes per review, or 20 if it has an id.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest import check
from tasks.ingest.check import Evidence
from tasks.ingest.clean import clean_text
from tasks.ingest.conservation import CountedRows, check_conserved
from tasks.ingest.files.notes import Notes
from tasks.ingest.labels import LabelIndex
from tasks.ingest.losses import Losses
from tasks.ingest.several_labels import describe_several
from tasks.ingest.sources.base import LabelledRows, Part
from tasks.ingest.split import hash_texts
from tasks.ingest.split_column import SplitColumn
from tasks.ingest.spool import Spool, SpoolWriter
from tasks.process.threads import map_ahead
from tasks.store.layout import SPLITS


@dataclass(frozen=True)
class Gathered:
    """The content of a source: a spool per split, the names of the classes, and what the data check found.

    Of the `num_rows` rows that were read, those in `dropped`, by reason, are in no spool.
    """

    spools: dict[str, Spool]
    label_names: tuple[str, ...]
    warnings: list[str]
    num_rows: int
    dropped: dict[str, int]


class Prepared(NamedTuple):
    """A batch of rows with cleaned texts, and the hashes of these texts, shape (num_rows,)."""

    rows: LabelledRows
    hashes: NDArray[np.uint64]


def gather(
    parts: Sequence[Part], folder: Path, *, declared: Sequence[str] = (), max_dropped_share: float = 1.0
) -> Gathered:
    """Read the parts of a source, spooling to `folder`, and check them as a whole.

    `declared` are the classes of a prepared set, in its order. Such a set is accepted as it is: problems with its
    classes, for which other data are refused, are only warnings. Raises UserError for data that cannot be trained on.
    """
    with Intake(folder, parts, LabelIndex(declared)) as intake:
        for part in parts:
            intake.take(part, max_dropped_share=max_dropped_share)
    evidence = intake.gather_evidence()
    flaws = check.find_class_flaws(evidence)
    several = [] if declared else describe_several(evidence)
    if flaws and not declared:
        raise UserError(" ".join([f"{flaws[0].finding}; {flaws[0].remedy}", *several]))
    has_ids, id_warnings = intake.check_ids(evidence)
    return Gathered(
        spools={split: spool.choose_ids(own=has_ids) for split, spool in evidence.spools.items()},
        label_names=evidence.label_names,
        warnings=[
            *intake.losses.describe(),
            *intake.warnings,
            *id_warnings,
            *(flaw.finding for flaw in flaws),
            *intake.index.describe_spellings(),
            *several,
            *check.find_conflicts(evidence),
            *check.find_overlaps(evidence),
            *check.find_imbalance(evidence),
            *check.find_lookalikes(evidence),
        ],
        num_rows=intake.losses.num_rows,
        dropped=dict(intake.losses.counts),
    )


def prepare(rows: LabelledRows) -> Prepared:
    """Clean and hash the texts of a batch."""
    texts = [None if text is None else clean_text(text) for text in rows.texts.to_pylist()]
    return Prepared(rows._replace(texts=pa.array(texts, pa.string())), hash_texts(text or "" for text in texts))


class Intake:
    """Reads the parts of a source batch by batch, and spools their usable rows."""

    def __init__(self, folder: Path, parts: Sequence[Part], index: LabelIndex) -> None:
        self.folder = folder
        self.given = [part.split for part in parts]
        self.index = index
        self.writers: dict[str, SpoolWriter] = {}
        # For each split: the name of the part that its rows come from, and the unit that numbers them.
        self.origins: dict[str, tuple[str, str]] = {}
        self.losses = Losses()
        self.id_hashes: dict[str, list[NDArray[np.uint64]]] = {}
        self.has_blank_ids = False
        self.warnings: list[str] = []
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def take(self, part: Part, *, max_dropped_share: float) -> None:
        """Read one part. Raises UserError when a larger share of its rows is unusable or a split is given twice."""
        losses, notes = Losses(part.name), Notes(part.name)
        column = SplitColumn(part.name, part.split_column) if part.split_column else None
        counted = CountedRows(part.read())
        num_used = 0
        for rows, hashes in map_ahead(prepare, counted):
            notes.add(rows.notes)
            kept = losses.sift(rows)
            for split, mask in column.sort(rows, kept) if column else [(part.split, kept)]:
                if mask.any():
                    if split != part.split and split in self.given:
                        raise UserError(describe_double(split, part.name))
                    self.origins[split] = (part.name, rows.unit)
                    self.spool(split, rows, hashes, mask)
                    num_used += int(mask.sum())
        check_conserved(part.name, counted.num_rows, used=num_used, dropped=losses.num_dropped)
        losses.check_share(max_dropped_share)
        self.losses.add(losses)
        self.warnings += [*notes.describe(), *(column.conclude() if column else [])]

    def spool(self, split: str, rows: LabelledRows, hashes: NDArray[np.uint64], mask: NDArray[np.bool_]) -> None:
        """Append the masked rows of a batch to a split's spool."""
        if split not in self.writers:
            writer = SpoolWriter(self.folder / f"{split}.arrow", split, slices=rows.slices)
            self.writers[split] = self.stack.enter_context(writer)
        chosen = pa.array(mask)
        own_ids = None if rows.ids is None else rows.ids.filter(chosen)
        if own_ids is not None:
            self.has_blank_ids |= pc.any(pc.equal(own_ids, "")).as_py()
            self.id_hashes.setdefault(split, []).append(hash_ids(own_ids))
        self.writers[split].write(
            rows.texts.filter(chosen),
            hashes[mask],
            self.index.encode(rows.labels.filter(chosen)),
            own_ids=own_ids,
            numbers=rows.numbers[mask],
            slices={name: values.filter(chosen) for name, values in rows.slices.items()},
        )

    def gather_evidence(self) -> Evidence:
        """Gather what was spooled, train first, classes in order. Raises UserError if the labels are not classes."""
        spools = {split: self.writers[split].get_spool() for split in SPLITS if split in self.writers}
        label_names, order = self.index.put_in_order(sum(len(spool.labels) for spool in spools.values()))
        relabelled = {split: spool.relabel(order) for split, spool in spools.items()}
        return Evidence(label_names, relabelled, self.origins)

    def check_ids(self, evidence: Evidence) -> tuple[bool, list[str]]:
        """Tell whether the source's own ids can be kept, and warn when it has ids that cannot."""
        hashes = {split: np.concatenate(parts) for split, parts in self.id_hashes.items()}
        return check.check_ids(evidence, hashes, has_blanks=self.has_blank_ids)


def describe_double(split: str, name: str) -> str:
    """Say that a split is given twice."""
    return (
        f"{name} has {split} rows according to its split column, but --{split}-path is given as well; expected one of "
        f"the two. Leave out --{split}-path, or remove the rows."
    )


def hash_ids(ids: pa.Array) -> NDArray[np.uint64]:
    """Hash ids to 64 bits each, fast, since they only serve to find duplicates."""
    # Slow to import, and not needed to find out that a file is missing.
    from pandas.util import hash_array

    hashes: NDArray[np.uint64] = hash_array(ids.to_numpy(zero_copy_only=False), categorize=False)
    return hashes
