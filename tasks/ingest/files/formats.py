"""The table of file formats: to add one, write a reader and a row here.

The command line's help, the errors, and what scoring reads follow from the table.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Protocol

from tasks.errors import UserError
from tasks.formatting.commands import name_result, spell_path, spell_python
from tasks.ingest.files.class_files import are_classes, list_class_files, read_class_files
from tasks.ingest.files.columnar import read_arrow, read_orc, read_parquet
from tasks.ingest.files.compression import COMPRESSIONS, name_content, strip_compression
from tasks.ingest.files.databases import read_database
from tasks.ingest.files.folder import describe_tables, has_texts, list_texts, read_folder
from tasks.ingest.files.guess import suggest_reading
from tasks.ingest.files.lines import check_kind
from tasks.ingest.files.options import CLASS_ENDING, FileOptions, split_path
from tasks.ingest.files.readers import read_matches, read_objects
from tasks.ingest.files.rows import Rows
from tasks.ingest.files.saved_folder import list_shards, read_saved
from tasks.ingest.files.tables import read_table
from tasks.ingest.files.workbooks import read_workbook


class Reader(Protocol):
    """A reader, as the module `readers` describes it."""

    def __call__(self, path: Path, options: FileOptions, /, *, wanted: Collection[str] | None) -> Iterator[Rows]:
        """Yield all rows in order."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format: what people call it, its reader, and the file endings that identify it.

    `settings` are the fields of FileOptions that apply to this format alone. With `has_objects`, rows are JSON objects,
    and scoring keeps their spelling. `list_files` lists the files of one that consists of several.
    """

    description: str
    read: Reader
    endings: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    has_objects: bool = False
    list_files: Callable[[Path], list[Path]] | None = None


# These can also be identified by more than the ending: being a folder, several names, --line-pattern, --delimiter.
FOLDER: Final = Format(description="a folder of <label>/*.txt", read=read_folder)
CLASS_FILES: Final = Format(
    description="files of lines, one per label",
    read=read_class_files,
    settings=("line_pattern",),
    list_files=list_class_files,
)
SAVED: Final = Format(
    description="a folder of Parquet or Arrow files",
    read=read_saved,
    list_files=lambda folder: [shard.path for shard in list_shards(folder)],
)
LINES: Final = Format(description="a file of lines", read=read_matches, settings=("line_pattern",))
TABLE: Final = Format(
    description="a table such as .csv",
    read=read_table,
    endings=(".csv", ".tsv"),
    settings=("columns", "delimiter", "quoting"),
)
FORMATS: Sequence[Format] = (
    FOLDER,
    CLASS_FILES,
    SAVED,
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
    Format(description="an Arrow file", read=read_arrow, endings=(".arrow", ".feather")),
    Format(description="an ORC file", read=read_orc, endings=(".orc",)),
    Format(
        description="a workbook",
        read=read_workbook,
        endings=(".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
        settings=("columns", "table"),
    ),
    Format(
        description="a database",
        read=read_database,
        endings=(".sqlite", ".sqlite3", ".db"),
        settings=("table", "query"),
    ),
)


UNKNOWN: Final = " Say what it is: --delimiter for a table, --line-pattern for lines"
CLASS_FILES_TOO: Final = "; where each file has the texts of one label, name them all, as in neg.txt,pos.txt"
# What pandas can read for people who have it in another form.
CONVERSIONS: Final = {
    ".pkl": "read_pickle({})",
    ".pickle": "read_pickle({})",
    ".dta": "read_stata({})",
    ".sas7bdat": "read_sas({})",
    ".xpt": "read_sas({})",
    ".xml": "read_xml({}, parser='etree')",
}


def find_format(path: Path, options: FileOptions) -> Format:
    """Identify a file's format by the options and the ending. Raises UserError when neither is enough."""
    if path.is_dir():
        return find_folder_format(path, options)
    if split_path(path) != [path]:
        return CLASS_FILES
    if options.line_pattern is not None:
        return LINES
    ending = Path(name_content(path)).suffix.lower()
    found = next((known for known in FORMATS if ending in known.endings), None)
    if found is None and ending in CONVERSIONS:
        raise UserError(describe_conversion(path, CONVERSIONS[ending]))
    if found is None and options.delimiter is None:
        if path.is_file():
            check_kind(path)
        raise UserError(
            f"{path.name!r} has no ending that names its format; expected one of {', '.join(list_endings())}, each "
            f"also with {list_alternatives(known.ending for known in COMPRESSIONS)}."
            f"{suggest_reading(path) or UNKNOWN + CLASS_FILES_TOO * (ending == CLASS_ENDING) + '.'}"
        )
    return found or TABLE


def find_folder_format(folder: Path, options: FileOptions) -> Format:
    """Tell what a folder holds by the files in it.

    In scoring, where labels are not needed, each file of a folder is a text, unless all files are named after labels of
    the model, or `line_pattern` says that each line is one.
    """
    if list_shards(folder):
        return SAVED
    files = list_class_files(folder)
    if files and (options.line_pattern is not None or not has_texts(folder)):
        is_wanted = options.line_pattern is not None or not options.every_text
        return CLASS_FILES if is_wanted or are_classes(files, options.model_labels) else FOLDER
    tables = [] if list_texts(folder, every_text=options.every_text) else list_tables(folder)
    if tables:
        raise UserError(describe_tables(folder, tables, every_text=options.every_text))
    return FOLDER


def list_tables(folder: Path) -> list[Path]:
    """List the files in a folder that are read by themselves, such as tables."""
    endings = tuple(list_endings())
    return sorted(path for path in folder.iterdir() if strip_compression(path.name).lower().endswith(endings))


def describe_conversion(path: Path, read: str) -> str:
    """Name the command that converts a file of a kind that is not read."""
    code = f"import pandas; pandas.{read.format(repr(spell_path(path)))}.to_parquet({name_result('.parquet')!r})"
    expected = ", ".join(list_endings())
    return f"{path.name!r} is of a kind that is not read; expected {expected}. Convert it: {spell_python(code)}"


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
