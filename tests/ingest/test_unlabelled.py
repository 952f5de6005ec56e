"""Texts without labels: read from every kind of file, and without those that would tell a model about its test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsManifest, UnlabelledFacts
from tasks.ingest.files.options import FileOptions
from tasks.ingest.output import plan_unlabelled
from tasks.ingest.unlabelled import choose_unlabelled, describe_unlabelled, identify_unlabelled
from tasks.ingest.unlabelled_writing import write_unlabelled
from tasks.store.outputs import FileRecord
from tests.ingest.conftest import SPLITS

TEXTS = ["a new film", "old NEWS ", "in validation", "in the test", "another film", "A new  film", "", "<br />"]
ANY_FILE = Choice("reviews", files=FileOptions(path=Path("reviews.csv")))


@pytest.fixture
def write(reviews_folder: Path, tmp_path: Path) -> Callable[..., tuple[UnlabelledFacts, list[dict[str, Any]]]]:
    """Writes the texts at a path; returns the facts and the written rows."""

    def run(path: Path, *, limit: int | None = None, **options: Any) -> Any:
        choice = choose_unlabelled(path, ANY_FILE, FileOptions(path=tmp_path / "reviews.csv", **options), tmp_path)
        assert choice is not None
        folder = tmp_path / "written"
        folder.mkdir()
        facts = write_unlabelled(choice, tmp_path, reviews_folder, folder, limit=limit)
        return facts, pq.read_table(folder / "unlabelled.parquet").to_pylist()

    return run


def write_lines(folder: Path, texts: list[str] = TEXTS) -> Path:
    path = folder / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


def test_each_text_is_used_or_counted_once(write: Any, tmp_path: Path) -> None:
    facts, rows = write(write_lines(tmp_path))
    assert [row["text"] for row in rows] == ["a new film", "another film"]
    assert {row["label"] for row in rows} == {-1}
    assert len({row["id"] for row in rows}) == 2
    assert facts == UnlabelledFacts(
        dataset="texts",
        num_read=8,
        num_used=2,
        num_left_out=0,
        num_repeated=1,
        overlaps={"test": 1, "validation": 1, "train": 1},
        dropped={"blank text": 2},
        warnings=[],
    )
    assert describe_unlabelled(facts) == (
        "2 of 8 texts without labels from texts are used; left out: 1 also in the test split, 1 also in the validation "
        "split, 1 also in the train split, 1 repeated, 2 blank text."
    )


def test_no_text_of_validation_or_test_is_written_whatever_its_case_and_spaces(write: Any, tmp_path: Path) -> None:
    hidden = [spell(text) for split in ("validation", "test") for text in SPLITS[split] for spell in SPELLINGS]
    facts, rows = write(write_lines(tmp_path, [*hidden, "a new film"]))
    assert [row["text"] for row in rows] == ["a new film"]
    assert facts.overlaps == {"test": 6, "validation": 3, "train": 0}


SPELLINGS = (str.upper, lambda text: f"  {text}\n", lambda text: text.replace(" ", "\t "))


def test_limit_keeps_the_same_texts_whatever_their_order(write: Any, tmp_path: Path) -> None:
    texts = [f"film {number}" for number in range(30)]
    facts, rows = write(write_lines(tmp_path, texts), limit=10)
    assert (facts.num_used, facts.num_left_out, len(rows)) == (10, 20, 10)
    (tmp_path / "written").rename(tmp_path / "before")
    _, others = write(write_lines(tmp_path, texts[::-1]), limit=10)
    assert {row["text"] for row in others} == {row["text"] for row in rows}


def write_csv(folder: Path) -> Path:
    (folder / "texts.csv").write_text('label,review\n,one film\n?,"two, films"\n')
    return folder / "texts.csv"


def write_plain_lines(folder: Path) -> Path:
    (folder / "texts.txt").write_text("one film\n\ntwo, films\n")
    return folder / "texts.txt"


def write_parquet(folder: Path) -> Path:
    pq.write_table(pa.table({"text": ["one film", "two, films"], "stars": [1, 2]}), folder / "texts.parquet")
    return folder / "texts.parquet"


def write_folder(folder: Path) -> Path:
    (folder / "texts" / "unsup").mkdir(parents=True)
    (folder / "texts" / "1.txt").write_text("one film")
    (folder / "texts" / "unsup" / "2.txt").write_text("two, films")
    return folder / "texts"


@pytest.mark.parametrize("write_file", [write_csv, write_plain_lines, write_parquet, write_folder])
def test_any_format_is_read_without_a_label(write_file: Callable[[Path], Path], write: Any, tmp_path: Path) -> None:
    facts, rows = write(write_file(tmp_path))
    assert [row["text"] for row in rows] == ["one film", "two, films"]
    assert facts.dataset == "texts"


@pytest.mark.parametrize(
    "options",
    [
        {"quoting": "none", "columns": ("label", "text")},
        {"line_pattern": "(?P<label>[^:]+): (?P<text>.+)"},
        {"table": "reviews", "label_column": "stars"},
        {"records_at": "data"},
        {"max_dropped_share": 0.5},
    ],
    ids=lambda options: next(iter(options)),
)
@pytest.mark.parametrize("write_file", [write_plain_lines, write_parquet, write_folder])
def test_settings_for_the_format_of_the_reviews_do_not_disturb(
    options: dict[str, Any], write_file: Callable[[Path], Path], write: Any, tmp_path: Path
) -> None:
    _, rows = write(write_file(tmp_path), **options)
    assert [row["text"] for row in rows] == ["one film", "two, films"]


def test_settings_that_apply_are_those_of_the_reviews(write: Any, tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_bytes("opinion;stars\nun film très bon;5\n".encode("latin-1"))
    _, rows = write(tmp_path / "texts.csv", delimiter=";", charset="latin-1", text_columns=("opinion",))
    assert [row["text"] for row in rows] == ["un film très bon"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("texts.csv", "", "--unlabelled-path .* is empty"),
        ("texts.csv", "text\n", "--unlabelled-path .* has no rows; expected texts in it"),
        ("texts.csv", "a,b\nc,d\n", "texts.csv has no column with a usual name for the text"),
        (
            "texts.jsonl",
            '{"text": "a"}\n{"text": {"b": 1}}\n',
            "texts.jsonl line 2 holds an object or a list in column 'text'",
        ),
        ("texts.md", "a film", "'texts.md' has no ending that names its format"),
    ],
)
def test_file_that_cannot_be_used_is_refused_at_once(name: str, content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=message):
        choose_unlabelled(tmp_path / name, ANY_FILE, FileOptions(path=Path("reviews.csv")), tmp_path)


def test_missing_file_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    write_lines(tmp_path)
    with pytest.raises(UserError, match=r"--unlabelled-path .* no such file; .* Did you mean 'texts.jsonl'"):
        choose_unlabelled(tmp_path / "text.jsonl", ANY_FILE, FileOptions(path=Path("reviews.csv")), tmp_path)


def test_file_of_which_nothing_is_left_is_refused(write: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no texts without labels that could be used: of 2, all are missing, blank or"):
        write(write_lines(tmp_path, ["Unseen", ""]))


def test_unsupervised_split_of_a_prepared_set_is_found_by_itself(prepared: Path, reviews_folder: Path) -> None:
    choice = choose_unlabelled(None, Choice("imdb_reviews"), FileOptions(path=Path("imdb_reviews")), prepared)
    assert choice is not None
    assert identify_unlabelled(choice, prepared)["splits"] == {"unlabelled": "unsupervised"}
    facts = write_unlabelled(choice, prepared, reviews_folder, reviews_folder, limit=None)
    assert (facts.dataset, facts.num_read, facts.num_used) == ("imdb_reviews", 1, 1)
    assert pq.read_table(reviews_folder / "unlabelled.parquet").column("text").to_pylist() == ["unlabelled film"]


@pytest.mark.parametrize("choice", [Choice("glue/sst2"), Choice("sample"), ANY_FILE], ids=lambda it: it.dataset)
def test_other_datasets_have_none(choice: Choice, prepared: Path) -> None:
    assert choose_unlabelled(None, choice, FileOptions(path=Path(choice.dataset)), prepared) is None


def test_reviews_decide_the_texts_but_not_the_columns_that_they_are_sliced_by(prepared: Path) -> None:
    def find_fingerprint(**hashes: str) -> str:
        content = {"train": "1", "validation": "2", "test": "3", **hashes}
        reviews = ReviewsManifest.model_construct(
            files={f"{name}.parquet": FileRecord(sha256=sha256, num_bytes=1) for name, sha256 in content.items()}
        )
        choice = choose_unlabelled(None, Choice("imdb_reviews"), FileOptions(path=Path("imdb_reviews")), prepared)
        assert choice is not None
        return plan_unlabelled(choice, reviews, data_dir=prepared, limit=None)[0].fingerprint

    assert find_fingerprint() == find_fingerprint(test_slices="4")
    assert len({find_fingerprint(), find_fingerprint(train="5"), find_fingerprint(test="5")}) == 3


def test_changed_text_is_another_source(tmp_path: Path) -> None:
    found = []
    for text in ("a film", "a play"):
        path = write_lines(tmp_path, [text])
        choice = choose_unlabelled(path, ANY_FILE, FileOptions(path=Path("reviews.csv")), tmp_path)
        assert choice is not None
        found.append(identify_unlabelled(choice, tmp_path))
    assert found[0] != found[1]
