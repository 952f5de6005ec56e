"""Notes: what readers find in files that people should know, though the rows can be used."""

from collections.abc import Iterable
from typing import NamedTuple


class Note(NamedTuple):
    """How often something was found in a batch of rows, the first place, counted in `unit`, and what to do about it."""

    finding: str
    num_cases: int
    number: int
    remedy: str = ""
    unit: str = "line"


class Notes:
    """Adds up the notes of a file's batches."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: dict[str, Note] = {}

    def add(self, notes: Iterable[Note]) -> None:
        """Add the notes of a batch."""
        for note in notes:
            earlier = self.found.get(note.finding)
            num_cases = note.num_cases + (earlier.num_cases if earlier else 0)
            self.found[note.finding] = (earlier or note)._replace(num_cases=num_cases)

    def describe(self) -> list[str]:
        """Describe each finding in a sentence: "empty columns without a name: 3 (first: a.csv line 1)"."""
        return [
            f"{note.finding}: {note.num_cases:,} (first: {self.name} {note.unit} {note.number:,}){note.remedy}"
            for note in self.found.values()
        ]
