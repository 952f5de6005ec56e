"""The data check: what labelled files show as a whole. Errors are raised as UserError, warnings are plain sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.losses import describe_place
from tasks.ingest.spool import Spool, read_row

FEWEST_EXAMPLES: Final = 2
EXTREME_RATIO: Final = 100
SHOWN: Final = 40


@dataclass(frozen=True)
class Evidence:
    """The spooled rows of each split, labels in the order of `label_names`; `sources` are a split's file and unit."""

    label_names: tuple[str, ...]
    spools: dict[str, Spool]
    sources: dict[str, tuple[Path, str]]

    def count_labels(self, split: str) -> NDArray[np.int64]:
        """Count a split's rows per class: shape (num_classes,)."""
        return np.bincount(self.spools[split].labels, minlength=len(self.label_names))

    def locate(self, split: str, index: int) -> str:
        """Say where a row of a split's spool comes from."""
        path, unit = self.sources[split]
        row = read_row(self.spools[split], index)
        return f"{path.name}/{row['own_id']}" if unit == "file" else describe_place(path.name, unit, row["number"])

    def locate_overall(self, index: int) -> str:
        """Say where a row comes from, counted through all splits."""
        for split, spool in self.spools.items():
            if index < len(spool.labels):
                return self.locate(split, index)
            index -= len(spool.labels)
        raise IndexError(index)


def check_classes(evidence: Evidence) -> None:
    """Raise UserError for a single class, a class too small to learn from, and classes that train does not have."""
    if "train" not in evidence.spools:
        raise UserError(f"no rows for training, only {' and '.join(evidence.spools)}; expected some.")
    train = evidence.count_labels("train")
    for split in evidence.spools:
        if unseen := np.flatnonzero((evidence.count_labels(split) > 0) & (train == 0)).tolist():
            place = evidence.locate(split, int(np.argmax(evidence.spools[split].labels == unseen[0])))
            raise UserError(
                f"{split} has labels that train does not have: {show_names(evidence, unseen)} (first: {place}); "
                "expected the same classes. Mend the labels, or add examples to train."
            )
    if len(evidence.label_names) == 1:
        raise UserError(
            f"all labels are {shorten(evidence.label_names[0])}; expected two or more classes. Is it the right column? "
            "Choose with --label-column."
        )
    if few := np.flatnonzero(train < FEWEST_EXAMPLES).tolist():
        place = evidence.locate("train", int(np.argmax(evidence.spools["train"].labels == few[0])))
        raise UserError(
            f"fewer than {FEWEST_EXAMPLES} training examples of {show_names(evidence, few)} (first: {place}); expected "
            "more of each class. Add examples, merge classes or remove the rows."
        )


def find_conflicts(evidence: Evidence) -> list[str]:
    """Warn of texts that carry different labels, blind to case and white space."""
    hashes = np.concatenate([spool.hashes for spool in evidence.spools.values()])
    labels = np.concatenate([spool.labels for spool in evidence.spools.values()])
    order = np.argsort(hashes, kind="stable")
    hashes, labels = hashes[order], labels[order]
    differ = np.flatnonzero((hashes[1:] == hashes[:-1]) & (labels[1:] != labels[:-1]))
    if not differ.size:
        return []
    first = differ[np.argmin(order[differ])]
    pair = [
        f"{evidence.locate_overall(int(order[index]))} {shorten(evidence.label_names[labels[index]])}"
        for index in (first, first + 1)
    ]
    return [f"texts with conflicting labels: {len(np.unique(hashes[differ])):,} (first: {pair[0]}, {pair[1]})"]


def find_overlaps(evidence: Evidence) -> list[str]:
    """Warn of texts that stand in two of the given splits."""
    warnings = []
    for split, other in combinations(evidence.spools, 2):
        shared = np.isin(evidence.spools[other].hashes, evidence.spools[split].hashes)
        if shared.any():
            index = int(np.argmax(shared))
            twin = int(np.argmax(evidence.spools[split].hashes == evidence.spools[other].hashes[index]))
            places = f"{evidence.locate(other, index)}, {evidence.locate(split, twin)}"
            share = f"{int(shared.sum()):,} of {len(shared):,}"
            warnings.append(f"overlap: {share} {other} texts also stand in {split} (first: {places})")
    return warnings


def find_imbalance(evidence: Evidence) -> list[str]:
    """Warn when one class is a hundred times as frequent in train as another."""
    counts = evidence.count_labels("train")
    least, most = int(np.argmin(counts)), int(np.argmax(counts))
    if counts[most] < EXTREME_RATIO * counts[least]:
        return []
    rarest, commonest = shorten(evidence.label_names[least]), shorten(evidence.label_names[most])
    return [f"extreme imbalance: {counts[most]:,} training rows are {commonest}, only {counts[least]:,} are {rarest}"]


def find_lookalikes(evidence: Evidence) -> list[str]:
    """Warn of classes whose names differ in case only."""
    names = sorted(evidence.label_names, key=str.casefold)
    groups = [list(group) for _, group in groupby(names, key=str.casefold)]
    alike = [group for group in groups if len(group) > 1]
    return [f"classes that differ in case only: {', '.join(map(shorten, group))}" for group in alike]


def check_ids(evidence: Evidence, hashes: dict[str, NDArray[np.uint64]], *, has_blanks: bool) -> tuple[bool, list[str]]:
    """Tell whether the ids of the files can be kept, and warn when they cannot: each review needs one of its own."""
    if hashes.keys() != evidence.spools.keys():
        return False, []
    if has_blanks:
        return False, ["some ids are missing; rows are numbered instead"]
    every = np.concatenate([hashes[split] for split in evidence.spools])
    order = np.argsort(every, kind="stable")
    repeated = order[1:][every[order][1:] == every[order][:-1]]
    if not repeated.size:
        return True, []
    place = evidence.locate_overall(int(repeated.min()))
    return False, [f"ids that repeat: {repeated.size:,} (first: {place}); rows are numbered instead"]


def describe_strays(names: Sequence[str]) -> list[str]:
    """Warn of files that no label folder explains."""
    return [f"files beside <label>/*.txt that were left out: {len(names):,} (first: {names[0]})"] if names else []


def show_names(evidence: Evidence, codes: Sequence[int]) -> str:
    """List the first few classes."""
    more = f" and {len(codes) - 3:,} more" if len(codes) > 3 else ""  # noqa: PLR2004
    return ", ".join(shorten(evidence.label_names[code]) for code in codes[:3]) + more


def shorten(name: str) -> str:
    """Quote a label: shorten("spam") -> "'spam'"."""
    return repr(name if len(name) <= SHOWN else f"{name[:SHOWN]}...")
