"""Labelled files to spools, in one pass: rows without a usable text or label are dropped and counted."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest import check
from tasks.ingest.check import Evidence
from tasks.ingest.clean import clean_texts
from tasks.ingest.files.columns import Columns, find_columns, take_strings, take_texts
from tasks.ingest.files.folder import list_strays
from tasks.ingest.files.reading import FileOptions, check_files, peek_names, read_rows
from tasks.ingest.labels import LabelIndex, check_classes_are_few, sort_labels, trim_labels
from tasks.ingest.losses import Losses
from tasks.ingest.split import hash_texts
from tasks.ingest.split_column import SplitColumn
from tasks.ingest.spool import Spool, SpoolWriter

SPLITS: Final = ("train", "validation", "test")


@dataclass(frozen=True)
class Gathered:
    """What files give: a spool per split, the names of the classes, and what the data check found."""

    spools: dict[str, Spool]
    label_names: tuple[str, ...]
    warnings: list[str]
    dropped: dict[str, int]


def check_beginnings(options: FileOptions) -> None:
    """Raise UserError for what the flags and the first rows of each file show; takes about a second."""
    check_files(options)
    for path in options.paths.values():
        find_labelled(path, options)


def find_labelled(path: Path, options: FileOptions) -> Columns:
    """Find the columns of one of the files."""
    names = peek_names(path, options)
    return find_columns(names, path, text=options.text_columns, label=options.label_column)


def gather_files(options: FileOptions, folder: Path) -> Gathered:
    """Read and check the files, spooling to `folder`. Raises UserError for data that nothing should be trained on."""
    check_files(options)
    with Intake(folder) as intake:
        for split, path in options.paths.items():
            intake.take_file(split, path, options)
    evidence = name_classes(intake)
    check.check_classes(evidence)
    id_hashes = {split: np.concatenate(hashes) for split, hashes in intake.id_hashes.items()}
    has_ids, id_warnings = check.check_ids(evidence, id_hashes, has_blanks=intake.has_blank_ids)
    strays = [name for path in options.paths.values() if path.is_dir() for name in list_strays(path)]
    return Gathered(
        spools={split: spool.choose_ids(own=has_ids) for split, spool in evidence.spools.items()},
        label_names=evidence.label_names,
        warnings=[
            *check.describe_strays(strays),
            *intake.losses.describe(),
            *intake.warnings,
            *id_warnings,
            *check.find_conflicts(evidence),
            *check.find_overlaps(evidence),
            *check.find_imbalance(evidence),
            *check.find_lookalikes(evidence),
        ],
        dropped=dict(intake.losses.counts),
    )


def name_classes(intake: "Intake") -> Evidence:
    """Put the classes in order and number the labels by it. Raises UserError when these are no classes."""
    first_seen = list(intake.index.codes)
    spools = intake.get_spools()
    check_classes_are_few(first_seen, sum(len(spool.labels) for spool in spools.values()))
    label_names = sort_labels(first_seen)
    places = {name: place for place, name in enumerate(label_names)}
    order = np.array([places[name] for name in first_seen], np.int32)
    relabelled = {split: spool.relabel(order) for split, spool in spools.items()}
    return Evidence(tuple(label_names), relabelled, intake.sources)


class Intake:
    """Takes in files batch by batch; in memory stay 12 bytes per review, 20 where there are ids."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writers: dict[str, SpoolWriter] = {}
        self.sources: dict[str, tuple[Path, str]] = {}
        self.index = LabelIndex()
        self.losses = Losses()
        self.id_hashes: dict[str, list[NDArray[np.uint64]]] = {}
        self.has_blank_ids = False
        self.warnings: list[str] = []
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def get_spools(self) -> dict[str, Spool]:
        """Describe what was spooled, train first."""
        return {split: self.writers[split].get_spool() for split in SPLITS if split in self.writers}

    def take_file(self, split: str, path: Path, options: FileOptions) -> None:
        """Take in one file; a split column counts only in the one that is not given for a split."""
        columns, losses = find_labelled(path, options), Losses()
        split_column = SplitColumn(path, columns.split) if columns.split and split == "train" else None
        for rows in read_rows(path, options, wanted=columns.wanted):
            texts = clean_texts(take_texts(rows, columns.text, path))
            labels = trim_labels(take_strings(rows, columns.label, path))
            ids = take_strings(rows, columns.id, path).fill_null("") if columns.id else None
            kept = losses.sift(texts, labels, path=path, rows=rows)
            for target, mask in split_column.sort(rows, kept) if split_column else [(split, kept)]:
                if mask.any():
                    if target != split and target in options.paths:
                        raise UserError(describe_double(target, path))
                    self.sources[target] = (path, rows.unit)
                    chosen = pa.array(mask)
                    self.spool(target, chosen, texts=texts, labels=labels, ids=ids, numbers=rows.numbers)
        losses.check_share(path, options.max_dropped_share)
        self.losses.add(losses)
        self.warnings += split_column.conclude() if split_column else []

    def spool(
        self,
        split: str,
        mask: pa.Array,
        *,
        texts: pa.Array,
        labels: pa.Array,
        ids: pa.Array | None,
        numbers: NDArray[np.int64],
    ) -> None:
        """Append the masked rows to a split's spool."""
        if split not in self.writers:
            self.writers[split] = self.stack.enter_context(SpoolWriter(self.folder / f"{split}.arrow", split))
        texts, own_ids = texts.filter(mask), None if ids is None else ids.filter(mask)
        if own_ids is not None:
            self.has_blank_ids |= pc.any(pc.equal(own_ids, "")).as_py()
            self.id_hashes.setdefault(split, []).append(hash_ids(own_ids))
        self.writers[split].write(
            texts,
            hash_texts(texts.to_pylist()),
            self.index.encode(labels.filter(mask)),
            own_ids=own_ids,
            numbers=pa.array(numbers).filter(mask),
        )


def describe_double(split: str, path: Path) -> str:
    """Say that a split is given twice."""
    return (
        f"{path.name} has {split} rows by its split column, and --{split}-path names a file of them; expected one of "
        f"the two. Leave out --{split}-path, or the rows."
    )


def hash_ids(ids: pa.Array) -> NDArray[np.uint64]:
    """Hash ids to 64 bits each, fast: only whether they repeat matters."""
    # Slow to import, and not needed to find out that a file is missing.
    from pandas.util import hash_array

    hashes: NDArray[np.uint64] = hash_array(ids.to_numpy(zero_copy_only=False), categorize=False)
    return hashes
