"""Labels by name: strings, booleans and numbers become class names, in an order that does not depend on the rows.

Equal numbers and equal booleans are one label, however they are spelled: 1, 1.0 and "1", or true and TRUE. A number
with leading zeros, such as 007, is a code and keeps its spelling.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import UserError

NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
CODE: Final = re.compile(r"[+-]?0[0-9].*")
# Numbers with more zeros than this are spelled with an exponent.
MOST_ZEROS: Final = 20
# Spelled as numbers where a set has labels of both kinds, and no others.
BOOLEANS: Final = {"false": "0", "true": "1"}
MOST_CLASSES: Final = 10_000
# More different numbers than this, if any has a fraction, are measurements rather than classes such as half stars.
MOST_FRACTIONS: Final = 20
MOST_SPELLINGS: Final = 4
# A label names a class: it becomes the name of a column and stands in every table.
LONGEST_LABEL: Final = 1_000
# White space and marks without a width, such as byte-order marks, at either end.
UNSEEN: Final = r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+"
INVISIBLE: Final = re.compile(rf"\A{UNSEEN}|{UNSEEN}\Z")


class LabelIndex:
    """Numbers labels: declared ones in their order, others in the order in which they are first seen."""

    def __init__(self, declared: Sequence[str] = ()) -> None:
        self.declared = tuple(declared)
        self.codes = {name: code for code, name in enumerate(declared)}
        self.spellings: dict[str, list[str]] = {}

    def encode(self, labels: pa.Array) -> NDArray[np.int32]:
        """Return the code of each label, none of which may be null: shape (num_rows,).

        Raises UserError when there are too many classes.
        """
        encoded = labels.dictionary_encode()
        names = [label if self.declared else self.name(label) for label in encoded.dictionary.to_pylist()]
        codes = [self.codes.setdefault(name, len(self.codes)) for name in names]
        if len(self.codes) > MOST_CLASSES and not self.declared:
            check_classes_are_few(list(self.codes), len(self.codes))
        labelled: NDArray[np.int32] = np.array(codes, np.int32)[encoded.indices.to_numpy()]
        return labelled

    def name(self, label: str) -> str:
        """Name a label and remember how it was spelled."""
        check_label_is_short(label)
        name = name_label(label)
        known = self.spellings.setdefault(name, [])
        if label not in known and len(known) < MOST_SPELLINGS:
            known.append(label)
        return name

    def put_in_order(self, num_rows: int) -> tuple[tuple[str, ...], NDArray[np.int32]]:
        """Return the classes, sorted unless declared, and the index of the class that each code stands for.

        Raises UserError if `num_rows` rows cannot have such classes.
        """
        if self.declared:
            return self.declared, np.arange(len(self.declared), dtype=np.int32)
        classes = join_booleans(self.codes)
        check_classes_are_few(list(classes.values()), num_rows)
        names = sort_labels(list(dict.fromkeys(classes.values())))
        places = {name: place for place, name in enumerate(names)}
        return tuple(names), np.array([places[name] for name in classes.values()], np.int32)

    def describe_spellings(self) -> list[str]:
        """Warn of classes whose labels are spelled in several ways."""
        classes = join_booleans(self.codes)
        spelled: dict[str, list[str]] = {}
        for name, known in self.spellings.items():
            spelled.setdefault(classes[name], []).extend(known)
        several = [
            f"{', '.join(map(repr, sorted(known)))} are {name!r}" for name, known in spelled.items() if known[1:]
        ]
        return [f"equal labels that are spelled in several ways: {'; '.join(several[:3])}"] if several else []


def check_label_is_short(label: str) -> None:
    """Raise UserError for a label that is too long for the name of a class."""
    if len(label) > LONGEST_LABEL:
        raise UserError(
            f"a label has {len(label):,} characters, {label[:40]!r}...; expected the name of a class, of at most "
            f"{LONGEST_LABEL:,} characters. Is it the right column? Choose another with --label-column."
        )


def trim_labels(labels: pa.Array) -> pa.Array:
    """Strip what cannot be seen around labels, and compose their characters: [" spam\u200b "] -> ["spam"]."""
    encoded = labels.dictionary_encode()
    names = pa.array(map(trim_label, encoded.dictionary.to_pylist()), pa.string())
    return names.take(encoded.indices)


def trim_label(label: str) -> str:
    """Trim one label, as `trim_labels` does."""
    return unicodedata.normalize("NFC", INVISIBLE.sub("", label))


def name_label(label: str) -> str:
    """Spell equal numbers and booleans in one way: name_label("1.0") -> "1", name_label("TRUE") -> "true"."""
    if label.lower() in BOOLEANS:
        return label.lower()
    if not is_number(label) or CODE.fullmatch(label):
        return label
    number = Decimal(label).normalize(Context(prec=len(label)))
    zeros = number.as_tuple().exponent
    return f"{number:f}".removeprefix("-" if not number else "") if abs(int(zeros)) <= MOST_ZEROS else str(number)


def join_booleans(names: Iterable[str]) -> dict[str, str]:
    """Map each label to its class: booleans are numbers if there are both, and no other labels.

    join_booleans(["0", "1", "true"]) -> {"0": "0", "1": "1", "true": "1"}.
    """
    found = set(names)
    numbers = set(BOOLEANS.values())
    is_mixed = found <= BOOLEANS.keys() | numbers and bool(found & BOOLEANS.keys()) and bool(found & numbers)
    return {name: BOOLEANS.get(name, name) if is_mixed else name for name in names}


def match_labels(labels: pa.Array, names: Sequence[str]) -> pa.Array:
    """Find each label among the classes of a model: match_labels(["1.0", "x"], ["0", "1"]) -> [1, None]."""
    places = {name_label(trim_label(name)): place for place, name in enumerate(names)}
    aliases = {**BOOLEANS, **{number: boolean for boolean, number in BOOLEANS.items()}}
    if places.keys() <= BOOLEANS.keys() or places.keys() <= set(BOOLEANS.values()):
        places |= {aliases[name]: place for name, place in places.items()}
    places |= {name: place for place, name in enumerate(names)}
    encoded = labels.dictionary_encode()
    found = [places.get(label, places.get(name_label(label))) for label in encoded.dictionary.to_pylist()]
    return pa.array(found, pa.int32()).take(encoded.indices)


def sort_labels(names: Sequence[str]) -> list[str]:
    """Sort class names: numbers by value, others ignoring case first: sort_labels(["10", "9"]) -> ["9", "10"]."""
    if all(map(is_number, names)):
        return sorted(names, key=lambda name: (float(name), name))
    return sorted(names, key=lambda name: (name.casefold(), name))


def is_number(name: str) -> bool:
    """Tell whether a label is a number: is_number("-1.5") -> True."""
    return NUMBER.fullmatch(name) is not None


def check_order(names: Sequence[str]) -> None:
    """Raise UserError for labels without an order, because they are not numbers."""
    if others := [name for name in names if not is_number(name)]:
        raise UserError(
            f"--ordinal: the label {others[0][:40]!r} is no number; expected numbers, such as 1 to 5, because their "
            "order counts. Replace the labels by numbers, or leave out --ordinal."
        )


def check_classes_are_few(names: Sequence[str], num_rows: float) -> None:
    """Raise UserError when the labels look like measurements or free text rather than classes."""
    has_fractions = any(not float(name).is_integer() for name in names) if all(map(is_number, names)) else None
    too_many = len(names) > max(MOST_FRACTIONS, num_rows / 2) or len(names) > MOST_CLASSES
    if too_many or (has_fractions and len(names) > MOST_FRACTIONS):
        looks = "free text" if has_fractions is None else "a continuous measure"
        raise UserError(
            f"the label column looks like {looks}: {len(names):,} different values, such as "
            f"{names[0][:40]!r} and {names[-1][:40]!r}; expected classes. Choose another with --label-column."
        )
