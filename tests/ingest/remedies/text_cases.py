"""Files of text: how fields are separated and quoted, what a row is, and which character set the bytes are in."""

import gzip
import io
import json
import os
import tarfile

from tests.ingest.remedies.cases import (
    PLACE,
    Case,
    both,
    check_input,
    choose,
    leave_out,
    remove,
    rename,
    run,
    take_flag,
    use,
    write,
)
from tests.ingest.remedies.rows import GOOD, PAIRS, ROWS, zip_files

CYRILLIC = GOOD.replace("film", "фильм")
OPEN = GOOD.replace("film 5", '"film 5').replace("film 9", 'film 9"')
ESCAPED = "text,label\n" + "".join(f'"the \\"{text}\\", so",{label}\n' for text, label in PAIRS)
LINES = "".join(f"{label}: {text}\n" for text, label in PAIRS)
PATTERN = "(?P<label>[^:]+): (?P<text>.+)"
SLOW = {"tasks.ingest.files.patterns.MOST_SECONDS": 0.02}
SHORT = {"tasks.ingest.files.lines.LONGEST_LINE": 60}


def make_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("inner.csv")
        member.size = len(GOOD)
        archive.addfile(member, io.BytesIO(GOOD.encode()))
    return buffer.getvalue()


def make_lines(label: str) -> str:
    """The texts of a label, one a line."""
    return "".join(f"{text}\n" for text, own in PAIRS if own == label)


CASES = [
    *(
        Case(files={name: GOOD.replace(",", sign)}, message="another character", remedies=[take_flag("delimiter")])
        for name, sign in (("a.csv", ";"), ("a.csv", "\t"), ("a.csv", "|"), ("a.tsv", ","))
    ),
    Case(
        files={"a.csv": OPEN},
        message="look like rows of their own",
        remedies=[take_flag("quoting"), use(quoting="csv")],
    ),
    *(
        Case(
            files={"a.csv": f'text\n"a\nb"\n{rest}\n'},
            check=check_input,
            message="look like rows of their own",
            remedies=[take_flag("quoting"), use(quoting="csv")],
        )
        for rest in ('some "c" d', "c")
    ),
    Case(
        files={"a.csv": 'text\n"a\nb"\nc\n'},
        message="has no column with a usual name for the label",
        remedies=[write("a.csv", GOOD)],
    ),
    Case(files={"a.csv": GOOD.replace("film 5", '"film 5')}, message="If quotes", remedies=[take_flag("quoting")]),
    Case(
        files={"a.csv": GOOD.replace("text", '"text').replace(" 9", ' 9"')},
        message="A quoted name spans lines",
        remedies=[take_flag("quoting")],
    ),
    Case(
        files={"a.csv": ESCAPED},
        message="have a backslash before them, add --quoting backslash",
        remedies=[take_flag("quoting")],
    ),
    Case(
        files={"a.csv": GOOD + r'"\"",pos' + f'\n{ROWS}film ",neg\n'},
        message="look like rows of their own; .* add --quoting backslash",
        remedies=[take_flag("quoting", last=True)],
    ),
    *(
        Case(
            files={"a.csv": f"{start}{GOOD}"},
            message=f"number of fields 2, but the header has 1; .*: tail -n \\+{start.count(chr(10)) + 1} ",
            remedies=[run("rows.csv")],
        )
        for start in ("# exported by us\n", "Films\n\nof the year\n")
    ),
    *(
        Case(
            files={name: content},
            message="There are spaces between delimiters and quotes. .*: sed",
            remedies=[run(result)],
        )
        for name, content, result in (
            (
                "a.csv",
                GOOD.replace("film", '"one, film').replace(",neg", '" ,neg').replace(",pos", '" ,pos'),
                "rows.csv",
            ),
            ("a.csv", "label, text\r\n" + "".join(f'{label}, "a, {text}"\r\n' for text, label in PAIRS), "rows.csv"),
            ("a.tsv", "label\ttext\n" + "".join(f'{label}\t "a\t{text}" \n' for text, label in PAIRS), "rows.tsv"),
        )
    ),
    Case(
        files={"a.csv": GOOD + '"a"b,pos\n'},
        message="quotes inside them to be doubled",
        remedies=[take_flag("quoting"), write("a.csv", GOOD + '"a""b",pos\n')],
    ),
    Case(
        files={"a.csv": GOOD + "a,b,c\n"},
        message="number of fields 3, but the header has 2",
        remedies=[write("a.csv", GOOD + 'a,"b,c"\n' * 2)],
    ),
    Case(
        files={"a.csv": GOOD.replace(",", ", ").replace("film 3,", '"film 3",') + "a\n"},
        message="number of fields 1, but the header has 2",
        remedies=[write("a.csv", GOOD)],
    ),
    Case(
        files={"a.csv": GOOD.replace(",", ";").replace(" 7", " 7, or so")},
        message=r"delimiter \(--delimiter\)",
        remedies=[use(delimiter=";")],
    ),
    Case(
        files={"a.csv": GOOD},
        settings={"columns": "text,label,more"},
        message="but --columns names 3",
        remedies=[leave_out("columns")],
    ),
    Case(
        files={"a.csv": GOOD + "a,pos,\n"},
        message="line 42 ends with 1 delimiter more.*Remove the delimiters",
        remedies=[write("a.csv", GOOD + "a,pos\n")],
    ),
    Case(
        files={"a.csv": GOOD.replace("\n", ",\n").replace("label,", "label") + "a,pos,more\n"},
        message="number of fields 3, but the header has 2",
        remedies=[write("a.csv", GOOD + "a,pos\n"), write("a.csv", GOOD.replace("\n", ",\n").replace("l,", "l,x", 1))],
    ),
    Case(files={"a.csv": "text,label\n"}, message="has no rows.*Choose another", remedies=[write("a.csv", GOOD)]),
    *(
        Case(files={"a.csv": CYRILLIC.encode(codec)}, message="--charset", remedies=[take_flag("charset")])
        for codec in ("cp1251", "utf-16-le", "utf-16-be")
    ),
    *(
        Case(
            files={"a.csv": CYRILLIC},
            settings={"charset": charset},
            message="may be utf-8",
            remedies=[take_flag("charset")],
        )
        for charset in ("ascii", "utf-16")
    ),
    Case(
        files={"a.csv": GOOD.replace("film", "caf\xe9").encode("latin-1")},
        message="that which makes sense",
        remedies=[take_flag("charset")],
    ),
    Case(
        files={"a.csv": GOOD.replace("film", "你好电影").encode("gbk")},
        message="that which makes sense",
        remedies=[take_flag("charset")],
    ),
    *(
        Case(files={name: content.encode(charset)}, message=f"Add --charset {charset}", remedies=[take_flag("charset")])
        for name, charset, content in (
            ("a.csv", "iso2022_jp", GOOD.replace("film", "映画")),
            ("a.csv", "hz", GOOD.replace("film", "电影")),
            (
                "a.jsonl",
                "iso2022_jp",
                "".join(
                    json.dumps({"text": f"映画 {n}", "label": n % 2}, ensure_ascii=False) + "\n" for n in range(40)
                ),
            ),
        )
    ),
    Case(
        files={"a.csv": GOOD.encode() + bytes(range(0x80, 0x100)) + b",pos\n"},
        message="if it is text, or save it as UTF-8",
        remedies=[write("a.csv", GOOD + "a,pos\n"), use(charset="latin-1")],
    ),
    Case(
        files={"a/pos/1.txt": "café".encode("latin-1"), **{f"a/{label}/{text}.txt": text for text, label in PAIRS}},
        message="'pos/1.txt' is not utf-8",
        remedies=[take_flag("charset")],
    ),
    Case(
        files={"a.csv": GOOD + f"{'long ' * 20},pos\n"},
        limits=SHORT,
        message="longer than 60 characters.*Divide the line, or remove it",
        remedies=[write("a.csv", GOOD), write("a.csv", GOOD + "long,pos\nlong too,pos\n")],
    ),
    Case(
        files={"a.csv.gz": gzip.compress(GOOD.encode())[:-9]},
        message="expected a whole file. Copy or download it again",
        remedies=[write("a.csv.gz", gzip.compress(GOOD.encode()))],
    ),
    Case(
        files={"a.zip": b"no archive"},
        message="cannot be read at all: .*; expected a whole file. Copy or download it again",
        remedies=[write("a.zip", zip_files({"a.csv": GOOD}))],
    ),
    Case(
        files={"rows": ROWS},
        message="Its lines look like a table: --delimiter ',', with --columns if the first line is no header",
        remedies=[
            both(take_flag("delimiter"), use(columns="text,label")),
            both(rename("rows", "rows.csv"), use(columns="text,label")),
        ],
    ),
    *(
        Case(
            files={name: content}, message="Its lines look like a table: --delimiter", remedies=[take_flag("delimiter")]
        )
        for name, content in (
            ("a.psv", GOOD.replace(",", "|")),
            ("a.txt", GOOD.replace(",", "\t")),
            ("a.dat", "\ufeff" + GOOD.replace(",", ";")),
            ("a.csv.txt.gz", gzip.compress(GOOD.encode())),
        )
    ),
    *(
        Case(files={name: content}, message=message, remedies=[take_flag("line_pattern")])
        for name, content, message in (
            ("a.ft.txt", "".join(f"__label__{label} {text}, so\n" for text, label in PAIRS), "as fastText reads them"),
            ("a", "".join(f"{text}, so\t__label__{label}\n" for text, label in PAIRS), "as fastText reads them"),
            ("a.dat", "".join(f"{label}::{text}, so: so\n" for text, label in PAIRS), "lines of a label and a text"),
        )
    ),
    *(
        Case(
            files={"a.dump": content},
            message=f"It looks like JSON. Rename it: .*{ending}",
            remedies=[rename("a.dump", f"a{ending}")],
        )
        for content, ending in (
            ("".join(f"{json.dumps({'text': text, 'label': label})}\n" for text, label in PAIRS), ".jsonl"),
            (json.dumps([{"text": text, "label": label} for text, label in PAIRS]), ".json"),
        )
    ),
    Case(
        files={"rows": "so\n" + "".join(f"{label}, {text}\n" for text, label in PAIRS)},
        message="--delimiter for a table, --line-pattern for lines",
        remedies=[use(line_pattern="(?P<label>neg|pos|so)(?P<text>.*)", max_dropped_share=0.5)],
    ),
    Case(
        files={"a.bin": bytes(range(256)), "b.csv": GOOD},
        message="holds bytes that no text has, .* Save its texts as a table, such as .csv",
        remedies=[choose(f"{PLACE}/b.csv")],
    ),
    Case(
        files={"a.duckdb": b"checksum" + b"DUCK" + bytes(99), "b.csv": GOOD},
        message=r"is a DuckDB database; .* Name it so: 'duckdb:///my \$films/a.duckdb'$",
        remedies=[choose(f"{PLACE}/b.csv")],
    ),
    Case(
        files={f"{label}.txt": make_lines(label) for label in ("neg", "pos")},
        dataset=f"{PLACE}/neg.txt",
        message="where each file has the texts of one label, name them all, as in neg.txt,pos.txt",
        remedies=[choose(f"{PLACE}/neg.txt,{PLACE}/pos.txt")],
    ),
    Case(
        files={
            "neg.txt": make_lines("neg"),
            "pos.txt": make_lines("pos"),
            "pos.txt.gz": gzip.compress(b"good\nbest\n"),
        },
        dataset=f"{PLACE}/neg.txt,{PLACE}/pos.txt,{PLACE}/pos.txt.gz",
        message=r"pos.txt and my \$films/pos.txt.gz have the same label, 'pos'.*Rename or join them",
        remedies=[
            both(rename("pos.txt.gz", "best.txt.gz"), choose(f"{PLACE}/neg.txt,{PLACE}/pos.txt,{PLACE}/best.txt.gz")),
            both(
                write("pos.txt", make_lines("pos") + "good\nbest\n"),
                both(remove("pos.txt.gz"), choose(f"{PLACE}/neg.txt,{PLACE}/pos.txt")),
            ),
        ],
    ),
    Case(
        files={"a.txt": LINES},
        settings={"line_pattern": f"{PATTERN}!"},
        message="does not match --line-pattern.*Correct the line, or the pattern",
        remedies=[use(line_pattern=PATTERN), write("a.txt", LINES.replace("\n", "!\n"))],
    ),
    Case(
        files={"a.txt": LINES + f"pos: {'a' * 60}\n"},
        settings={"line_pattern": "(?P<label>[^:]+): (?P<text>(a|aa|[^a]|[^a][^a])+)!?x?y?z?\\d"},
        limits=SLOW,
        message="without a repetition within a repetition",
        remedies=[use(line_pattern=PATTERN)],
    ),
    Case(
        files={"a.csv": GOOD},
        settings={"records_at": "data"},
        message="leave it out",
        remedies=[leave_out("records_at")],
    ),
    *(
        Case(files={name: make_tar()}, message="Unpack it: tar -xf", remedies=[run("inner.csv")])
        for name in ("a.csv.gz", "a.tar.gz", "a.tgz", "a.csv")
    ),
    Case(
        files={"a.pdf": b"%PDF-1.7 film"},
        message="not text but a PDF document; expected text. Save its texts as a table, such as .csv",
        remedies=[both(write("a.csv", GOOD), choose(f"{PLACE}/a.csv"))],
    ),
    Case(
        files={"a.csv": b"7z\xbc\xaf\x27\x1c film"},
        message=r"Unpack it: 7z x 'my \$films/a.csv'$",
        remedies=[write("a.csv", GOOD)],
    ),
    Case(files={"a.csv": ""}, message="is empty; expected texts in it", remedies=[write("a.csv", GOOD)]),
    Case(
        files={"a.csv": os.mkfifo},
        message="can be read twice. Write its content to a file first",
        remedies=[write("a.csv", GOOD)],
    ),
    Case(
        files={"a.csv": ROWS},
        message="if the file has no header, name its columns with --columns",
        remedies=[use(columns="text,label")],
    ),
]
