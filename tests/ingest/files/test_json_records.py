"""JSON files in the shapes that people bring: every row, or one line with the command that makes rows of it."""

import json
import shlex
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.errors import UserError
from tasks.ingest.files import json_records, json_text, lines
from tasks.ingest.files.json_records import open_json
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.reading import read_rows

ROWS = [{"text": 'a "good" film, {[', "label": 1}, {"text": "so\nd\xfcll", "label": 0}, {"text": "\u2028", "label": 1}]
SPELLED = [{name: value if isinstance(value, str) else str(value) for name, value in row.items()} for row in ROWS]
FRAME = pd.DataFrame(ROWS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.json"


def read(path: Path, text: str, **options: Any) -> list[dict[str, Any]]:
    path.write_text(text, encoding="utf-8", newline="")
    files = FileOptions(path=path, **options)
    rows = [row for batch in read_rows(path, files) for row in batch.columns.to_pylist()]
    spelled = [json.loads(line, parse_int=str) for _, line in open_json(path, files).texts]
    assert [list(row) for row in spelled] == [
        [name for name in row if name in found] for row, found in zip(rows, spelled, strict=True)
    ]
    return rows


def complain(path: Path, text: str, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        read(path, text, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def dump(value: Any, **options: Any) -> str:
    return json.dumps(value, **{"ensure_ascii": False, **options})


@pytest.fixture(params=[1, 7, 2**16])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of text that end anywhere within values."""
    monkeypatch.setattr(lines, "BLOCK_CHARACTERS", request.param)
    monkeypatch.setattr(json_text, "MARGIN", 8)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    "text",
    [
        "".join(dump(row) + "\n" for row in ROWS),
        "\n\r\n".join(map(dump, ROWS)),
        dump(ROWS),
        dump(ROWS, indent=2),
        dump(ROWS, indent=2).replace("\n", "\r\n"),
        "\ufeff" + dump(ROWS, ensure_ascii=True),
        " ".join(dump(row, indent=1) for row in ROWS),
        "".join(dump(row, indent=None) for row in ROWS),
        *(
            FRAME.to_json(orient=orient, indent=indent)
            for orient in ("columns", "records", "split", "index")
            for indent in (0, 2)
        ),
        dump(FRAME.to_dict("list")),
        dump(FRAME.to_dict("list"), indent=4),
    ],
)
def test_every_shape_gives_the_same_rows(path: Path, text: str) -> None:
    assert read(path, text) == SPELLED


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"version": "1", "data": ROWS}, "data"),
        ({"data": {"about": {"x": [1, "]"]}, "rows": ROWS}, "more": {}}, "data.rows"),
        ({"items": FRAME.to_dict("list")}, "items"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_list_inside_an_object_is_read_where_it_is(path: Path, content: Any, place: str, indent: int | None) -> None:
    assert read(path, dump(content, indent=indent), records_at=place) == SPELLED


@pytest.mark.parametrize(
    "content", [{"version": "1", "data": ROWS}, {"a": 1, "data": {"rows": ROWS}}, {"my data": ROWS}]
)
def test_list_inside_an_object_is_named_with_the_flag_that_reads_it(path: Path, content: Any) -> None:
    message = complain(path, dump(content))
    assert "is one JSON object with a list of objects at" in message
    (place,) = shlex.split(message.rpartition("--records-at ")[2])
    assert read(path, dump(content), records_at=place) == SPELLED


def test_table_of_pandas_with_a_schema_is_read_where_its_data_are(path: Path) -> None:
    text = FRAME.to_json(orient="table", index=False)
    assert "--records-at" in complain(path, text)
    assert read(path, text, records_at="data") == SPELLED


@pytest.mark.parametrize(
    ("content", "place", "finding"),
    [
        ({"data": ROWS}, "dat", "has no 'dat' where 'dat' says; expected one of 'data'.*Did you mean 'data'"),
        ({"data": ROWS}, "data.rows", "has no 'rows' where 'data.rows' says; expected an object"),
        ({"data": 3}, "data", "has no list of objects at 'data'; expected one. Name another place.$"),
        (
            {"data": {"rows": ROWS}},
            "data",
            "has no list of objects at 'data'; expected one. Perhaps it is --records-at data.rows$",
        ),
        (ROWS, "data", "has no 'data'.*leave out --records-at"),
    ],
)
def test_wrong_place_is_told(path: Path, content: Any, place: str, finding: str) -> None:
    path.write_text("{}")
    with pytest.raises(UserError, match=f"^--records-at: a.json {finding}"):
        read(path, dump(content), records_at=place)


@pytest.mark.parametrize(
    "row", [{"text": "a", "b": [{"c": 1}]}, {"x": 1, "y": "z"}, {"text": ["a", "b"], "label": ["c"]}]
)
def test_single_row_is_a_row(path: Path, row: dict[str, Any]) -> None:
    assert len(read(path, dump(row))) == 1


def test_chosen_column_tells_a_table_from_a_row(path: Path) -> None:
    content = {"said": {"0": "a", "1": "b"}, "by": {"0": "c", "1": "d"}}
    assert read(path, dump(content), text_columns=("said",)) == [{"said": "a", "by": "c"}, {"said": "b", "by": "d"}]


def test_objects_keep_numbers_as_spelled(path: Path) -> None:
    text = '{"a": 1.50, "b": [1], "c": NaN}\n\n  \n{"a": "\\u00e9", "b": true, "c": null}'
    expected = [{"a": "1.50", "b": '["1"]', "c": None}, {"a": "\xe9", "b": "true", "c": None}]
    assert read(path, text) == expected
    assert read(path, "[" + ",".join(line for line in text.splitlines() if line.strip()) + "]") == expected
    assert read(path, '{"a": ' + "9" * 5000 + "}") == [{"a": "9" * 5000}]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ('{}\n{"a": \n', "a.json line 2 is not JSON (expecting value at column 7); expected one JSON object per line."),
        ("{}\n3\n", "a.json line 2 is '3'; expected one JSON object per line."),
        ("{}\n" + "[" * 100_000, "a.json line 2 is nested too deeply; expected one JSON object per line."),
        ('{"a" 1}\n{}', "a.json line 1 is not JSON (expecting ':' delimiter at column 6)"),
        ('[\n{"a": 1},\n{"a" 1}]', "a.json line 3 is not JSON (expecting ':' delimiter at column 6)"),
        ('[{"a": 1}, {"a": 2}', "a.json line 1 is not JSON ('the end' instead of ',' or ']' at column 20)"),
        ('[{"a": 1}, {"a', "a.json line 1 is not JSON (unterminated string starting at column 13)"),
        ('[{"a": 1}]\n[{"a": 2}]', "a.json line 2 is not JSON (something follows the list at column 1)"),
        ('[{"a": 1}, 3]', "a.json record 2 is '3'; expected one JSON object per record."),
        ("[" + '{"a": ' * 100_000, "values are nested too deeply"),
        ('{\n "a": 1\n}\n{\n "a" 2}', "a.json line 5 is not JSON (expecting ':' delimiter at column 6)"),
        ('[{"a": "\\ud800"}]', "a.json record 1 escapes half a character"),
    ],
)
def test_what_is_no_row_is_named_by_its_place(path: Path, text: str, finding: str) -> None:
    assert finding in complain(path, text)


def test_large_object_is_refused_at_once_with_what_reads_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_records, "LONGEST_OBJECT", 50)
    nested = dump({"version": 1, "data": ROWS})
    message = complain(path, nested)
    assert message.endswith(
        "of more than 50 characters; expected one per row. Say which list holds the rows: --records-at data"
    )
    assert "Convert it: " in complain(path, FRAME.to_json())


def test_long_list_takes_no_more_memory_than_its_items(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK_CHARACTERS", 1000)
    longest = 0

    def watch(self: json_text.JsonText, *limits: int) -> bool:
        nonlocal longest
        found = read_more(self, *limits)
        longest = max(longest, len(self.text))
        return found

    read_more = json_text.JsonText.read_more
    monkeypatch.setattr(json_text.JsonText, "read_more", watch)
    assert len(read(path, dump([{"text": f"film {n}"} for n in range(5000)]))) == 5000
    assert longest < 5000


def test_value_that_never_ends_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK_CHARACTERS", 10)
    monkeypatch.setattr(json_text.JsonText.read_more, "__defaults__", (100,))
    monkeypatch.setattr(json_text.JsonText.take_value, "__kwdefaults__", {"longest": 100})
    assert "begins a value of more than 100 characters" in complain(path, '[{"a": "' + "b" * 1000)
