"""The data check: problems of the data as a whole, each described in a sentence with the place of the first case."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.losses import describe_place
from tasks.ingest.spool import Spool, read_row

FEWEST_EXAMPLES: Final = 2
EXTREME_RATIO: Final = 100
SHOWN: Final = 40
# What programs write where there is no value.
NO_LABELS: Final = frozenset({"nan", "null", "n/a", "#n/a", "<na>", "na"})


class Flaw(NamedTuple):
    """A problem with the classes that keeps a model from learning or knowing them, and what to do about it."""

    finding: str
    remedy: str


@dataclass(frozen=True)
class Evidence:
    """The spooled rows of each split, labels in the order of `label_names`.

    `origins` maps each split to the name of the file or part that its rows come from, and the unit that numbers them,
    such as "line".
    """

    label_names: tuple[str, ...]
    spools: dict[str, Spool]
    origins: dict[str, tuple[str, str]]

    def count_labels(self, split: str) -> NDArray[np.int64]:
        """Count a split's rows per class: shape (num_classes,)."""
        return np.bincount(self.spools[split].labels, minlength=len(self.label_names))

    def locate(self, split: str, index: int) -> str:
        """Say where a row of a split's spool comes from."""
        name, unit = self.origins[split]
        row = read_row(self.spools[split], index)
        return f"{name}/{row['own_id']}" if unit == "file" else describe_place(name, unit, row["number"])

    def locate_overall(self, index: int) -> str:
        """Say where a row comes from, given its index over all splits together."""
        for split, spool in self.spools.items():
            if index < len(spool.labels):
                return self.locate(split, index)
            index -= len(spool.labels)
        raise IndexError(index)


def find_class_flaws(evidence: Evidence) -> list[Flaw]:
    """Find a single class, classes too small to learn from, and classes that train or every split lacks.

    Raises UserError when there are no training rows.
    """
    if "train" not in evidence.spools:
        raise UserError(
            f"no rows for training, only for {' and '.join(evidence.spools)}; expected training rows. Add some to the "
            "split column, or rename the column to have the other splits held out."
        )
    counts = {split: evidence.count_labels(split) for split in evidence.spools}
    return [
        *find_unseen_classes(evidence, counts),
        *find_single_class(evidence, counts["train"]),
        *find_missing_classes(evidence, counts),
        *find_small_classes(evidence, counts["train"]),
    ]


def find_unseen_classes(evidence: Evidence, counts: dict[str, NDArray[np.int64]]) -> Iterator[Flaw]:
    """Find classes that occur in another split but not in train."""
    for split, found in counts.items():
        if unseen := np.flatnonzero((found > 0) & (counts["train"] == 0)).tolist():
            yield Flaw(
                f"{split} has labels that train does not have: {show_names(evidence, unseen)} "
                f"(first: {locate_class(evidence, split, unseen[0])})",
                "expected the same classes. Correct the labels, or add examples to train.",
            )


def find_missing_classes(evidence: Evidence, counts: dict[str, NDArray[np.int64]]) -> Iterator[Flaw]:
    """Find declared classes without any row."""
    if missing := np.flatnonzero(sum(counts.values()) == 0).tolist():
        yield Flaw(f"classes without any example: {show_names(evidence, missing)}", "expected examples of each class.")


def find_single_class(evidence: Evidence, train: NDArray[np.int64]) -> Iterator[Flaw]:
    """Find out whether all training rows have the same label."""
    if len(present := np.flatnonzero(train).tolist()) == 1:
        yield Flaw(
            f"all labels are {shorten(evidence.label_names[present[0]])}",
            "expected two or more classes. Is it the right column? Choose another with --label-column.",
        )


def find_small_classes(evidence: Evidence, train: NDArray[np.int64]) -> Iterator[Flaw]:
    """Find classes with too few training examples to learn from."""
    if few := np.flatnonzero((train > 0) & (train < FEWEST_EXAMPLES)).tolist():
        yield Flaw(
            f"fewer than {FEWEST_EXAMPLES} training examples of {show_names(evidence, few)} "
            f"(first: {locate_class(evidence, 'train', few[0])})",
            "expected more of each class. Add examples, merge classes or remove the rows.",
        )


def locate_class(evidence: Evidence, split: str, code: int) -> str:
    """Say where the first row of a class is."""
    return evidence.locate(split, int(np.argmax(evidence.spools[split].labels == code)))


def find_conflicts(evidence: Evidence) -> list[str]:
    """Warn of duplicate texts with different labels; case and white space are ignored."""
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
    """Warn of texts that occur in two of the given splits."""
    warnings = []
    for split, other in combinations(evidence.spools, 2):
        shared = np.isin(evidence.spools[other].hashes, evidence.spools[split].hashes)
        if shared.any():
            index = int(np.argmax(shared))
            twin = int(np.argmax(evidence.spools[split].hashes == evidence.spools[other].hashes[index]))
            places = f"{evidence.locate(other, index)}, {evidence.locate(split, twin)}"
            share = f"{int(shared.sum()):,} of {len(shared):,}"
            warnings.append(f"overlap: {share} {other} texts also occur in {split} (first: {places})")
    return warnings


def find_imbalance(evidence: Evidence) -> list[str]:
    """Warn when one class is a hundred times as frequent in train as another."""
    counts = evidence.count_labels("train")
    least, most = int(np.argmin(np.where(counts > 0, counts, counts.max()))), int(np.argmax(counts))
    if counts[most] < EXTREME_RATIO * counts[least]:
        return []
    rarest, commonest = shorten(evidence.label_names[least]), shorten(evidence.label_names[most])
    return [f"extreme imbalance: {counts[most]:,} training rows are {commonest}, only {counts[least]:,} are {rarest}"]


def find_lookalikes(evidence: Evidence) -> list[str]:
    """Warn of classes whose names differ only in case or look the same, and of those that may stand for no label."""
    names = sorted(evidence.label_names, key=simplify)
    groups = [list(group) for _, group in groupby(names, key=simplify)]
    warnings = [f"{describe_likeness(group)}: {', '.join(map(shorten, group))}" for group in groups if len(group) > 1]
    empty = [name for name in evidence.label_names if name.casefold() in NO_LABELS]
    remedy = "; if they do, leave the label of these rows empty"
    return [
        *warnings,
        *([f"classes whose names may stand for no label: {', '.join(map(shorten, empty))}{remedy}"] if empty else []),
    ]


def simplify(name: str) -> str:
    """Reduce a name to how it looks, apart from case: simplify("Very  good\u200b") -> "very good"."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return " ".join(visible.casefold().split())


def describe_likeness(names: Sequence[str]) -> str:
    """Say in what several names are alike."""
    differ_in_case = len(set(map(str.casefold, names))) == 1
    return "classes that differ only in case" if differ_in_case else "classes whose names look alike"


def check_ids(evidence: Evidence, hashes: dict[str, NDArray[np.uint64]], *, has_blanks: bool) -> tuple[bool, list[str]]:
    """Tell whether the ids of the files can be kept, and warn when they cannot: each review needs a unique id."""
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
    return False, [f"duplicate ids: {repeated.size:,} (first: {place}); rows are numbered instead"]


def show_names(evidence: Evidence, codes: Sequence[int]) -> str:
    """List the first few classes."""
    more = f" and {len(codes) - 3:,} more" if len(codes) > 3 else ""  # noqa: PLR2004
    return ", ".join(shorten(evidence.label_names[code]) for code in codes[:3]) + more


def shorten(name: str) -> str:
    """Quote a label: shorten("spam") -> "'spam'"."""
    return repr(name if len(name) <= SHOWN else f"{name[:SHOWN]}...")
