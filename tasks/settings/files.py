"""The settings about input files that several flows share, and how they become FileOptions."""

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from tasks.ingest.files.lines import is_charset
from tasks.ingest.files.options import IN_SINGULAR, FileOptions
from tasks.ingest.files.options import Quoting as QuotingName
from tasks.ingest.files.patterns import EXAMPLE, compile_pattern
from tasks.settings.base import FlowConfig, Names


def name_delimiter(value: Any) -> Any:
    r"""Accept "tab" and "\\t" for the tab character, which is hard to type in a shell."""
    return "\t" if value in {"tab", "\\t"} else value


def check_delimiter(delimiter: str | None) -> str | None:
    """Refuse a text that cannot separate columns."""
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii()):
        raise ValueError(f"expected one ASCII character other than a quote, or the word tab; got {delimiter!r}.")
    return delimiter


def check_charset(charset: str) -> str:
    """Refuse a character set that Python does not know."""
    if not is_charset(charset):
        raise ValueError(f"unknown character set {charset!r}; expected one such as utf-8, latin-1 or cp1252.")
    return charset


def check_line_pattern(pattern: str | None) -> str | None:
    """Refuse a pattern that is not a regular expression or has no group for the text."""
    if pattern is not None and "text" not in compile_pattern(pattern).groupindex:
        raise ValueError(f"{pattern!r} has no group (?P<text>...); expected a pattern with it, such as {EXAMPLE}")
    return pattern


# A type with a description means the same in every flow; the others are described by each flow.
Columns = Annotated[Names, Field(description="the names of all columns of a .csv or .tsv file without a header")]
Delimiter = Annotated[
    str | None,
    BeforeValidator(name_delimiter),
    AfterValidator(check_delimiter),
    Field(description="the column separator: one character, or the word tab [a comma; in .tsv files a tab]"),
]
Quoting = Annotated[
    QuotingName,
    Field(
        description="csv: fields may be quoted, and quoted fields may span lines; backslash: csv, with a backslash "
        "before quotes inside fields; none: quotes are ordinary text; auto: csv, but a quoted field whose lines look "
        "like rows is refused"
    ),
]
Charset = Annotated[
    str, Field(min_length=1, description="the character set of the files"), AfterValidator(check_charset)
]
LinePattern = Annotated[str | None, AfterValidator(check_line_pattern)]
RecordsAt = Annotated[
    str | None,
    Field(
        min_length=1,
        description="where a JSON file has the list of its rows: a key, or several separated by dots, such as data or "
        "data.rows [the whole file]",
    ),
]
Table = Annotated[
    str | None,
    Field(min_length=1, description="the sheet of a workbook, or the table of a database [the only one]"),
]
Query = Annotated[
    str | None, Field(min_length=1, description="the SQL query whose rows are read from a database [all of a table]")
]


def gather_files(config: FlowConfig, path: Path) -> FileOptions:
    """Build FileOptions from a flow's settings; options that are not settings of the flow keep their defaults.

    Settings and options have the same names, except that the setting `text_column` gives the option `text_columns`.
    """
    settings: dict[str, Any] = {name: getattr(config, name) for name in type(config).model_fields}
    names = {field.name: IN_SINGULAR.get(field.name, field.name) for field in fields(FileOptions)}
    return FileOptions(path=path, **{option: settings[name] for option, name in names.items() if name in settings})
