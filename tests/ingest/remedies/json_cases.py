"""Files of JSON: what holds the rows, and what a row is."""

import gzip
import json
from contextlib import chdir
from typing import Any

import pytest

from tasks.errors import UserError
from tests.ingest.remedies.cases import (
    Attempt,
    Case,
    both,
    check_files,
    check_input,
    choose,
    leave_out,
    run,
    take_flag,
    take_meant,
    use,
    write,
)
from tests.ingest.remedies.rows import COLUMNS, OBJECTS, PAIRS, zip_files

LINES = "".join(f"{json.dumps(row)}\n" for row in OBJECTS)
MANY = [{"text": f"film {n} {'long ' * 40}", "label": ("neg", "pos")[n % 2]} for n in range(600)]
SMALL_OBJECTS = {"tasks.ingest.files.json_records.LONGEST_OBJECT": 1_000}
TABLE = {"columns": ["text", "label"], "data": [[row["text"], row["label"]] for row in MANY]}
BY_COLUMN = {name: {str(n): row[name] for n, row in enumerate(MANY)} for name in ("text", "label")}
BY_ROW = {str(n): row for n, row in enumerate(MANY)}
SCHEMA = {"schema": {"fields": [{"name": "text", "type": "string"}]}, "data": MANY}
BY_LABEL = {own: [text for text, label in PAIRS if label == own] for own in ("neg", "pos")}
# For each indentation, the same error comes from another reader.
INDENTS: tuple[int | None, ...] = (None, 1)


def write_lines(*values: Any) -> str:
    return LINES + "".join(f"{value if isinstance(value, str) else json.dumps(value)}\n" for value in values)


def make_rows(attempt: Attempt, _: str) -> Attempt:
    """Do what the message about the unpacked file says."""
    with chdir(attempt.folder), pytest.raises(UserError) as caught:
        check_files(attempt)
    return run("rows.jsonl")(attempt, str(caught.value))


CASES = [
    *(
        Case(
            files={"a.json": json.dumps(content)},
            message="Say which list holds the rows",
            remedies=[take_flag("records_at")],
        )
        for content in (
            {"version": 1, "data": OBJECTS},
            {"set": {"my rows": OBJECTS}},
            {"v1.0": OBJECTS},
            {"authors": [{"name": "me"}, {"name": "you"}], "rows": OBJECTS},
        )
    ),
    *(
        Case(files={name: content}, message=f"{message}: python -c", remedies=[run("rows.jsonl")])
        for name, content, message in (
            ("a.json", json.dumps(BY_LABEL), "If it has texts by label, make objects of them"),
            (
                "a.json.gz",
                gzip.compress(json.dumps(BY_LABEL).encode()),
                "If it has texts by label, make objects of them",
            ),
            ("a.json", json.dumps(dict(PAIRS)), "If it has labels by text, make objects of them"),
            (
                "a.json",
                json.dumps({"all": PAIRS, "few": PAIRS[:9]}),
                "If texts come first in 'all', make objects of them",
            ),
            ("a.jsonl", "".join(f"{row!r}\n" for row in OBJECTS), "It is an object of Python. Convert it"),
            ("it's.json.gz", gzip.compress("".join(f"{row!r}\n" for row in OBJECTS).encode()), "Python. Convert it"),
        )
    ),
    Case(
        files={"a.json": json.dumps({"set": {"all": PAIRS}})},
        settings={"records_at": "set.all"},
        message="If the text comes first, make objects of them: python -c",
        remedies=[both(run("rows.jsonl"), leave_out("records_at"))],
    ),
    *(
        Case(
            files={"a.jsonl": "".join(f"{json.dumps(make(row))}\n" for row in OBJECTS)},
            settings=settings,
            message="Choose another column, or make columns of the fields of objects: python -c",
            remedies=[both(run("rows.jsonl"), leave_out("text_column"))],
        )
        for settings, make in (
            ({"text_column": "review"}, lambda row: {"review": {"text": row["text"], "n": 1}, "label": row["label"]}),
            ({}, lambda row: {"text": row["text"], "label": {"name": row["label"]}}),
        )
    ),
    Case(
        files={"a.jsonl": "".join(f"{json.dumps(row)}, \n" for row in OBJECTS)},
        message="If all lines end with a comma, remove it: sed",
        remedies=[run("rows.jsonl")],
    ),
    Case(
        files={"a.json.zip": zip_files({"inner.json": json.dumps(BY_LABEL)})},
        message="Unpack it first: python -m zipfile",
        remedies=[both(run("inner.json"), both(make_rows, choose("rows.jsonl")))],
    ),
    Case(
        files={"a.json": json.dumps({"set": {"authors": [{"name": "me"}], "v1.0": OBJECTS}})},
        settings={"records_at": "set"},
        message="no list of objects at 'set'; expected one. Perhaps it is",
        remedies=[take_flag("records_at")],
    ),
    Case(
        files={"a.json": json.dumps({"version": {"major": 1}, "rows": OBJECTS})},
        settings={"records_at": "version"},
        message="no list of objects at 'version'; expected one. Name another place",
        remedies=[use(records_at="rows")],
    ),
    Case(
        files={"a.json": json.dumps({"a": {"rows": OBJECTS}})},
        settings={"records_at": "a.rwos"},
        message="has no 'rwos' where 'a.rwos' says; expected one of 'rows'",
        remedies=[use(records_at="a.rows")],
    ),
    Case(
        files={"a.json": json.dumps({"rows": OBJECTS})},
        settings={"records_at": "row"},
        message="Did you mean 'rows'",
        remedies=[take_meant("records_at")],
    ),
    Case(
        files={"a.json": json.dumps(OBJECTS)},
        settings={"records_at": "data"},
        message="expected an object. Name another place, or leave out --records-at",
        remedies=[leave_out("records_at")],
    ),
    *(
        Case(
            files={"a.json": json.dumps(content, indent=indent)},
            limits=SMALL_OBJECTS,
            message="more than 1,000 characters; expected one per row. Say which list",
            remedies=[take_flag("records_at")],
        )
        for content in ({"version": [1, 2], "set": {"v1.0": MANY}}, SCHEMA)
        for indent in INDENTS
    ),
    *(
        Case(
            files={"a.json": json.dumps(content, indent=indent)},
            limits=SMALL_OBJECTS,
            message="more than 1,000 characters; expected one per row. Convert it: python",
            remedies=[run("rows.jsonl")],
        )
        for content, indent in ((TABLE, None), (BY_COLUMN, None), (BY_ROW, 1))
    ),
    Case(
        files={"a.json": json.dumps([*OBJECTS, {"text": "long " * 20_000, "label": "pos"}])},
        limits={"tasks.ingest.files.json_text.JsonText.take_value.__kwdefaults__": {"longest": 100}},
        message="line 1 begins a value of more than 100 characters; expected a shorter one. Divide it, or remove it",
        remedies=[write("a.json", json.dumps(OBJECTS))],
    ),
    Case(
        files={"a.json": json.dumps(OBJECTS) + json.dumps(OBJECTS)},
        message="something follows the list at column .*Correct the file there",
        remedies=[write("a.json", json.dumps(OBJECTS))],
    ),
    *(
        Case(files={"a.json": content}, message=message, remedies=[write("a.json", json.dumps(OBJECTS))])
        for content, message in (
            (json.dumps(OBJECTS).replace("}, {", "} {", 1), "'{' instead of ',' or ']'.*Correct the file there"),
            (json.dumps(OBJECTS)[:-1], "'the end' instead of"),
            (json.dumps(OBJECTS).replace('"label"', "label", 1), "expecting property name.*Correct the file there"),
            (json.dumps([*OBJECTS, 3]), "record 41 is '3'; expected one JSON object per record. Correct the record"),
            (json.dumps([*OBJECTS, "a"]), "record 41 is '\"a\"'; .* per record. Correct the record"),
            (f"[{'[' * 100_000}", "nested too deeply at column .*Correct the file there"),
        )
    ),
    *(
        Case(files={"a.jsonl": content}, message=message, remedies=[write("a.jsonl", LINES)])
        for content, message in (
            (write_lines("{'text': 'a'}"), "line 41 is not JSON .* per line. Correct the line"),
            (write_lines("[" * 100_000), "line 41 is nested too deeply; .* per line. Correct the line"),
            (write_lines(3), "line 41 is '3'; .* per line. Correct the line"),
            (write_lines('{"text": "\\ud800", "label": "pos"}'), "half a character.*Correct the line"),
            (write_lines({f"key {n}": n for n in range(1_001)}), "different fields .*Leave out those that only few"),
        )
    ),
    *(
        Case(files={"a.json": content}, message="If the text comes first, make objects", remedies=[run("rows.jsonl")])
        for content in (json.dumps(PAIRS), "".join(f"{json.dumps(pair)}\n" for pair in PAIRS).replace("[", "\n[", 1))
    ),
    Case(
        files={"a.json": json.dumps(COLUMNS["text"])},
        check=check_input,
        message="per record. Make objects of them: python",
        remedies=[run("rows.jsonl")],
    ),
]
