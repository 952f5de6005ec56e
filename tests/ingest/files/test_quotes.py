"""Quoted fields that span lines: texts of several lines are read, and rows between plain quotes are not swallowed."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.errors import UserError
from tasks.ingest.files.notes import Note
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.reading import read_rows

WORDS = "plot cast film story music river dull warm witty train".split()  # noqa: SIM905
Table = list[list[str]]
Read = Callable[..., Table]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """All rows of a file with this content, as scoring reads them."""

    def read_content(content: str, *, name: str = "a.csv", **options: Any) -> Table:
        path = tmp_path / name
        path.write_bytes(content.encode())
        batches = read_rows(path, FileOptions(path=path, every_text=True, **options))
        return [list(row.values()) for batch in batches for row in batch.columns.to_pylist()]

    return read_content


@pytest.fixture
def refuse(read: Read) -> Callable[..., str]:
    """What such a file is refused with, which must be one line."""

    def read_badly(content: str, **options: Any) -> str:
        with pytest.raises(UserError) as caught:
            read(content, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return read_badly


def make_rows(num_rows: int = 60) -> Table:
    """Texts and labels, all different."""
    random = np.random.default_rng(0)
    return [[" ".join(random.choice(WORDS, 8)), ("neg", "pos")[n % 2]] for n in range(num_rows)]


def write_csv(rows: Table, **options: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, **options).writerows([["text", "label"], *rows])
    return buffer.getvalue()


def join(rows: Table, delimiter: str = ",") -> str:
    return "".join(f"{delimiter.join(row)}\n" for row in [["text", "label"], *rows])


def put_quotes(rows: Table, *, opened: int = 10, closed: int = 13) -> Table:
    """Begin one text with a quote and end another with one."""
    rows[opened][0] = '"' + rows[opened][0]
    rows[closed][0] += '"'
    return rows


@pytest.mark.parametrize("distance", [1, 2, 30])
@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.tsv", "\t")])
def test_rows_between_plain_quotes_are_not_swallowed(
    read: Read, refuse: Callable[..., str], name: str, delimiter: str, distance: int
) -> None:
    rows = put_quotes(make_rows(), closed=10 + distance)
    message = refuse(join(rows, delimiter), name=name)
    assert message == (
        f"{name} line 12: a quote opens a field that ends on line {12 + distance}, but these lines look like rows of "
        "their own; expected rows outside quotes. If quotes are plain characters, add --quoting none; if the field "
        "really spans these lines, add --quoting csv."
    )
    assert read(join(rows, delimiter), name=name, quoting="none") == rows
    assert len(read(join(rows, delimiter), name=name, quoting="csv")) == 60 - distance


@pytest.mark.parametrize("columns", [(0, 1), (1, 0)])
def test_place_of_the_text_does_not_matter(refuse: Callable[..., str], columns: tuple[int, int]) -> None:
    rows = [[str(n), *[row[index] for index in columns]] for n, row in enumerate(put_quotes(make_rows()))]
    content = "".join(f"{','.join(row)}\n" for row in rows)
    assert "line 11: a quote opens" in refuse(content, columns=("id", "x", "y"))


def test_quotes_in_the_label_column_are_found(refuse: Callable[..., str]) -> None:
    rows = make_rows()
    rows[20][1], rows[23][1] = '"pos', 'neg"'
    assert "line 22: a quote opens a field that ends on line 25" in refuse(join(rows))


def test_quotes_in_a_file_sorted_by_label_are_found(refuse: Callable[..., str]) -> None:
    rows = [[label, text] for text, label in sorted(make_rows(), key=lambda row: row[1])]
    rows[29][1], rows[30][1] = f'"{rows[29][1]}', f'{rows[30][1]}"'
    assert "line 31: a quote opens" in refuse(join(rows))


def test_category_of_a_later_batch_is_known_in_time(
    refuse: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.ingest.files.rows.BATCH_ROWS", 29)
    rows = [[label, text] for text, label in sorted(make_rows(), key=lambda row: row[1])]
    rows[29][0] = "pos"
    rows[28][1], rows[30][1] = f'"{rows[28][1]}', f'{rows[30][1]}"'
    assert "line 30: a quote opens" in refuse(join(rows))


def test_quotes_of_old_macs_lines_are_found(refuse: Callable[..., str]) -> None:
    assert "line 12: a quote opens" in refuse(join(put_quotes(make_rows())).replace("\n", "\r"))


def test_broken_lines_among_swallowed_rows_do_not_hide_them(refuse: Callable[..., str]) -> None:
    rows = put_quotes(make_rows(), closed=16)
    rows[13] = ["a line without a label"]
    assert "line 12: a quote opens" in refuse(join(rows))


PROSE = [
    "Dear all,\nsee you, my friends,\nBob",
    "Well, it was fine\nreally, it was",
    "Well, it was\nfine",
    "12 High Street\nLondon, UK",
    "one,two\nthree,four",
    '"Quoted",\nhe said, "and" gone\n',
    "a\n\n\nb, c\n\n",
    "\n,\n",
    "pos\nneg",
    "a\rb\r\nc, d\r",
    "\n".join(f"line {n}, of many" for n in range(5_000)),
    "\n".join(f"line{n}" for n in range(5_000)),
]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("num_rows", [0, 3, 60])
def test_texts_of_several_lines_are_read(read: Read, num_rows: int, quoting: Any) -> None:
    rows = [*make_rows(num_rows), *([text, label] for text in PROSE for label in ("pos", "neg"))]
    assert read(write_csv(rows, quoting=quoting)) == rows
    turned = [[label, text] for text, label in rows]
    assert read(write_csv(turned, quoting=quoting), columns=("x", "y"))[1:] == turned


def test_columns_of_prose_are_read(read: Read) -> None:
    rows = [[f"Great, number {n}", f"It was\nfine, {WORDS[n]}"] for n in range(10)]
    assert read(write_csv(rows)) == rows


def test_lone_column_is_read_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text\none\n"two\n""lines"", here"\n"three\nlines\n"\n')
    (rows,) = read_rows(path, FileOptions(path=path, every_text=True))
    assert rows.columns.to_pylist() == [{"text": text} for text in ("one", 'two\n"lines", here', "three\nlines\n")]
    remedy = "; if quotes are plain characters, add --quoting none"
    assert rows.notes == (Note("quoted texts of several lines", 2, 3, remedy),)


@pytest.mark.parametrize(
    ("content", "num_rows"),
    [
        ('text\none\n"two\nthree"\n"four, five"\n', 3),
        ('"text"\n"one"\n"two\nthree"\n"four\n\n""five"""\n', 3),
        ('"text"\n"two\nthree"\n', 1),
    ],
)
def test_lone_column_whose_fields_must_be_quoted_is_read(read: Read, content: str, num_rows: int) -> None:
    assert len(read(content)) == num_rows


@pytest.mark.parametrize(
    "content", ['text\n"great fun\nso dull"\nfine\n', 'text\nfine\n"a\nb"\n"c"\n', '"text"\none\n"two\nthree"\n']
)
def test_lone_column_whose_lines_may_be_rows_is_refused(refuse: Callable[..., str], read: Read, content: str) -> None:
    assert "but these lines look like rows of their own" in refuse(content)
    num_lines = len(content.splitlines()) - 1
    assert len(read(content, quoting="none")) == num_lines
    assert len(read(content, quoting="csv")) == num_lines - 1


@pytest.mark.parametrize("last", ['she said "no" twice', '5" long'])
def test_lone_column_with_a_bare_quote_is_refused(refuse: Callable[..., str], read: Read, last: str) -> None:
    content = f'text\none\n"two\nthree"\nfour\n{last}\n'
    assert "line 3: a quote opens a field that ends on line 4" in refuse(content)
    assert len(read(content, quoting="none")) == 5


def test_lines_that_end_with_a_delimiter_are_read(read: Read) -> None:
    rows = [[f"w{n}", f"Please call me {n}\nThanks,"] for n in range(10)]
    assert read(write_csv(rows)) == rows


def test_tabs_in_quotes_are_read(read: Read) -> None:
    rows = [*make_rows(), ["one\ttwo\nthree", "pos"], ["four\tfive", "neg"], ['"six"\t\n', "pos"]]
    assert read(write_csv(rows, delimiter="\t"), name="a.tsv") == rows


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ('"open,pos\n', "line 62: unexpected end of data"),
        ('"no" said he,pos\n', "line 62: ',' expected after '\"'"),
        ('""no"" said he,pos\n', "line 62: ',' expected after '\"'"),
    ],
)
def test_quote_that_no_field_explains_is_named(refuse: Callable[..., str], line: str, finding: str) -> None:
    assert finding in refuse(join(make_rows()) + line)


def test_quotes_within_a_field_are_characters(read: Read) -> None:
    rows = [*make_rows(), ['he said "no" twice', "pos"], ['5" long', "neg"]]
    assert read(join(rows)) == rows


def test_field_that_may_hold_rows_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(write_csv([*make_rows(), ["one,odd\ntwo", "pos"], ["one, odd\ntwo", "pos"]]))
    (rows,) = read_rows(path, FileOptions(path=path))
    remedy = "; if quotes are plain characters, add --quoting none"
    assert (len(rows.numbers), rows.notes) == (62, (Note("quoted fields whose lines may be rows", 1, 62, remedy),))


def test_known_labels_outweigh_how_texts_begin(refuse: Callable[..., str]) -> None:
    rows = put_quotes(make_rows())
    rows[11][0], rows[13][0] = "", " " + rows[13][0]
    assert "line 12: a quote opens" in refuse(join(rows))
