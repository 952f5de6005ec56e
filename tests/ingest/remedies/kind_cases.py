"""Files of other kinds than text, folders, and paths: what they are, and what is in them."""

import base64
import bz2
import errno
import gzip
import io
import lzma
import os
import sqlite3
import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq

from tests.ingest.files.conftest import spell_ods, spell_xlsx
from tests.ingest.remedies.cases import (
    PLACE,
    Attempt,
    Case,
    allow,
    both,
    check_input,
    choose,
    leave_out,
    lift,
    rename,
    run,
    take_choice,
    take_flag,
    take_meant,
    use,
    write,
    write_all,
)
from tests.ingest.remedies.rows import (
    COLUMNS,
    GOOD,
    PAIRS,
    write_arrow,
    write_parquet,
    write_sqlite,
    zip_files,
)

TABLE = pa.table(COLUMNS)
FRAME = pd.DataFrame(COLUMNS)
SHEET: Sequence[tuple[str, ...]] = [("text", "label"), *PAIRS]
BOOK = spell_xlsx({"Data": SHEET})
BOMB = "text,label\n" + "".join(f"{'long ' * 200}{n},{('neg', 'pos')[n % 2]}\n" for n in range(200))
UNPACKED = {"tasks.ingest.files.compression.ALWAYS_UNPACKED": 1_000, "tasks.ingest.files.compression.MOST_TIMES": 2}
LOCKED = {"os.access": lambda path, _mode: bool(path.stat().st_mode & 0o400)}
BAD_NAME = os.fsdecode(b"caf\xe9.txt")
READ = Path.read_bytes
LOCKS: list[sqlite3.Connection] = []
TEXTS = {f"{label}/{text}.txt": text for text, label in PAIRS}
# GOOD as inner.csv, encrypted as zip has always done it; the password is: secret.
ENCRYPTED = base64.b64decode(
    "UEsDBBQACwAIALVWel2+6K7cgwAAAOEBAAAJAAAAaW5uZXIuY3N2LEJZPygFYJDoz6VSm+fvtp0SWs3p73VqdZ5/OEcbYH90aQRC"
    "dJBe7SJQKGUJloLuEvlhZUL1/j7BmfLXdhd3gUmLASGYpoc6EFu0DH/hYbui8xAn9KWNSKV/ozE9FWNZUq0+dNACxcuLWWBTcnSa"
    "xZnZYH0htUREPjf/ZC/mQCp9ZMpQSwcIvuiu3IMAAADhAQAAUEsBAh4DFAALAAgAtVZ6Xb7ortyDAAAA4QEAAAkAAAAAAAAAAQAA"
    "AKSBAAAAAGlubmVyLmNzdlBLBQYAAAAAAQABADcAAAC6AAAAAAA="
)


def save(write_file: Callable[[Any], object]) -> bytes:
    """The content of a file that a library writes."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_file(buffer)
    return buffer.getvalue()


def compress_zstd(content: str) -> bytes:
    return bytes(pa.compress(content.encode(), codec="zstd", asbytes=True))


def encrypt_strongly() -> bytes:
    """An archive that claims to be encrypted with AES."""
    content = bytearray(ENCRYPTED)
    for mark, place in ((b"PK\x01\x02", 10), (b"PK\x03\x04", 8)):
        content[content.index(mark) + place] = 99
    return bytes(content)


def write_damaged_name(path: Path) -> None:
    """A column whose name is not UTF-8."""
    pq.write_table(pa.table({**COLUMNS, "cafes": COLUMNS["text"]}), path)
    path.write_bytes(path.read_bytes().replace(b"cafes", b"caf\xe9s"))


def write_saved(folder: str, *names: str) -> dict[str, Any]:
    return {
        f"{folder}/{name}": write_parquet({**COLUMNS, "text": [f"{name} {n}" for n in range(40)]}) for name in names
    }


def touch_badly(path: Path) -> None:
    """Name a file beside a path in bytes that are not UTF-8."""
    path.write_text("film")
    (path.parent / BAD_NAME).write_text("film")


def write_locked(path: Path) -> None:
    path.write_text(GOOD)
    path.chmod(0)


def read_unless_locked(path: Path) -> bytes:
    """Read a file as people do who are not the administrator."""
    if not path.stat().st_mode & 0o400:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return READ(path)


def write_broken_view(path: Path) -> None:
    write_sqlite({"films": PAIRS})(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE VIEW broken AS SELECT y AS text, label FROM films")


def write_locked_database(path: Path) -> None:
    """A database to which a program is writing; the lock ends with the connection."""
    write_sqlite({"films": PAIRS})(path)
    LOCKS.append(sqlite3.connect(path, isolation_level=None))
    LOCKS[-1].execute("BEGIN EXCLUSIVE")


def unlock() -> None:
    while LOCKS:
        LOCKS.pop().close()


def wait_for_lock(attempt: Attempt, _: str) -> Attempt:
    unlock()
    return attempt


CASES = [
    # Kinds in disguise, and kinds that are converted.
    *(
        Case(files={"a.csv": content}, message=f"Rename it: .*{ending}", remedies=[rename("a.csv", f"{stem}{ending}")])
        for content, stem, ending in (
            (gzip.compress(GOOD.encode()), "a.csv", ".gz"),
            (compress_zstd(GOOD), "a.csv", ".zst"),
            (bz2.compress(GOOD.encode()), "a.csv", ".bz2"),
            (lzma.compress(GOOD.encode()), "a.csv", ".xz"),
            (zip_files({"inner.csv": GOOD}), "a", ".zip"),
            (BOOK, "a", ".xlsx"),
            (spell_ods(SHEET), "a", ".ods"),
            (write_parquet(COLUMNS), "a", ".parquet"),
            (write_arrow(COLUMNS), "a", ".arrow"),
            (save(lambda file: pa.orc.write_table(TABLE, file)), "a", ".orc"),
            (write_sqlite({"films": PAIRS}), "a", ".sqlite"),
        )
    ),
    Case(
        files={"rows": gzip.compress(GOOD.encode())},
        message="after the ending of what it holds, such as .csv.gz",
        remedies=[rename("rows", "rows.csv.gz")],
    ),
    *(
        Case(files={name: content}, message="Convert it: python -c", remedies=[run("rows.parquet")])
        for name, content in (
            ("a.pkl", save(FRAME.to_pickle)),
            ("it's.dta", save(lambda file: FRAME.to_stata(file, write_index=False))),
            ("a.xml", save(lambda file: FRAME.to_xml(file, index=False, parser="etree"))),
            ("a.feather", save(lambda file: pa.feather.write_feather(FRAME, file, version=1))),
        )
    ),
    # Archives.
    *(
        Case(
            files={name: content},
            limits=UNPACKED,
            message="more than 2 times its size; .*unpack it first: python -",
            remedies=[run(result)],
        )
        for name, content, result in (
            ("a.csv.gz", gzip.compress(BOMB.encode()), "a.csv"),
            ("a.csv.zst", compress_zstd(BOMB), "a.csv"),
            ('an "a".csv.bz2', bz2.compress(BOMB.encode()), 'an "a".csv'),
            ("it's.csv.xz", lzma.compress(BOMB.encode()), "it's.csv"),
            ("a.zip", zip_files({"d/inner.csv": BOMB}), "d/inner.csv"),
        )
    ),
    Case(
        files={"a.zip": zip_files({"d/inner.csv": GOOD, "d/about.md": "about"})},
        message="holds 2 files; expected one. Unpack it, and name a file or a folder of it: python -m zipfile -e",
        remedies=[run("d/inner.csv")],
    ),
    Case(
        files={"a.zip": zip_files(TEXTS)},
        message="Unpack it, and name a file or a folder of it",
        remedies=[both(run("x"), choose("."))],
    ),
    Case(
        files={"a.zip": zip_files({"__MACOSX/._a.csv": "x"})},
        message="holds no file; expected one. Add it, or choose another archive",
        remedies=[write("a.zip", zip_files({"a.csv": GOOD})), write("a.zip", zip_files({"inner.csv": GOOD}))],
    ),
    Case(
        files={"a.zip": ENCRYPTED},
        message="has a password; expected a file without one. Unpack it: python -c",
        remedies=[run("inner.csv", typed="secret\n")],
    ),
    Case(
        files={"a.zip": encrypt_strongly()},
        message=r"has a password; .*: 7z x 'my \$films/a.zip'$",
        remedies=[write("a.zip", zip_files({"a.csv": GOOD}))],
    ),
    # Columnar files, workbooks and databases.
    *(
        Case(
            files={name: content},
            message="cannot be read as .*; expected a whole file. Copy or download it again",
            remedies=[write(name, better)],
        )
        for name, content, better in (
            ("a.parquet", b"PAR1", write_parquet(COLUMNS)),
            ("a.arrow", b"ARROW1", write_arrow(COLUMNS)),
            ("a.xlsx", BOOK[:-9], BOOK),
            ("a.db", "hello " * 9, write_sqlite({"films": PAIRS})),
        )
    ),
    Case(
        files={"a.parquet": write_damaged_name},
        message=r"a column whose name is not UTF-8, 'caf\\+xe9s'; expected UTF-8. Rename it and save again",
        remedies=[write("a.parquet", write_parquet({**COLUMNS, "cafés": COLUMNS["text"]}))],
    ),
    Case(
        files={"a.xlsx": BOOK},
        limits={"tasks.ingest.files.workbooks.find_spec": lambda _: None},
        message="needs the package python-calamine to be read; .*: python -m pip install python-calamine$",
        remedies=[lift],
    ),
    *(
        Case(
            files={name: content},
            message=f"whatever its name says; expected a workbook. Rename it: its name should end in {ending}$",
            remedies=[rename(name, f"a{ending}")],
        )
        for name, content, ending in (
            ("a.xls", BOOK, ".xlsx"),
            ("a.xlsx", GOOD, ".csv"),
            ("a.xls", GOOD.replace(",", "\t"), ".tsv"),
        )
    ),
    Case(
        files={"a.xls": "\n<html><table><tr><td>text"},
        message="is a page of HTML or XML, whatever its name says; .* Open it in a spreadsheet and save it as .csv",
        remedies=[both(write("a.csv", GOOD), choose(f"{PLACE}/a.csv"))],
    ),
    Case(
        files={"a.xlsx": spell_xlsx({"Data": [("Films", ""), *SHEET]})},
        message="if there is a title above the header, remove it",
        remedies=[write("a.xlsx", BOOK)],
    ),
    Case(
        files={"a.xlsx": BOOK},
        limits={"tasks.ingest.files.workbooks.MOST_BYTES": 1_000},
        message="unpacks to more than 1,000 bytes; expected less. Save it as CSV",
        remedies=[both(write("a.csv", GOOD), choose(f"{PLACE}/a.csv"))],
    ),
    Case(
        files={"a.xlsx": spell_xlsx({"Data": SHEET, "More": SHEET})},
        message="several sheets with cells: 'Data', 'More'; expected one. Choose one with --table",
        remedies=[use(table="Data"), use(table="More")],
    ),
    Case(
        files={"a.xlsx": spell_xlsx({"Data": SHEET, "Empty": []})},
        settings={"table": "data"},
        message="--table: a.xlsx has no sheet 'data'",
        remedies=[take_choice("table"), take_meant("table"), leave_out("table")],
    ),
    Case(
        files={"a.db": write_sqlite({"films": PAIRS, "more": PAIRS})},
        message="several tables: 'films', 'more'; expected one. Choose one with --table",
        remedies=[use(table="films"), use(table="more")],
    ),
    Case(
        files={"a.db": write_sqlite({"films": PAIRS})},
        settings={"table": "flims"},
        message="--table: a.db has no table 'flims'",
        remedies=[take_choice("table"), take_meant("table"), leave_out("table")],
    ),
    Case(
        files={"a.db": write_sqlite({}), "b.csv": GOOD},
        message="no table; expected one with labelled texts. Choose another database",
        remedies=[write("a.db", write_sqlite({"films": PAIRS}))],
    ),
    Case(
        files={"a.db": write_sqlite({"films": PAIRS})},
        settings={"query": "SELECT text, y FROM films"},
        message="--query: a.db refuses 'SELECT text, y FROM films': no such column: y; .* Correct it",
        remedies=[use(query="SELECT text, label FROM films"), leave_out("query")],
    ),
    Case(
        files={"a.db": write_sqlite({"films": PAIRS})},
        settings={"query": "PRAGMA foreign_keys = 1"},
        message="gives no rows; expected a SELECT. Write one",
        remedies=[use(query="SELECT * FROM films")],
    ),
    Case(
        files={"a.db": write_broken_view},
        settings={"table": "broken"},
        message="a.db: no such column: y; expected a table that can be read. Choose another with --table",
        remedies=[use(table="films")],
    ),
    *(
        Case(
            files={"a.db": write_locked_database},
            settings=settings,
            limits={"sqlite3.connect": partial(sqlite3.connect, timeout=0)},
            message="a.db: database is locked; expected that no other program .* Try again when that is done",
            remedies=[wait_for_lock],
        )
        for settings in ({}, {"query": "SELECT * FROM films"})
    ),
    # Folders.
    Case(
        files={f"set/{split}/{name}": f"{split} {text}" for split in ("train", "test") for name, text in TEXTS.items()},
        message=r"Choose one of its subfolders: test, train \(--dataset, --test-path\)",
        remedies=[
            choose(f"{PLACE}/set/train"),
            both(choose(f"{PLACE}/set/train"), use(test_path=f"{PLACE}/set/test")),
        ],
    ),
    *(
        Case(
            files={f"set/{name}": GOOD.replace("film", name) for name in ("test.csv", "train.csv", "x.csv")},
            dataset=dataset,
            message=f"Name it: --dataset '{PLACE}/set/train.csv', and those of the others that have labels: "
            f"--test-path '{PLACE}/set/test.csv'$".replace("$f", r"\$f"),
            remedies=[take_flag("dataset"), both(take_flag("dataset"), take_flag("test_path"))],
        )
        for dataset in (f"{PLACE}/set", f"./{PLACE}/set")
    ),
    Case(
        files={"set/a.jsonl.gz": gzip.compress(b'{"text": "good"}')},
        check=check_input,
        message=r"Name it: --input 'my \$films/set/a.jsonl.gz'$",
        remedies=[choose(f"{PLACE}/set/a.jsonl.gz")],
    ),
    Case(
        files={"set/README.md": "about"},
        message="holds no <label>/.*.txt; expected a folder per label with a text per file",
        remedies=[write_all({f"set/{name}": text for name, text in TEXTS.items()})],
    ),
    Case(
        files={f"set/{name}": text for name, text in {**TEXTS, "pos/long.txt": "long " * 9}.items()},
        limits={"tasks.ingest.files.folder.LONGEST_LINE": 20},
        message="larger than 20 bytes; expected one text per file. Cut it into texts, or move it out of the folder",
        remedies=[
            both(write("set/pos/long.txt", "long"), write("set/pos/longer.txt", "longer")),
            rename("set/pos/long.txt", "long.txt"),
        ],
    ),
    Case(
        files={**{f"set/{name}": text for name, text in TEXTS.items()}, "set/pos/x.txt": write_locked},
        limits={"pathlib.Path.read_bytes": read_unless_locked},
        message="x.txt cannot be read to its end: .*; expected a readable file. Change its permissions",
        remedies=[allow("set/pos/x.txt")],
    ),
    Case(
        files={**{f"set/{name}": text for name, text in TEXTS.items()}, "set/pos/x.txt": touch_badly},
        message="in folder 'pos' is not UTF-8; expected names that are. Rename it",
        remedies=[rename(f"set/pos/{BAD_NAME}", "set/pos/cafe.txt")],
    ),
    Case(
        files=write_saved("set", "train-0.parquet", "part-1.parquet"),
        message="names such as train-0.parquet for all. Rename the others, or move them away",
        remedies=[rename("set/part-1.parquet", "set/train-1.parquet"), rename("set/part-1.parquet", "part-1.parquet")],
    ),
    Case(
        files={"set/README.md": "about"},
        check=check_input,
        message="holds no .txt files; expected one per text, in it or in its subfolders",
        remedies=[write("set/a.txt", "film"), write("set/pos/a.txt", "film")],
    ),
    # Paths.
    Case(
        files={"films.csv": GOOD},
        dataset=f"{PLACE}/flims.csv",
        message="no such file; expected a file or a folder. Did you mean 'films.csv'",
        remedies=[take_meant()],
    ),
    Case(
        files={"films.csv": GOOD},
        dataset="my $flims/films.csv",
        message="no such file; .* has no folder 'my .flims'. Correct the path. Did you mean 'my .films'",
        remedies=[choose(f"{PLACE}/films.csv")],
    ),
    Case(
        files={"a.csv": write_locked},
        limits=LOCKED,
        message="is not readable; expected one that is. Change its permissions",
        remedies=[allow("a.csv")],
    ),
]
