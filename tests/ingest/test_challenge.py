"""Further test sets: read like the dataset, with its labels, and without texts that models have learned from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.ingest.challenge import choose_challenge, describe_challenge, identify_challenge, write_challenge
from tasks.ingest.facts import ChallengeSetFacts
from tasks.ingest.files.options import FileOptions

ROWS = [("a new film", "bad"), ("old NEWS ", "good"), ("in validation", "bad"), ("in the test", "good"), ("", "bad")]
Write = Callable[..., tuple[ChallengeSetFacts, list[dict[str, Any]]]]


@pytest.fixture
def write(reviews_folder: Path, tmp_path: Path) -> Write:
    """Writes a further test set from a path; returns the facts and the written rows."""

    def run(path: Path, label_names: tuple[str, ...] = ("bad", "good"), **options: Any) -> Any:
        choice = choose_challenge("contrast", path, FileOptions(path=tmp_path / "reviews.csv", **options))
        folder = tmp_path / "written"
        folder.mkdir()
        facts = write_challenge(choice, reviews_folder, folder, label_names=label_names)
        return facts, pq.read_table(folder / "reviews.parquet").to_pylist()

    return run


def write_csv(path: Path, rows: list[tuple[str, str]], header: str = "text,label") -> Path:
    path.write_text("\n".join([header, *(f'"{text}",{label}' for text, label in rows)]) + "\n")
    return path


def test_texts_that_models_have_learned_from_are_left_out_and_counted(write: Write, tmp_path: Path) -> None:
    facts, rows = write(write_csv(tmp_path / "c.csv", ROWS), max_dropped_share=0.5)
    assert [(row["text"], row["label"]) for row in rows] == [("a new film", 0), ("in the test", 1)]
    assert facts == ChallengeSetFacts(
        name="contrast",
        num_read=5,
        counts={"bad": 1, "good": 1},
        overlaps={"train": 1, "validation": 1},
        dropped={"blank text": 1},
        warnings=[],
    )
    assert describe_challenge(facts) == (
        "contrast: 2 of 5 reviews are used; left out: 1 also in the train split, 1 also in the validation split, "
        "1 blank text."
    )


def test_columns_and_labels_are_found_as_in_the_dataset(write: Write, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "c.csv", [("new", "1.0"), ("newer", "0")], header="body,stars")
    facts, rows = write(path, ("0", "1"), text_columns=("body",), label_column="stars")
    assert [row["label"] for row in rows] == [1, 0]
    assert facts.counts == {"0": 1, "1": 1}


def test_another_format_ignores_the_settings_of_the_datasets_format(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"text": "new", "label": "good"}\n')
    facts, _ = write(path, delimiter="|", columns=("label", "text"))
    assert facts.num_reviews == 1


def test_few_rows_with_other_labels_are_counted(write: Write, tmp_path: Path) -> None:
    rows = [(f"film {number}", "good") for number in range(30)]
    facts, _ = write(write_csv(tmp_path / "c.csv", [*rows, ("mixed film", "mixed")]))
    assert facts.dropped == {"with a label that the training reviews lack": 1}
    assert facts.num_reviews == 30


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("new", "neg"), ("newer", "good")], "1 of 2 rows have a label that the training reviews lack; expected one"),
        (
            [("old news", "good"), ("a known film", "bad")],
            "all of its texts are also in the training or the validation",
        ),
        ([("", "good"), ("new", "bad")], "1 of 2 rows dropped"),
    ],
    ids=["labels", "known", "blank"],
)
def test_set_that_cannot_be_used_is_refused(
    rows: list[tuple[str, str]], message: str, write: Write, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        write(write_csv(tmp_path / "c.csv", rows))


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), ("", "is empty"), ("text,label\n", "no rows"), ("a,b\n1,2\n", "column")],
    ids=["missing", "empty", "header", "columns"],
)
def test_file_that_cannot_be_read_is_refused_at_once(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=message):
        choose_challenge("contrast", path, FileOptions(path=tmp_path / "reviews.csv"))


def test_identity_is_that_of_the_content(tmp_path: Path) -> None:
    options = FileOptions(path=tmp_path / "reviews.csv")
    first = identify_challenge(choose_challenge("x", write_csv(tmp_path / "c.csv", ROWS), options))
    assert identify_challenge(choose_challenge("x", write_csv(tmp_path / "d.csv", ROWS), options)) == first
    assert identify_challenge(choose_challenge("x", write_csv(tmp_path / "c.csv", ROWS[1:]), options)) != first
