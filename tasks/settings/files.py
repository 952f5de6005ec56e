"""The settings of files that flows have in common, and what the reader of files makes of them."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from tasks.ingest.files.lines import is_charset
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.options import Quoting as QuotingName
from tasks.settings.base import FlowConfig, Names


def name_delimiter(value: Any) -> Any:
    r"""Accept "tab" and "\\t" for the character that is hard to type."""
    return "\t" if value in {"tab", "\\t"} else value


def check_delimiter(delimiter: str | None) -> str | None:
    """Refuse what cannot separate columns."""
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii()):
        raise ValueError(f"expected one ASCII character other than a quote, or tab, got {delimiter!r}.")
    return delimiter


def check_charset(charset: str) -> str:
    """Refuse a character set that Python does not know."""
    if not is_charset(charset):
        raise ValueError(f"unknown character set {charset!r}; expected one such as utf-8, latin-1 or cp1252.")
    return charset


def check_line_pattern(pattern: str | None) -> str | None:
    """Refuse what is no regular expression or finds no text."""
    if pattern is not None and "text" not in compile_pattern(pattern).groupindex:
        raise ValueError(f"{pattern!r} has no group (?P<text>...); expected one.")
    return pattern


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a regular expression; raises ValueError with what is wrong with it."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}.") from error


# What these mean is the same in every flow; of the other kinds each flow says what it takes them for.
Columns = Annotated[Names, Field(description="the names of all columns of a .csv or .tsv file that has no header")]
Delimiter = Annotated[
    str | None,
    BeforeValidator(name_delimiter),
    AfterValidator(check_delimiter),
    Field(description="what separates columns: a character, or tab [a comma; in .tsv files a tab]"),
]
Quoting = Annotated[
    QuotingName,
    Field(description="csv: fields may be quoted and then span lines; none: quotes are plain characters"),
]
Charset = Annotated[
    str, Field(min_length=1, description="how the bytes of files are read as text"), AfterValidator(check_charset)
]
LinePattern = Annotated[str | None, AfterValidator(check_line_pattern)]


def gather_files(config: FlowConfig, path: Path) -> FileOptions:
    """Gather what a flow's settings say of files; what they say nothing of stays as FileOptions has it.

    Settings have the names of FileOptions, apart from `text_column`, of which there may be several.
    """
    settings: dict[str, Any] = {name: getattr(config, name) for name in type(config).model_fields}
    known = {field.name for field in fields(FileOptions)}
    found = {name: value for name, value in settings.items() if name in known}
    return FileOptions(path=path, text_columns=settings["text_column"], **found)
