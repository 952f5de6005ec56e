"""Rows that were read: which columns are used, what the labels are, and which split each row is in."""

import json

import pyarrow as pa

from tests.ingest.remedies.cases import (
    PLACE,
    Case,
    check_challenge,
    check_unlabelled,
    leave_out,
    take_flag,
    take_meant,
    use,
    write,
)
from tests.ingest.remedies.rows import COLUMNS, GOOD, OBJECTS, PAIRS, ROWS, write_arrow, write_parquet

SAME = GOOD.replace("label", "x,label").replace(",neg", ",1,neg").replace(",pos", ",1,pos")
UNIQUE = "text,x,label\n" + "".join(f"{text},no {text},{label}\n" for text, label in PAIRS)
LONG = UNIQUE.replace("no film", f"{'long ' * 200}film", 2)
FRACTIONS = "text,label,kind\n" + "".join(f"{text},{n / 7},{label}\n" for n, (text, label) in enumerate(PAIRS))
TWO = GOOD.replace("\n", ",1\n").replace("label,1", "label,class")
REPEATED = GOOD.replace("\n", ",x\n").replace("label,x", "label,label")
TWO_LABELS = [{**row, "label": ["a", "b"] if n < 4 else [row["label"]]} for n, row in enumerate(OBJECTS)]
ONE_HOT = "".join(f"film {n},{n % 2},{n // 2 % 2},{n // 3 % 2}\n" for n in range(40))
OPPOSITES = "".join(f"film {n},{n % 2},{1 - n % 2}\n" for n in range(40))
TEST_ONLY = ROWS.replace("\n", ",test\n")
TRAIN_ONLY = ROWS.replace("\n", ",train\n")
NESTED = [{"text": {"title": "a"}, "label": ["a", ["b"]], "said": row["text"], "kind": row["label"]} for row in OBJECTS]
BYTES = {**COLUMNS, "text": pa.array([b"caf\xe9", *(text.encode() for text in COLUMNS["text"][1:])])}
HEAD = {"tasks.ingest.head.HEAD_BYTES": 100}
OTHER = f"{PLACE}/b.csv"


def write_objects(rows: list[dict[str, object]]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


CASES = [
    # Columns.
    Case(
        files={"a.csv": GOOD.replace("text", "said")},
        message="Choose one with --text-column",
        remedies=[use(text_column="said")],
    ),
    Case(
        files={"a.csv": GOOD.replace("label", "y")},
        message="Choose one with --label-column",
        remedies=[use(label_column="y")],
    ),
    Case(
        files={"a.csv": GOOD.replace("label", "y")},
        settings={"label_column": "Y"},
        message="--label-column: a.csv has no column 'Y'",
        remedies=[take_meant("label_column"), use(label_column="y")],
    ),
    Case(
        files={"a.csv": GOOD},
        settings={"label_column": "text"},
        message="two different columns. Choose another with --label-column or --text-column",
        remedies=[use(label_column="label")],
    ),
    Case(
        files={"a.csv": GOOD},
        settings={"text_column": "label"},
        message="two different columns. Choose another with --label-column or --text-column",
        remedies=[use(text_column="text")],
    ),
    Case(
        files={"a.csv": UNIQUE},
        settings={"slice_column": "label"},
        message="is read as text or label; expected another column. Leave it out",
        remedies=[leave_out("slice_column"), use(slice_column="x")],
    ),
    Case(
        files={"a.csv": REPEATED},
        settings={"label_column": "label"},
        message="has 2 columns named 'label'; expected one. Rename the others",
        remedies=[write("a.csv", REPEATED.replace("label,label", "label,other"))],
    ),
    Case(
        files={"a.csv": TWO},
        message="several columns that may hold the label.*Choose one with --label-column",
        remedies=[use(label_column="label")],
    ),
    *(
        Case(files={"a.csv": content}, message="Train on one of these columns", remedies=[take_flag("label_column")])
        for content in (f"text,toxic,mild,rude\n{ONE_HOT}", f"text,ham,spam\n{OPPOSITES}")
    ),
    Case(
        files={"a.jsonl": write_objects(NESTED)},
        settings={"label_column": "kind"},
        message="an object or a list in column 'text'; expected text. Choose another column",
        remedies=[use(label_column="kind", text_column="said")],
    ),
    Case(
        files={"a.jsonl": write_objects(NESTED)},
        settings={"text_column": "said"},
        message="an object or a list in column 'label'; expected text. Choose another column",
        remedies=[use(label_column="kind", text_column="said")],
    ),
    Case(
        files={"a.jsonl": write_objects(NESTED)},
        settings={"text_column": "said", "label_column": "kind", "slice_column": "text"},
        message="Choose another column",
        remedies=[leave_out("slice_column")],
    ),
    Case(
        files={"a.parquet": write_parquet({**COLUMNS, "text": [{"a": "b"}] * 40, "said": COLUMNS["text"]})},
        message="row 1 holds an object or a list in column 'text'; expected text. Choose another column",
        remedies=[use(text_column="said")],
    ),
    Case(
        files={
            "a.arrow": write_arrow(
                {**COLUMNS, "text": pa.array([(1, 2, 3)] * 40, pa.month_day_nano_interval()), "said": COLUMNS["text"]}
            )
        },
        message="in column 'text'; expected text or numbers. Choose another column",
        remedies=[use(text_column="said")],
    ),
    Case(
        files={"a.parquet": write_parquet({**BYTES, "said": COLUMNS["text"]})},
        message="row 1 holds bytes that are not UTF-8 in column 'text'; .*Save the column as strings, or",
        remedies=[write("a.parquet", write_parquet(COLUMNS)), use(text_column="said")],
    ),
    # Labels.
    Case(
        files={"a.csv": SAME},
        settings={"label_column": "x"},
        message="all labels are '1'; .*Choose another with --label-column",
        remedies=[leave_out("label_column")],
    ),
    Case(
        files={"a.csv": UNIQUE},
        settings={"label_column": "x"},
        message="looks like free text.*Choose another with --label-column",
        remedies=[leave_out("label_column")],
    ),
    Case(
        files={"a.csv": FRACTIONS},
        message="looks like a continuous measure.*Choose another with --label-column",
        remedies=[use(label_column="kind")],
    ),
    Case(
        files={"a.csv": LONG},
        settings={"label_column": "x"},
        message="a label has 1,006 characters.*Choose another with --label-column",
        remedies=[leave_out("label_column")],
    ),
    Case(
        files={"a.csv": GOOD},
        settings={"ordinal": True},
        message="--ordinal: the label 'neg' is no number.*Replace the labels by numbers, or leave out --ordinal",
        remedies=[leave_out("ordinal"), write("a.csv", GOOD.replace("neg", "1").replace("pos", "2"))],
    ),
    Case(
        files={"a.csv": f"{GOOD}odd,rare\n"},
        message="fewer than 2 training .*Add examples, merge classes or remove the rows",
        remedies=[
            write("a.csv", GOOD + "odd,rare\nodder,rare\n"),
            write("a.csv", GOOD + "odd,pos\n"),
            write("a.csv", GOOD),
        ],
    ),
    Case(
        files={"a.csv": GOOD, "b.csv": "text,label\nshow,pos\nshow 2,meh\n"},
        settings={"test_path": OTHER},
        message=r"test has labels that train does not have: 'meh' \(first: b.csv line 3\); .*Correct the labels, or",
        remedies=[
            write("b.csv", "text,label\nshow,pos\nshow 2,neg\n"),
            write("a.csv", GOOD + "a,meh\nb,meh\nc,meh\n"),
        ],
    ),
    Case(
        files={"a.jsonl": write_objects(TWO_LABELS)},
        message="more than --max-dropped-share 0.05 allows.*Choose one label for each text, or leave out the rows",
        remedies=[take_flag("max_dropped_share", last=True), write("a.jsonl", write_objects(OBJECTS))],
    ),
    Case(
        files={"a.jsonl": write_objects([{**row, "label": ["a", "b"]} for row in OBJECTS])},
        message=r"Choose one label for each text\.$",
        remedies=[write("a.jsonl", write_objects(OBJECTS))],
    ),
    Case(
        files={"a.csv": GOOD + ",pos\n" * 9},
        message="more than --max-dropped-share 0.05 allows.*Correct the rows",
        remedies=[write("a.csv", GOOD), use(max_dropped_share=0.2)],
    ),
    Case(
        files={"a.csv": GOOD.replace("label", "class,label").replace(",neg", ",neg,").replace(",pos", ",pos,")},
        settings={"label_column": "label"},
        message="check that the right columns are read",
        remedies=[use(label_column="class")],
    ),
    # Files of which only the beginning is read before a run.
    Case(
        files={"a.csv": FRACTIONS},
        limits=HEAD,
        message="looks like a continuous measure.*Choose another with --label-column",
        remedies=[use(label_column="kind")],
    ),
    Case(
        files={"a.csv": GOOD.replace("pos", "\"['pos', 'long']\"")},
        limits=HEAD,
        message="leave out the rows with several: --max-dropped-share 0.5.$",
        remedies=[take_flag("max_dropped_share", last=True)],
    ),
    # Splits.
    Case(
        files={"a.csv": f"text,label,split\n{TEST_ONLY}"},
        message="no rows for training, only for test; .*Add some to the split column, or rename the column",
        remedies=[
            write("a.csv", f"text,label,split\n{TEST_ONLY}{TRAIN_ONLY}"),
            write("a.csv", f"text,label,part\n{TEST_ONLY}"),
        ],
    ),
    Case(
        files={"a.csv": f"text,label,split\n{TRAIN_ONLY}a,pos,b\n"},
        message="Correct the values, or rename the column",
        remedies=[
            write("a.csv", f"text,label,split\n{TRAIN_ONLY}a,pos,train\n"),
            write("a.csv", f"text,label,part\n{TRAIN_ONLY}a,pos,b\n"),
        ],
    ),
    Case(
        files={"a.csv": f"text,label,split\n{TRAIN_ONLY}a,pos,test\nb,neg,test\n", "b.csv": GOOD},
        settings={"test_path": OTHER},
        message="Leave out --test-path, or remove the rows",
        remedies=[leave_out("test_path"), write("a.csv", f"text,label,split\n{TRAIN_ONLY}")],
    ),
    Case(
        files={"a.csv": GOOD},
        settings={"validation_fraction": 0.01},
        message="validation split would be empty; .*Add some, or raise --limit or, .* --validation-fraction",
        remedies=[
            use(validation_fraction=0.2),
            write("a.csv", GOOD + "".join(f"more {n},{('neg', 'pos')[n % 2]}\n" for n in range(200))),
        ],
    ),
    Case(
        files={"a.csv": GOOD},
        settings={"validation_fraction": 0.05, "limit": 10},
        message="raise --limit",
        remedies=[use(limit=40)],
    ),
    # Further test sets.
    *(
        Case(
            files={"a.csv": GOOD, "b.csv": content, "c.csv": "text,label\nshow,neg\n"},
            settings={"also_test": f"more={OTHER}", "test_path": f"{PLACE}/c.csv"},
            check=check_challenge,
            message=message,
            remedies=[use(also_test=f"more={PLACE}/c.csv"), *remedies],
        )
        for content, message, remedies in (
            (GOOD, "all of its texts are also in the training or the validation split; expected others. Choose", []),
            (
                "text,label,kind\nshow,up,neg\n",
                "1 of 1 rows have a label that the training reviews lack; expected one of '.*Rename the labels",
                [write("b.csv", "text,label\nshow,neg\n")],
            ),
        )
    ),
    # Texts without labels.
    *(
        Case(
            files={"a.csv": GOOD, "b.csv": content, "c.csv": "text\nshow\n"},
            settings={"unlabelled_path": OTHER, "variants": "distilled"},
            check=check_unlabelled,
            message=message,
            remedies=[use(unlabelled_path=f"{PLACE}/c.csv"), write("b.csv", "text\nshow\n")],
        )
        for content, message in (
            ("text\n", "has no rows; expected texts in it. Choose another"),
            (GOOD, "Expected other texts; choose others with --unlabelled-path"),
        )
    ),
    Case(
        files={"a.csv": GOOD, "c.csv": "text\nshow\n"},
        settings={"variants": "distilled"},
        check=check_unlabelled,
        limits={"tasks.ingest.sources.tfds.read_unlabelled": lambda *_: iter(())},
        message="films has no rows; expected texts. Choose others with --unlabelled-path",
        remedies=[use(unlabelled_path=f"{PLACE}/c.csv")],
    ),
]
