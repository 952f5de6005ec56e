"""What to do about JSON that holds no objects, or lines that are nearly JSON: the command that makes rows of it."""

import ast
from pathlib import Path
from typing import Any, Final

from tasks.formatting.commands import name_result, spell_path, spell_python
from tasks.ingest.files.advice import spell_command
from tasks.ingest.files.compression import describe_unpacking, find_compression
from tasks.ingest.files.json_shapes import find_pairs, is_by_label, is_by_text, is_row
from tasks.ingest.files.json_text import JsonText, is_json
from tasks.ingest.files.options import FileOptions

HEAD_CHARACTERS: Final = 2**16


def suggest_objects(value: Any, path: Path, unit: str, options: FileOptions) -> str:
    """Give the command that makes objects of lists of a text and a label, or of texts that need no label.

    Returns "" for other values.
    """
    is_text, is_pair = isinstance(value, str), isinstance(value, list) and len(value) > 1 and isinstance(value[0], str)
    is_by_line = unit == "line" or (is_text and has_lists_on_lines(JsonText(path, charset=options.charset)))
    if is_pair or (is_text and is_by_line and unit == "record"):
        row, order = "{'text': it[0], 'label': it[1]}", "If the text comes first, make objects of them"
    elif is_text and options.every_text:
        row, order = "{'text': it}", "Make objects of them"
    else:
        return ""
    place = "".join(f"[{name!r}]" for name in options.records_at.split(".")) if options.records_at else ""
    items = "map(json.loads, filter(str.strip, {file}))" if is_by_line else f"json.load({{file}}){place}"
    return spell_rows(order, row, f"for it in {items}", path, options)


def suggest_rows(content: dict[str, Any], path: Path, options: FileOptions) -> str:
    """Say how to make rows of an object that is none: of lists of pairs, of texts by label, of labels by text.

    Returns "" for other objects.
    """
    if is_row(content, options.text_columns):
        return ""
    if pairs := find_pairs(content):
        loops, order = (
            f"for text, label, *_ in json.load({{file}})[{pairs[0]!r}]",
            f"If texts come first in {pairs[0]!r}",
        )
    elif is_by_label(content):
        loops, order = "for label, texts in json.load({file}).items() for text in texts", "If it has texts by label"
    elif is_by_text(content):
        loops, order = "for text, label in json.load({file}).items()", "If it has labels by text"
    else:
        return ""
    return spell_rows(f"{order}, make objects of them", "{'text': text, 'label': label}", loops, path, options)


def suggest_lines(text: str, path: Path, options: FileOptions) -> str:
    """Say how to make JSON of lines like one that is nearly JSON; "" if it is not."""
    if text.rstrip().endswith(",") and is_json(text.rstrip().removesuffix(",")):
        command = spell_command("sed -E 's/,[[:space:]]*$//'", path)
        return f"If all lines end with a comma, remove it{command}"
    if len(text) > HEAD_CHARACTERS:
        return ""
    try:
        is_python = isinstance(ast.literal_eval(text.strip()), dict)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what ast raises for text that is not a literal
        is_python = False
    if not is_python:
        return ""
    order = "It is an object of Python. Convert it"
    return spell_rows(
        order, "ast.literal_eval(it)", "for it in filter(str.strip, {file})", path, options, module="ast, "
    )


def spell_rows(order: str, row: str, loops: str, path: Path, options: FileOptions, *, module: str = "") -> str:
    """Spell the command that prints an object per row; `loops` has {file} where the open file stands."""
    found = find_compression(path)
    opened, _, _ = (found.unpack if found else "open({})").partition("(")
    if found and not opened.endswith(".open"):
        return f"Unpack it first: {describe_unpacking(path)}"
    charset = "utf-8-sig" if options.charset == "utf-8" else options.charset
    mode = ", 'rt'" if found else ""
    file = f"{opened}({spell_path(path)!r}{mode}, encoding={charset!r})"
    modules = f"{module}{opened.partition('.')[0]}, json" if found else f"{module}json"
    code = f"import {modules}; [print(json.dumps({row})) {loops.replace('{file}', file)}]"
    return f"{order}: {spell_python(code)} > {name_result('.jsonl')}"


def has_lists_on_lines(text: JsonText) -> bool:
    """Tell whether the first list has a line of its own, and another one follows."""
    text.peek()
    line = text.take_line(HEAD_CHARACTERS)
    return line is not None and is_json(line) and text.peek() == "["
