"""What the values of a column are like, from some rows and in bounded memory: its categories, or else their kind."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)*")
# A column with more different values, or with longer ones, does not hold categories.
MOST_CATEGORIES: Final = 1_000
LONGEST_CATEGORY: Final = 100
SAMPLE_ROWS: Final = 200
KINDS: Final = ("empty", "number", "word", "phrase")


@dataclass
class KnownColumn:
    """What is known about the values of a column; the memory that this takes is bounded."""

    num_rows: int = 0
    categories: set[str] = field(default_factory=set)
    is_open: bool = False
    kinds: set[str] = field(default_factory=set)
    is_indented: bool = False

    def learn(self, values: Sequence[str]) -> None:
        """Take in the values of some rows."""
        self.num_rows += len(values)
        for value in values[:SAMPLE_ROWS]:
            self.kinds.add(find_kind(value))
            self.is_indented |= value.startswith(" ")
        if not self.is_open:
            self.categories |= {value.strip() for value in set(values)}
            self.is_open = len(self.categories) > MOST_CATEGORIES or max(map(len, self.categories)) > LONGEST_CATEGORY
        if self.is_open:
            self.categories.clear()

    @property
    def has_categories(self) -> bool:
        """Tell whether the column repeats a few values, as labels are."""
        return not self.is_open and 2 * len(self.categories) <= self.num_rows

    def is_category(self, value: str) -> bool:
        """Tell whether a value is one of the categories."""
        return value.strip() in self.categories

    def has_kind(self, value: str) -> bool:
        """Tell whether the column holds values of this kind; one that holds phrases may hold words and numbers."""
        kind = find_kind(value)
        highest = max(map(KINDS.index, self.kinds))
        return kind in self.kinds if kind == "empty" else KINDS.index(kind) <= highest


def find_kind(value: str) -> str:
    """Classify a value: find_kind("7") -> "number", find_kind("good film") -> "phrase"."""
    words = value.split(maxsplit=1)
    if len(words) != 1:
        return "phrase" if words else "empty"
    return "number" if NUMBER.fullmatch(words[0]) else "word"
