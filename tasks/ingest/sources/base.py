"""What every source of labelled text looks like to the code that stores it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BATCH_ROWS: Final = 5_000


class Batch(NamedTuple):
    """Some reviews: a string array and the class index of each, both of shape (num_rows,)."""

    texts: pa.Array
    labels: NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Labelled text in splits named train, validation and test, of which only train must be there.

    `identity` is plain JSON that changes whenever the content does. Each reader starts anew at every call and yields
    batches of at most BATCH_ROWS reviews, so that memory does not grow with the corpus.
    """

    name: str
    label_names: tuple[str, ...]
    identity: dict[str, Any]
    readers: Mapping[str, Callable[[], Iterator[Batch]]]
