"""Unusable rows are dropped and counted, and the data are refused when there are too many of them."""

import math
from collections import Counter
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.sources.base import LabelledRows

HEADER, SEVERAL = "repeated header", "several labels"
REASONS: Final = (HEADER, "missing text", "blank text", SEVERAL, "missing label", "blank label")


class Losses:
    """Counts the rows of a part without a usable text or label, by reason, and keeps the place of the first of each."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.num_rows = 0
        self.counts: Counter[str] = Counter()
        self.places: dict[str, str] = {}

    def sift(self, rows: LabelledRows) -> NDArray[np.bool_]:
        """Count the unusable rows of a batch with cleaned texts; returns the mask of the others: shape (num_rows,)."""
        kept = np.ones(len(rows.numbers), np.bool_)
        self.num_rows += len(rows.numbers)
        none = np.zeros(len(rows.numbers), np.bool_)
        flaws = (
            pa.array(none if rows.headers is None else rows.headers),
            pc.is_null(rows.texts),
            is_blank(rows.texts),
            pa.array(none if rows.several is None else rows.several),
            pc.is_null(rows.labels),
            is_blank(rows.labels),
        )
        for reason, flaw in zip(REASONS, flaws, strict=True):
            lost = flaw.to_numpy(zero_copy_only=False) & kept
            if lost.any():
                self.counts[reason] += int(lost.sum())
                number = int(rows.numbers[int(np.argmax(lost))])
                self.places.setdefault(reason, describe_place(self.name, rows.unit, number))
                kept &= ~lost
        return kept

    @property
    def num_dropped(self) -> int:
        """The number of unusable rows."""
        return self.counts.total()

    def check_share(self, most: float) -> None:
        """Raise UserError when more than the share `most` of the rows was dropped, or all of them."""
        num_lost = self.num_dropped
        if not num_lost or (num_lost <= most * self.num_rows and num_lost < self.num_rows):
            return
        reason = f", more than --max-dropped-share {most:g} allows" if num_lost > most * self.num_rows else ""
        raise UserError(f"{self.name}: {self.describe()[0]}{reason}; {self.describe_remedy()}")

    def describe_remedy(self) -> str:
        """Say what was expected, and what to do about the most frequent reason."""
        if self.counts[SEVERAL] < max(self.counts.values()):
            return (
                "expected a text and a label in each row. Correct the rows, or check that the right columns are read."
            )
        share = math.ceil(100 * self.num_dropped / self.num_rows) / 100
        others = f", or leave out the rows with several: --max-dropped-share {share:g}" if share < 1 else ""
        return (
            "expected one label per text, because texts with several (multi-label) are not supported. Choose one label "
            f"for each text{others}."
        )

    def add(self, other: "Losses") -> None:
        """Add the counts of another part."""
        self.num_rows += other.num_rows
        self.counts += other.counts
        self.places = {**other.places, **self.places}

    def describe(self) -> list[str]:
        """Describe the losses in a list of one sentence, empty if there are none."""
        if not self.counts:
            return []
        parts = [f"{self.counts[name]:,} {name} (first: {self.places[name]})" for name in REASONS if self.counts[name]]
        num_lost = self.num_dropped
        share = f"{num_lost / self.num_rows:.2g}" if num_lost < self.num_rows else "all"
        return [f"{num_lost:,} of {self.num_rows:,} rows dropped (share {share}): {', '.join(parts)}"]


def is_blank(strings: pa.Array) -> pa.Array:
    """Tell which strings are empty; null is not blank."""
    return pc.fill_null(pc.equal(strings, ""), False)


def describe_place(name: str, unit: str, number: int) -> str:
    """Say where a row is: describe_place("a.csv", "line", 12) -> "a.csv line 12"."""
    return f"{name} {unit} {number:,}"
