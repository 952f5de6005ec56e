"""What every source of labelled text looks like to the intake."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.files.notes import Note

BATCH_ROWS: Final = 5_000


class LabelledRows(NamedTuple):
    """Rows as they are in their source, neither cleaned nor filtered.

    All arrays have shape (num_rows,). Texts and labels are strings, null if missing. `numbers` say where each row is,
    counted in `unit`, such as "line". `ids` and `splits` are None if the source has none; so are `several`, the
    mask of the rows that have several labels, which are null in `labels`, and `headers`, the mask of those that repeat
    the names of the columns. `slices` are the values of the columns that slice the
    reviews, as strings, null if missing. `notes` say what people should know about the rows.
    """

    texts: pa.Array
    labels: pa.Array
    numbers: NDArray[np.int64]
    unit: str
    ids: pa.Array | None = None
    splits: pa.Array | None = None
    several: NDArray[np.bool_] | None = None
    headers: NDArray[np.bool_] | None = None
    slices: Mapping[str, pa.Array] = MappingProxyType({})
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file, or one split of a prepared set: its name in messages, and how its rows are read.

    Its rows belong to `split`, unless a `split_column` says otherwise row by row.
    """

    split: str
    name: str
    read: Callable[[], Iterator[LabelledRows]]
    split_column: str | None = None


class Batch(NamedTuple):
    """Some reviews: a string array and the class index of each, both of shape (num_rows,)."""

    texts: pa.Array
    labels: NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A set that declares its classes, in splits named train, validation and test; only train is required.

    `identity` is plain JSON that changes whenever the content does. Each call of a reader starts from the beginning and
    yields batches of at most BATCH_ROWS reviews, so that memory does not grow with the corpus.
    """

    name: str
    label_names: tuple[str, ...]
    identity: dict[str, Any]
    readers: Mapping[str, Callable[[], Iterator[Batch]]]

    @property
    def parts(self) -> list[Part]:
        """The splits as the intake reads them."""
        return [Part(split=split, name=split, read=partial(self.read_rows, split)) for split in self.readers]

    def read_rows(self, split: str) -> Iterator[LabelledRows]:
        """Read a split with the names of its labels. Raises UserError for no rows or labels outside the classes."""
        names, start = pa.array(self.label_names, pa.string()), 0
        for texts, labels in self.readers[split]():
            if labels.min() < 0 or labels.max() >= len(names):
                raise UserError(
                    f"dataset {self.name!r} has {split} labels outside its classes; expected labelled reviews. "
                    "Choose another set."
                )
            numbers = np.arange(start + 1, start + 1 + len(labels))
            yield LabelledRows(texts, pa.DictionaryArray.from_arrays(pa.array(labels), names), numbers, "row")
            start += len(labels)
        if not start:
            raise UserError(
                f"dataset {self.name!r} has an empty {split} split; expected reviews in it. Choose another."
            )
