"""Files of every format with the same rows."""

import bz2
import csv
import gzip
import io
import json
import lzma
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

Row = tuple[str | None, str | None]
Write = Callable[[Path, Sequence[Row]], tuple[Path, dict[str, Any]]]
NAMES = ("text", "label")
HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def make_table(rows: Sequence[Row]) -> pa.Table:
    return pa.table({name: pa.array([row[index] for row in rows], pa.string()) for index, name in enumerate(NAMES)})


def write_bytes(folder: Path, name: str, content: bytes, **options: Any) -> tuple[Path, dict[str, Any]]:
    (folder / name).write_bytes(content)
    return folder / name, options


def spell_csv(rows: Sequence[Row], delimiter: str = ",") -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([NAMES, *((text or "", label or "") for text, label in rows)])
    return buffer.getvalue().encode()


def spell_json(rows: Sequence[Row], **options: Any) -> bytes:
    return json.dumps([dict(zip(NAMES, row, strict=True)) for row in rows], ensure_ascii=False, **options).encode()


def spell_lines(rows: Sequence[Row]) -> bytes:
    return b"".join(spell_json([row])[1:-1] + b"\n" for row in rows)


def spell_arrow(rows: Sequence[Row], *, is_stream: bool) -> bytes:
    buffer, table = io.BytesIO(), make_table(rows)
    with (pa.ipc.new_stream if is_stream else pa.ipc.new_file)(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def spell_file(rows: Sequence[Row], write: Callable[..., Any]) -> bytes:
    buffer = io.BytesIO()
    write(make_table(rows), buffer)
    return buffer.getvalue()


def zip_bytes(content: bytes | dict[str, bytes], name: str = "inner.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, part in (content if isinstance(content, dict) else {name: content}).items():
            archive.writestr(member, part)
    return buffer.getvalue()


def spell_xlsx(sheets: dict[str, Sequence[Sequence[Any]]]) -> bytes:
    """Write a workbook of Excel with inline strings and numbers."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        + "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        + "</Relationships>",
    }
    for number, rows in enumerate(sheets.values(), 1):
        lines = [
            f'<row r="{n}">' + "".join(spell_cell(value, f"{chr(65 + c)}{n}") for c, value in enumerate(row)) + "</row>"
            for n, row in enumerate(rows, 1)
        ]
        parts[f"xl/worksheets/s{number}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
        )
    return zip_bytes({name: (HEADER + content).encode() for name, content in parts.items()})


def spell_cell(value: Any, place: str) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def spell_ods(rows: Sequence[Sequence[str | None]]) -> bytes:
    """Write a sheet of OpenDocument with strings."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    cells = [
        [
            f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
            if value
            else "<table:table-cell/>"
            for value in row
        ]
        for row in rows
    ]
    lines = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in cells)
    content = (
        f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
        f'xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Sheet1">{lines}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'<m:manifest xmlns:m="{names}:manifest:1.0"><m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>'
    )
    parts = {"mimetype": kind, "META-INF/manifest.xml": HEADER + manifest, "content.xml": HEADER + content}
    return zip_bytes({name: part.encode() for name, part in parts.items()})


def write_sqlite(folder: Path, rows: Sequence[Row]) -> tuple[Path, dict[str, Any]]:
    path = folder / "a.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE films (text, label)")
        database.executemany("INSERT INTO films VALUES (?, ?)", rows)
    return path, {}


def write_saved(folder: Path, rows: Sequence[Row]) -> tuple[Path, dict[str, Any]]:
    """Write a set as Hugging Face Datasets saves one, in two files."""
    saved = folder / "saved"
    saved.mkdir(exist_ok=True)
    (saved / "state.json").write_text("{}")
    for number, part in enumerate((rows[:7], rows[7:])):
        (saved / f"data-0000{number}-of-00002.arrow").write_bytes(spell_arrow(part, is_stream=True))
    return saved, {}


WRITERS: dict[str, Write] = {
    "csv": lambda folder, rows: write_bytes(folder, "a.csv", spell_csv(rows), quoting="csv"),
    "tsv": lambda folder, rows: write_bytes(folder, "a.tsv", spell_csv(rows, "\t"), quoting="csv"),
    "jsonl": lambda folder, rows: write_bytes(folder, "a.jsonl", spell_lines(rows)),
    "json": lambda folder, rows: write_bytes(folder, "a.json", spell_json(rows)),
    "indented": lambda folder, rows: write_bytes(folder, "a.json", spell_json(rows, indent=1)),
    "parquet": lambda folder, rows: write_bytes(folder, "a.parquet", spell_file(rows, pq.write_table)),
    "arrow": lambda folder, rows: write_bytes(folder, "a.arrow", spell_arrow(rows, is_stream=False)),
    "stream": lambda folder, rows: write_bytes(folder, "a.arrow", spell_arrow(rows, is_stream=True)),
    "feather": lambda folder, rows: write_bytes(folder, "a.feather", spell_file(rows, pa.feather.write_feather)),
    "orc": lambda folder, rows: write_bytes(folder, "a.orc", spell_file(rows, pa.orc.write_table)),
    "sqlite": write_sqlite,
    "saved": write_saved,
    "gz": lambda folder, rows: write_bytes(folder, "a.csv.gz", gzip.compress(spell_csv(rows)), quoting="csv"),
    "bz2": lambda folder, rows: write_bytes(folder, "a.jsonl.bz2", bz2.compress(spell_lines(rows))),
    "xz": lambda folder, rows: write_bytes(folder, "a.parquet.xz", lzma.compress(spell_file(rows, pq.write_table))),
    "zip": lambda folder, rows: write_bytes(folder, "a.zip", zip_bytes(spell_lines(rows), "x/inner.jsonl")),
    "xlsx": lambda folder, rows: write_bytes(folder, "a.xlsx", spell_xlsx({"Sheet1": [NAMES, *rows]})),
    "ods": lambda folder, rows: write_bytes(folder, "a.ods", spell_ods([NAMES, *rows])),
}


@pytest.fixture(scope="session")
def writers() -> dict[str, Write]:
    """For each format, a function that writes rows of text and label into a folder: the path, and the flags for it."""
    return WRITERS


@pytest.fixture(scope="session")
def write_workbook() -> Callable[[Path, dict[str, Sequence[Sequence[Any]]]], Path]:
    """Write a workbook of sheets: write_workbook(path, {"Sheet1": [["text"], ["good"]]})."""

    def write(path: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> Path:
        path.write_bytes(spell_xlsx(sheets))
        return path

    return write
