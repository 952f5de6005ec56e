"""Headers as spreadsheets leave them: columns without a name, delimiters at the end of lines, a first line sep=;."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.ingest.files.notes import Notes
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.reading import read_rows

Read = Callable[..., tuple[list[dict[str, Any]], list[str]]]
ROWS = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]
NAMELESS = "columns without a name, not read as text or label"
FILLED = "rows with values in columns without a name"
REMEDY = "; to use them, name all columns in the header"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The rows of a file with this content, and what is noted about them."""

    def read_content(content: str | bytes, *, name: str = "a.csv", wanted: Any = None, **options: Any) -> Any:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        notes, rows = Notes(name), []
        for batch in read_rows(path, FileOptions(path=path, **options), wanted=wanted):
            rows += batch.columns.to_pylist()
            notes.add(batch.notes)
        return rows, notes.describe()

    return read_content


@pytest.mark.parametrize(
    ("content", "num_columns"),
    [
        ("text,label,,,\na,x,,,\nb,y,,,\n", 3),
        ("text,label,\na,x,\nb,y,\n", 1),
        ("text,label\na,x,\nb,y,\n", 1),
        ("text,label\na,x,\nb,y\n", 1),
        ("text,label,\na,x\nb,y\n", 1),
        ("text,label,,\na,x,\nb,y,,\n", 2),
        ("text,label, ,\na,x,,\nb,y, ,\n", 2),
        (",text,label\n,a,x\n,b,y\n", 1),
        ("text,,label\r\na,,x\r\nb,,y\r\n", 1),
        ("text,label\n", 0),
    ],
)
@pytest.mark.parametrize("quoting", ["auto", "csv", "none"])
def test_empty_columns_without_a_name_are_left_out(read: Read, content: str, num_columns: int, quoting: str) -> None:
    rows, notes = read(content.replace("\r", "") if quoting == "none" else content, quoting=quoting)
    assert rows == (ROWS if num_columns else [])
    assert notes == ([f"{NAMELESS}: {num_columns} (first: a.csv line 1)"] if num_columns else [])


def test_flag_names_the_columns_before_empty_ones(read: Read) -> None:
    assert read("a,x,\nb,y,\n", columns=("text", "label")) == (ROWS, [f"{NAMELESS}: 1 (first: a.csv line 1)"])


def test_values_without_a_name_are_kept_and_counted(read: Read) -> None:
    content = ",text,label,\n7,a,x,\n8,b,y,\n,c,z,more\n"
    rows, notes = read(content)
    expected = [{"column_1": number, **row} for number, row in zip("78", ROWS, strict=True)]
    assert [{name: row[name] for name in ("column_1", "text", "label")} for row in rows[:2]] == expected
    assert rows[2] == {"column_1": "", "text": "c", "label": "z", "column_4": "more"}
    assert notes == [f"{NAMELESS}: 2 (first: a.csv line 1)", f"{FILLED}: 3 (first: a.csv line 2){REMEDY}"]


def test_columns_without_a_name_are_never_wanted(read: Read) -> None:
    assert read(",text,label\n7,a,x\n8,b,y\n", wanted={"text", "label"})[0] == ROWS


def test_made_up_name_is_not_a_given_one(read: Read) -> None:
    assert read(",column_1\n7,a\n")[0] == [{"column_1_": "7", "column_1": "a"}]


def test_repeated_names_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,text,a\n1,b,2\n")
    (rows,) = read_rows(path, FileOptions(path=path))
    assert rows.columns.schema.names == ["a", "text", "a"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "text,label\na,x\nb,y,,\n",
            "a.csv line 3 ends with 2 delimiters more than the header and the first row; expected the same",
        ),
        ("text,label\na,x,\nb,y,more\n", "a.csv line 3: number of fields 3, but the header has 2; expected the same."),
        ("text,label\na,x,more\n", "a.csv line 2: number of fields 3, but the header has 2; expected the same."),
        ("text,label,\na\n", "a.csv line 2: number of fields 1, but the header has 3; expected the same."),
        (",text,\nb\n", "a.csv line 2: number of fields 1, but the header has 3; expected the same."),
    ],
)
def test_other_numbers_of_fields_are_refused(read: Read, content: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(content)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("first", ["sep=;\n", "sep=;\r\n", '"sep=;"\n'])
@pytest.mark.parametrize("quoting", ["auto", "none"])
def test_declared_delimiter_is_used(read: Read, first: str, quoting: str) -> None:
    assert read(f"{first}text;label\na;x\nb;y\n", quoting=quoting) == (ROWS, [])


def test_declared_delimiter_keeps_line_numbers_and_yields_to_the_flag(read: Read) -> None:
    assert read("sep=;\ntext|label\na|x\nb|y\n", delimiter="|")[0] == ROWS
    with pytest.raises(UserError, match=r"a\.csv line 4: number of fields 1"):
        read("sep=;\ntext;label\na;x\nb\n")
    with pytest.raises(UserError, match=r"a\.csv line 3: unexpected end of data"):
        read('sep=;\ntext;label\n"a;x\nb\n')


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "sep=,\n"])
def test_spreadsheets_marks_and_line_ends_change_nothing(read: Read, charset: str, end: str, start: str) -> None:
    content = f"{start}text,label,\na,x,\nb,y,\n".replace("\n", end).encode(charset)
    assert read(content)[0] == ROWS
    assert read(content, quoting="none")[0] == ROWS


def test_line_of_white_space_is_blank(read: Read) -> None:
    assert read("text,label\n  \na,x\n\t\nb,y\n   ") == (ROWS, [])
    # In a table of one column, it is a row.
    assert read("text\n  \na\n")[0] == [{"text": "  "}, {"text": "a"}]


def test_title_above_the_header_is_told_from_a_single_column(read: Read) -> None:
    with pytest.raises(UserError, match=r"If the header is on this line, remove the lines before it: tail -n \+2 "):
        read("Films\ntext,label\n")
    for content in ("text\na, b\n", "a;b\nc,d;e\n"):
        with pytest.raises(UserError, match="Correct the line, or the delimiter"):
            read(content)
