"""A column that names the split of each row."""

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.files.options import SPLIT_NAMES
from tasks.ingest.losses import describe_place
from tasks.ingest.sources.base import LabelledRows


class SplitColumn:
    """Sorts the rows of a file by a column of split names; a column in which no value names a split is not used."""

    def __init__(self, name: str, column: str) -> None:
        self.name = name
        self.column = column
        self.is_known = False
        self.unknown = ""

    def sort(self, rows: LabelledRows, kept: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Yield each split of a batch with the mask of its kept rows; values that name no split count as train."""
        values = pc.dictionary_encode(rows.splits)
        codes = values.indices.to_numpy()
        masks: dict[str, NDArray[np.bool_]] = {}
        for code, value in enumerate(values.dictionary.to_pylist()):
            mask = kept & (codes == code)
            split = SPLIT_NAMES.get(value.strip().lower())
            if split is not None:
                self.is_known |= bool(mask.any())
            elif mask.any() and not self.unknown:
                place = describe_place(self.name, rows.unit, int(rows.numbers[int(np.argmax(mask))]))
                self.unknown = f"{value[:40]!r} (first: {place})"
            split = split or "train"
            masks[split] = masks.get(split, np.zeros_like(kept)) | mask
        yield from masks.items()

    def conclude(self) -> list[str]:
        """Warn when the column names no splits. Raises UserError when only some of its values name one."""
        if not self.unknown:
            return []
        if self.is_known:
            raise UserError(
                f"{self.name}: column {self.column!r} names splits, but also holds {self.unknown}; expected only "
                f"{', '.join(SPLIT_NAMES)}. Correct the values, or rename the column."
            )
        return [f"column {self.column!r} is not used because its values name no split: {self.unknown}"]
