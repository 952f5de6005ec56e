"""Labels by name: strings, booleans and numbers become class names, in an order that does not depend on the rows."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.errors import UserError

NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
MOST_CLASSES: Final = 10_000
# More different numbers than this, if any has a fraction, are measurements rather than classes such as half stars.
MOST_FRACTIONS: Final = 20


class LabelIndex:
    """Numbers labels: declared ones in their order, others in the order in which they are first seen."""

    def __init__(self, declared: Sequence[str] = ()) -> None:
        self.declared = tuple(declared)
        self.codes = {name: code for code, name in enumerate(declared)}

    def encode(self, labels: pa.Array) -> NDArray[np.int32]:
        """Return the code of each label, none of which may be null: shape (num_rows,).

        Raises UserError when there are too many classes.
        """
        encoded = labels.dictionary_encode()
        codes = [self.codes.setdefault(name, len(self.codes)) for name in encoded.dictionary.to_pylist()]
        if len(self.codes) > MOST_CLASSES and not self.declared:
            check_classes_are_few(list(self.codes), len(self.codes))
        labelled: NDArray[np.int32] = np.array(codes, np.int32)[encoded.indices.to_numpy()]
        return labelled

    def put_in_order(self, num_rows: int) -> tuple[str, ...]:
        """Return the classes, sorted unless declared. Raises UserError if `num_rows` rows cannot have such classes."""
        if self.declared:
            return self.declared
        check_classes_are_few(list(self.codes), num_rows)
        return tuple(sort_labels(list(self.codes)))


def trim_labels(labels: pa.Array) -> pa.Array:
    """Strip white space around labels: [" spam "] -> ["spam"]."""
    return pc.utf8_trim_whitespace(labels)


def sort_labels(names: Sequence[str]) -> list[str]:
    """Sort class names: numbers by value, others ignoring case first: sort_labels(["10", "9"]) -> ["9", "10"]."""
    if all(map(is_number, names)):
        return sorted(names, key=lambda name: (float(name), name))
    return sorted(names, key=lambda name: (name.casefold(), name))


def is_number(name: str) -> bool:
    """Tell whether a label is a number: is_number("-1.5") -> True."""
    return NUMBER.fullmatch(name) is not None


def check_classes_are_few(names: Sequence[str], num_rows: int) -> None:
    """Raise UserError when the labels look like measurements or free text rather than classes."""
    has_fractions = any(not float(name).is_integer() for name in names) if all(map(is_number, names)) else None
    too_many = len(names) > max(MOST_FRACTIONS, num_rows / 2) or len(names) > MOST_CLASSES
    if too_many or (has_fractions and len(names) > MOST_FRACTIONS):
        looks = "free text" if has_fractions is None else "a continuous measure"
        raise UserError(
            f"the label column looks like {looks}: {len(names):,} different values, such as "
            f"{names[0][:40]!r} and {names[-1][:40]!r}; expected classes. Choose another with --label-column."
        )
