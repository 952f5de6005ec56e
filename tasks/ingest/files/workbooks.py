"""The reader of workbooks, of Excel and of OpenDocument: a sheet whose first row names the columns."""

import datetime as dt
import zipfile
from collections.abc import Collection, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tasks.errors import UserError, did_you_mean
from tasks.formatting.commands import spell_install
from tasks.ingest.files.columns import list_names
from tasks.ingest.files.compression import BUFFER_BYTES, DAMAGE
from tasks.ingest.files.header import read_header
from tasks.ingest.files.lines import describe_damage
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.records import Record
from tasks.ingest.files.rows import Rows, select_columns

# A workbook is unpacked in memory.
MOST_BYTES: Final = 2**29
HEAD_BYTES: Final = 512
# What workbooks begin with, and the endings of their kinds.
OLD: Final = ".xls"
CONTAINERS: Final = {b"PK\x03\x04": ".xlsx", b"\xd0\xcf\x11\xe0": OLD}
PACKAGE: Final = "python-calamine"


def read_workbook(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read a sheet, the only one with cells or `options.table`; a cell becomes the text that a CSV file would have.

    Rows without any value are left out, as blank lines are. Raises UserError for a workbook that cannot be read.
    """
    header, records = read_header(number_cells(open_sheet(path, options.table)), path, options, unit="row")
    for numbers, columns, filled, notes in header.take_batches(records):
        names = header.name_filled(filled) if wanted is None else header.names
        yield select_columns(columns, numbers, names, wanted=wanted)._replace(notes=tuple(notes), unit="row")


def open_sheet(path: Path, name: str | None) -> Any:
    """Open the sheet of a name, or the only one with cells."""
    if find_spec("python_calamine") is None:
        raise UserError(
            f"{path.name} needs the package {PACKAGE} to be read; expected it to be installed: {spell_install(PACKAGE)}"
        )
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        check_size(path)
        workbook = CalamineWorkbook.from_path(path)
        sheets = {sheet: workbook.get_sheet_by_name(sheet) for sheet in workbook.sheet_names}
    except (CalamineError, *DAMAGE) as error:
        raise UserError(describe_disguise(path) or describe_damage(path, "as a workbook", error)) from error
    filled = [sheet for sheet, content in sheets.items() if content.height]
    if name is None and len(filled) > 1:
        raise UserError(
            f"{path.name} has several sheets with cells: {list_names(filled)}; expected one. Choose one with --table."
        )
    if name is not None and name not in sheets:
        raise UserError(
            f"--table: {path.name} has no sheet {name!r}; expected one of {list_names(list(sheets))}."
            f"{did_you_mean(name, sheets)}"
        )
    return sheets[name or (filled or workbook.sheet_names)[0]]


def describe_disguise(path: Path) -> str:
    """Say what a file is that only has the name of a workbook, and what to do about it; "" if it may be one."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    ending = next((ending for mark, ending in CONTAINERS.items() if head.startswith(mark)), "")
    if ending and (ending == OLD) != (path.suffix.lower() == OLD):
        kind, remedy = "another kind of workbook", f"Rename it: its name should end in {ending}"
    elif start.startswith(b"<"):
        kind, remedy = "a page of HTML or XML", "Open it in a spreadsheet and save it as .csv."
    elif not ending and b"\0" not in head and head.strip():
        ending = ".tsv" if b"\t" in head else ".csv"
        kind, remedy = "plain text", f"Rename it: its name should end in {ending}"
    else:
        return ""
    return f"{path.name} is {kind}, whatever its name says; expected a workbook. {remedy}"


def check_size(path: Path) -> None:
    """Raise UserError for a workbook that would fill the memory; nothing but its parts themselves tells how large."""
    if not zipfile.is_zipfile(path):
        return
    num_left = MOST_BYTES
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as part:
                while content := part.read(BUFFER_BYTES):
                    num_left -= len(content)
                    if num_left < 0:
                        raise UserError(
                            f"{path.name} unpacks to more than {MOST_BYTES:,} bytes; expected less. Save it as CSV."
                        )


def number_cells(sheet: Any) -> Iterator[Record]:
    """Number the rows of a sheet as people see them, and spell their cells; rows without values are left out."""
    if not sheet.height:
        return
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        values = [spell_cell(cell) for cell in cells]
        if any(values):
            yield number, values


def spell_cell(value: Any) -> str:
    """Spell a cell: spell_cell(3.0) -> "3", spell_cell(True) -> "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)
