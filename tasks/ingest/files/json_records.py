"""JSON files as the text of one object per row, whatever holds the rows.

Objects follow each other, each on a line of its own or not; or they are in a list, which is the whole file or lies at
`options.records_at`; or one object holds a table, column by column. A list is read item by item, an object as a whole.
"""

import json
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from tasks.errors import UserError, did_you_mean
from tasks.formatting.commands import name_result, spell_path, spell_python
from tasks.ingest.files.columns import list_names
from tasks.ingest.files.json_advice import suggest_lines, suggest_objects, suggest_rows
from tasks.ingest.files.json_shapes import (
    choose_place,
    find_largest_list,
    find_lists,
    find_table,
    guess_orientation,
    is_row,
)
from tasks.ingest.files.json_text import DECODER, JsonText, TooLongError
from tasks.ingest.files.lines import read_lines, shorten
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.records import JsonRecord, strip_ending

LONGEST_OBJECT: Final = 2**26
HEAD_CHARACTERS: Final = 2**16
LINE_ENDS: Final = str.maketrans("\r\n", "  ")


class JsonTexts(NamedTuple):
    """The number and the JSON text of each row, without line ends, and what the numbers count."""

    texts: Iterator[tuple[int, str]]
    unit: str


def read_json(path: Path, options: FileOptions) -> tuple[Iterator[JsonRecord], str]:
    """Read one JSON object per row; numbers keep their spelling, and NaN becomes null. Returns the unit as well."""
    texts, unit = open_json(path, options)
    return ((number, parse_object(text, path, number, unit, options)) for number, text in texts), unit


def open_json(path: Path, options: FileOptions) -> JsonTexts:
    """Find out what holds the rows. Raises UserError, with a remedy, for JSON that holds none."""
    text = JsonText(path, charset=options.charset)
    if options.records_at is not None:
        return JsonTexts(number_texts(take_records(text, options.records_at, options)), "record")
    if text.peek() == "[":
        return JsonTexts(number_texts(take_list(text)), "record")
    if text.peek() == "{" and not has_objects_on_lines(JsonText(path, charset=options.charset)):
        return JsonTexts(number_texts(take_objects(text, options)), "record")
    lines = enumerate(read_lines(path, charset=options.charset), start=1)
    return JsonTexts(((number, strip_ending(line)) for number, line in lines if line.strip()), "line")


def has_objects_on_lines(text: JsonText) -> bool:
    """Tell whether the first object has a line of its own, with more lines after it, or is wrong within the line."""
    text.peek()
    line = text.take_line(LONGEST_OBJECT)
    if line is None:
        raise UserError(describe_large(text.path, text.text[:HEAD_CHARACTERS]))
    try:
        DECODER.decode(line)
    except json.JSONDecodeError as error:
        # An object that goes on in the next line, or after which another one begins.
        return line[error.pos :].strip()[:1] not in {"", "{"}
    except RecursionError:
        return True
    return bool(text.peek())


def take_list(text: JsonText) -> Iterator[str]:
    """Take the items of a list that is the whole file."""
    yield from (item.text for item in text.take_items())
    if text.peek():
        raise UserError(text.describe("something follows the list"))


def take_objects(text: JsonText, options: FileOptions) -> Iterator[str]:
    """Take objects that follow each other, or the rows of a table in a single one."""
    try:
        first = text.take_value(longest=LONGEST_OBJECT)
    except TooLongError as error:
        raise UserError(
            describe_large(text.path, text.text[text.position : text.position + HEAD_CHARACTERS])
        ) from error
    if text.peek():
        yield first.text
        while text.peek():
            yield text.take_value().text
        return
    rows = find_table(first.content, options.text_columns)
    lists = find_lists(first.content)
    if rows is not None:
        yield from map(spell_row, rows)
    elif lists and not is_row(first.content, options.text_columns):
        raise UserError(
            f"{text.path.name} is one JSON object with a list of objects at {list_names(list(lists))}; expected a row "
            f"per object. Say which list holds the rows: --records-at {shlex.quote(choose_place(lists))}"
        )
    elif advice := suggest_rows(first.content, text.path, options):
        raise UserError(f"{text.path.name} is one JSON object, but no row; expected an object per row. {advice}")
    else:
        yield first.text


def take_records(text: JsonText, place: str, options: FileOptions) -> Iterator[str]:
    """Take the rows of a list or a table at a place such as "data.rows", object by object."""
    name = text.path.name
    rest = place
    while rest:
        keys = text.seek_key(rest) if text.peek() == "{" else []
        if not keys or not f"{rest}.".startswith(f"{keys[-1]}."):
            key, found = rest.partition(".")[0], f"one of {list_names(keys)}" if keys else "an object"
            raise UserError(
                f"--records-at: {name} has no {key!r} where {place!r} says; expected {found}. Name another place, or "
                f"leave out --records-at.{did_you_mean(key, keys)}"
            )
        rest = rest[len(keys[-1]) + 1 :]
    if text.peek() == "[":
        yield from (item.text for item in text.take_items())
        return
    content = text.take_value(longest=LONGEST_OBJECT).content
    rows = find_table(content, options.text_columns) if isinstance(content, dict) else None
    if rows is None:
        inner = find_lists(content) if isinstance(content, dict) else {}
        better = f"{place}.{choose_place(inner)}" if inner else ""
        remedy = f"Perhaps it is --records-at {shlex.quote(better)}" if inner else "Name another place."
        raise UserError(f"--records-at: {name} has no list of objects at {place!r}; expected one. {remedy}")
    yield from map(spell_row, rows)


def number_texts(texts: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Number the texts of rows, and take their line ends out, which can only be between values."""
    for number, text in enumerate(texts, start=1):
        yield number, text.translate(LINE_ENDS) if "\n" in text or "\r" in text else text


def spell_row(row: dict[str, Any]) -> str:
    """Spell a row as JSON text."""
    return json.dumps(row, ensure_ascii=False)


def parse_object(text: str, path: Path, number: int, unit: str, options: FileOptions) -> dict[str, Any]:
    """Parse the text of a row; raises UserError when it is not a JSON object."""
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        finding = f"is not JSON ({error.msg.lower()} at column {error.colno:,})"
        remedy = suggest_lines(text, path, options) if number == 1 else ""
        raise UserError(describe_object(path, number, unit, finding, remedy)) from error
    except RecursionError as error:
        raise UserError(describe_object(path, number, unit, "is nested too deeply")) from error
    if not isinstance(value, dict):
        remedy = suggest_objects(value, path, unit, options)
        raise UserError(describe_object(path, number, unit, f"is {shorten(text.strip())!r}", remedy))
    return value


def describe_object(path: Path, number: int, unit: str, finding: str, remedy: str = "") -> str:
    """Say that a row is not an object, and why."""
    remedy = remedy or f"Correct the {unit}."
    return f"{path.name} {unit} {number:,} {finding}; expected one JSON object per {unit}. {remedy}"


def describe_large(path: Path, head: str) -> str:
    """Say that one object is too large, and what to do instead, judging by its beginning."""
    if found := find_largest_list(head):
        remedy = f"Say which list holds the rows: --records-at {shlex.quote(found)}"
    else:
        read = f"read_json({spell_path(path)!r}, orient={guess_orientation(head)!r})"
        write = f"to_json({name_result('.jsonl')!r}, orient='records', lines=True)"
        remedy = f"Convert it: {spell_python(f'import pandas; pandas.{read}.{write}')}"
    return f"{path.name} has a JSON object of more than {LONGEST_OBJECT:,} characters; expected one per row. {remedy}"
