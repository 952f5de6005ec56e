"""The table of file formats: to add one, write a reader and a row here.

The command line's help, the errors, and what scoring reads follow from the table.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Protocol

from tasks.errors import UserError
from tasks.ingest.files.compression import COMPRESSIONS, strip_compression
from tasks.ingest.files.folder import read_folder
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.readers import read_matches, read_objects, read_parquet
from tasks.ingest.files.rows import Rows
from tasks.ingest.files.tables import read_table


class Reader(Protocol):
    """A reader, as the module `readers` describes it."""

    def __call__(self, path: Path, options: FileOptions, /, *, wanted: Collection[str] | None) -> Iterator[Rows]:
        """Yield all rows in order."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format: what people call it, its reader, and the file endings that identify it.

    `settings` are the fields of FileOptions that apply to this format alone. With `has_objects`, rows are JSON objects,
    and scoring keeps their spelling.
    """

    description: str
    read: Reader
    endings: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    has_objects: bool = False


# These three can also be identified by something other than the ending: being a folder, --line-pattern, --delimiter.
FOLDER: Final = Format(description="a folder of <label>/*.txt", read=read_folder)
LINES: Final = Format(description="a file of lines", read=read_matches, settings=("line_pattern",))
TABLE: Final = Format(
    description="a table such as .csv",
    read=read_table,
    endings=(".csv", ".tsv"),
    settings=("columns", "delimiter", "quoting"),
)
FORMATS: Sequence[Format] = (
    FOLDER,
    LINES,
    TABLE,
    Format(
        description="a file of JSON objects",
        read=read_objects,
        endings=(".jsonl", ".ndjson", ".json"),
        settings=("records_at",),
        has_objects=True,
    ),
    Format(description="a Parquet file", read=read_parquet, endings=(".parquet",)),
)


def find_format(path: Path, options: FileOptions) -> Format:
    """Identify a file's format by the options and the ending. Raises UserError when neither is enough."""
    if path.is_dir():
        return FOLDER
    if options.line_pattern is not None:
        return LINES
    ending = Path(strip_compression(path.name)).suffix.lower()
    found = next((known for known in FORMATS if ending in known.endings), None)
    if found is None and options.delimiter is None:
        raise UserError(
            f"{path.name!r} has no ending that names its format; expected one of {', '.join(list_endings())}, each "
            f"also with {list_alternatives(known.ending for known in COMPRESSIONS)}. Say what it is: --delimiter for a "
            "table, --line-pattern for lines."
        )
    return found or TABLE


def check_settings(options: FileOptions) -> None:
    """Raise UserError for a setting that applies to none of the files, and for a file of unknown format."""
    found = {find_format(path, options) for path in options.paths.values()}
    for field in fields(FileOptions):
        takers = [known for known in FORMATS if field.name in known.settings]
        is_given = getattr(options, field.name) != field.default
        if takers and is_given and found.isdisjoint(takers):
            raise UserError(
                f"--{field.name.replace('_', '-')} is for {takers[0].description}, but {options.path.name!r} is not "
                "one; leave it out."
            )


def list_endings() -> list[str]:
    """List the endings of all formats: [".csv", ".tsv", ...]."""
    return [ending for known in FORMATS for ending in known.endings]


def describe_endings() -> str:
    """List the endings in words: "a .csv, .tsv, ... or .parquet file, each also .gz or .zst"."""
    compressions = list_alternatives(known.ending for known in COMPRESSIONS)
    return f"a {list_alternatives(list_endings())} file, each also {compressions}"


def list_alternatives(names: Iterable[str]) -> str:
    """Join names by commas and "or": list_alternatives(["a", "b", "c"]) -> "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
