"""The header of a table: the names of its columns, and which fields a row may have.

Spreadsheets leave columns without a name: a delimiter at the end of each line or of the header alone makes one, and so
does an index. They are never read as text or label. In scoring, those that hold values are kept under a made-up name.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tasks.errors import UserError
from tasks.ingest.files.advice import advise_on_spaces, advise_on_start
from tasks.ingest.files.columns import DELIMITERS, TEXT_NAMES, fold
from tasks.ingest.files.notes import Note
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.records import Record
from tasks.ingest.files.rows import Columns, batch_columns


@dataclass(frozen=True, kw_only=True)
class Header:
    """The names of a table's columns, "" for those without; `num_given` of them are in the header or in --columns.

    Further ones are those that the first row adds by empty fields at its end.
    """

    path: Path
    names: tuple[str, ...]
    num_given: int
    number: int
    is_flag: bool
    unit: str = "line"
    delimiter: str = ","

    @property
    def nameless(self) -> list[int]:
        """The indices of columns without a name."""
        return [index for index, name in enumerate(self.names) if not name]

    @property
    def num_needed(self) -> int:
        """The least number of fields in a row: those without a name may be missing at its end."""
        return max((index + 1 for index, name in enumerate(self.names) if name), default=0)

    @property
    def has_title(self) -> bool:
        """Tell whether the header may be a title: a single name, neither a usual one nor one that holds a delimiter."""
        name = self.names[0] if self.num_given == 1 and not self.is_flag else ""
        return bool(name) and fold(name) not in TEXT_NAMES and not set(name) & DELIMITERS.keys()

    def name_filled(self, filled: Sequence[int]) -> list[str]:
        """Name the columns without a name that hold values: ["text", ""] -> ["text", "column_2"]."""
        names = list(self.names)
        for index in filled:
            names[index] = f"column_{index + 1}"
            while names.count(names[index]) > 1:
                names[index] += "_"
        return names

    def take_batches(
        self, records: Iterable[Record]
    ) -> Iterator[tuple[Sequence[int], Columns, list[int], Sequence[Note]]]:
        """Gather the rows into batches: numbers, columns, which of those without a name hold values, and notes.

        Raises UserError for a row with too many or too few fields.
        """
        is_first = True
        for numbers, columns in batch_columns(self.fit_rows(records)):
            filled = self.find_filled(columns, numbers)
            yield numbers, columns, filled, list(self.note_nameless(filled, columns, numbers, is_first=is_first))
            is_first = False

    def fit_rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Pass records on, each with a field per column. Raises UserError for one with too many or too few."""
        width, num_needed = len(self.names), self.num_needed
        for number, values in records:
            if len(values) == width:
                yield number, values
            elif len(values) == 1 and not values[0].strip():
                # A line of white space is a blank line.
                continue
            elif num_needed <= len(values) < width:
                yield number, [*values, *[""] * (width - len(values))]
            else:
                raise UserError(self.describe_misfit(number, values))

    def find_filled(self, columns: Columns, numbers: Sequence[int]) -> list[int]:
        """List the columns without a name that hold values in a batch. Raises UserError for one beyond the header."""
        filled = [index for index in self.nameless if any(map(str.strip, columns[index]))]
        if filled and filled[-1] >= self.num_given:
            row = next(row for row, value in enumerate(columns[filled[-1]]) if value.strip())
            raise UserError(self.describe_misfit(numbers[row], [column[row] for column in columns]))
        return filled

    def describe_misfit(self, number: int, values: Sequence[str]) -> str:
        """Say how the number of a row's fields differs, and why, if the row only has delimiters at its end."""
        place = f"{self.path.name} {self.unit} {number:,}"
        source = "--columns names" if self.is_flag else "the header has"
        if len(values) > len(self.names) and not any(map(str.strip, values[len(self.names) :])):
            num_surplus = len(values) - len(self.names)
            return (
                f"{place} ends with {num_surplus} delimiter{'s' * (num_surplus > 1)} more than the header and the "
                "first row; expected the same number of fields in all rows. Remove the delimiters at its end."
            )
        return (
            f"{place}: number of fields {len(values):,}, but {source} {self.num_given:,}; expected "
            f"the same. {self.advise_on_misfit(number, values)}"
        )

    def advise_on_misfit(self, number: int, values: Sequence[str]) -> str:
        """Say what to do about a row with another number of fields."""
        is_line = self.unit == "line"
        if is_line and self.has_title and len(values) > 1:
            return advise_on_start(self.path, number)
        if is_line and (advice := advise_on_spaces(self.delimiter.join(values), self.path, self.delimiter)):
            return advice
        others = "names (--columns). If the file has a header, leave out --columns" if self.is_flag else "header"
        return f"Correct the line, or the delimiter (--delimiter), quoting (--quoting) or {others}."

    def note_nameless(
        self, filled: Sequence[int], columns: Columns, numbers: Sequence[int], *, is_first: bool
    ) -> Iterator[Note]:
        """Note the columns without a name in the first batch, and the rows with values in them in every batch."""
        if self.nameless and is_first:
            yield Note(
                "columns without a name, not read as text or label", len(self.nameless), self.number, unit=self.unit
            )
        if filled:
            rows = [any(map(str.strip, values)) for values in zip(*(columns[index] for index in filled), strict=True)]
            remedy = f"; to use them, name all columns {'with --columns' if self.is_flag else 'in the header'}"
            yield Note(
                "rows with values in columns without a name", sum(rows), numbers[rows.index(True)], remedy, self.unit
            )


def read_header(
    records: Iterator[Record], path: Path, options: FileOptions, *, unit: str = "line", delimiter: str = ","
) -> tuple[Header, Iterator[Record]]:
    """Take the header from `options.columns` or the first record; returns it with the records of the rows."""
    number, given = (1, options.columns) if options.columns else next(records, (1, ()))
    names = tuple(name if name.strip() else "" for name in given)
    first = next(records, None)
    surplus = first[1][len(names) :] if first else []
    if not any(map(str.strip, surplus)):
        names += ("",) * len(surplus)
    header = Header(
        path=path,
        names=names,
        num_given=len(given),
        number=number,
        is_flag=bool(options.columns),
        unit=unit,
        delimiter=delimiter,
    )
    return header, chain([first] if first else [], records)
