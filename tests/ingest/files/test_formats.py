"""Formats by ending and by option; and a format that is added here is trained on and scored like the others."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.ingest.datasets import Choice, choose_dataset
from tasks.ingest.files import formats
from tasks.ingest.files.compression import COMPRESSIONS
from tasks.ingest.files.formats import FOLDER, FORMATS, LINES, TABLE, Format, find_format, list_endings
from tasks.ingest.files.options import SET_BY_SCORING, FileOptions, name_flag
from tasks.ingest.files.paths import is_path
from tasks.ingest.files.reading import check_files
from tasks.ingest.files.rows import Rows
from tasks.ingest.reviews import write_dataset
from tasks.predict.job import Job, Listener, check_job, score_file
from tasks.settings.predict import PredictConfig
from tasks.settings.run import RunConfig

PAGE = Path(formats.__file__).parents[1] / "README.md"


def tell(name: str | Path, **options: Any) -> str:
    path = Path(name)
    return find_format(path, FileOptions(path=path, **options)).description


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("a.csv", "a table such as .csv"),
        ("a.TSV.gz", "a table such as .csv"),
        ("a.ndjson.zst", "a file of JSON objects"),
        ("a.json", "a file of JSON objects"),
        ("a.parquet", "a Parquet file"),
    ],
)
def test_ending_tells_the_format(name: str, description: str) -> None:
    assert tell(name) == description


def test_flags_tell_the_format_where_the_ending_does_not(tmp_path: Path) -> None:
    assert tell("train_5500.label", delimiter="\t") == TABLE.description
    assert tell("train_5500.label", line_pattern="(?P<text>.*)") == LINES.description
    assert tell(tmp_path, delimiter="\t") == FOLDER.description
    with pytest.raises(UserError, match=r"no ending that names its format; .*--delimiter .*--line-pattern"):
        tell("train_5500.label")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ("text",)}, "--columns is for a table such as .csv, but 'a.jsonl' is not one; leave it out."),
        ({"delimiter": "\t"}, "--delimiter is for a table such as .csv, but 'a.jsonl' is not one; leave it out."),
        ({"quoting": "none"}, "--quoting is for a table such as .csv, but 'a.jsonl' is not one; leave it out."),
    ],
)
def test_setting_that_fits_no_file_is_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    with pytest.raises(UserError, match=message):
        check_files(FileOptions(path=tmp_path / "a.jsonl", **options))


def test_endings_are_told_apart() -> None:
    assert len(set(list_endings())) == len(list_endings())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(RunConfig.model_fields["dataset"].description, id="training"),
        pytest.param(PredictConfig.model_fields["input"].description, id="scoring"),
        pytest.param(PAGE.read_text(encoding="utf-8"), id="page"),
    ],
)
def test_help_and_page_list_every_ending(text: str) -> None:
    endings = [*list_endings(), *(known.ending for known in COMPRESSIONS)]
    assert [ending for ending in endings if ending not in text] == []


def test_page_lists_every_setting_of_files() -> None:
    page = PAGE.read_text(encoding="utf-8")
    names = {field.name for field in fields(FileOptions)} - {"path", *SET_BY_SCORING}
    flags = {name_flag(name) for name in names}
    assert [flag for flag in sorted(flags) if f"`{flag}`" not in page] == []


def read_stanzas(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read lines in pairs: a label, then a text."""
    lines = path.read_text(options.charset).splitlines()
    pairs = list(pairwise(lines))[::2]
    columns = {"label": [label for label, _ in pairs], "text": [text for _, text in pairs]}
    chosen = {
        name: pa.array(values, pa.string()) for name, values in columns.items() if wanted is None or name in wanted
    }
    yield Rows(pa.RecordBatch.from_pydict(chosen), np.arange(1, 2 * len(pairs), 2), "line")


@pytest.fixture
def stanzas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format that the project does not have."""
    added = Format(description="a file of stanzas", read=read_stanzas, endings=(".txt2",))
    monkeypatch.setattr(formats, "FORMATS", (*FORMATS, added))


@pytest.mark.usefixtures("stanzas")
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol
def test_added_format_is_trained_on_and_scored(tmp_path: Path, publish_bundle: Callable[..., Path]) -> None:
    texts = {"good": "a great film", "bad": "so dull"}
    path = tmp_path / "films.txt2"
    path.write_text("".join(f"{label}\n{text} {number}\n" for number in range(40) for label, text in texts.items()))
    assert is_path("films.txt2")
    choice = choose_dataset(str(path), tmp_path, FileOptions(path=path))
    assert choice == Choice("films", files=FileOptions(path=path))
    reviews = tmp_path / "reviews"
    reviews.mkdir()
    facts = write_dataset(choice, tmp_path, reviews, validation_fraction=0.1, limit=None)
    assert (facts.label_names, sum(facts.num_reviews.values())) == (["bad", "good"], 80)

    bundle = publish_bundle("tfidf-linear", reviews, tmp_path / "bundle", None)
    job = Job(files=FileOptions(path=path), model_folder=bundle, output=tmp_path / "scored.parquet")
    check_job(job)
    score_file(job, listener=Listener())
    scored = pq.read_table(job.output).to_pylist()
    assert [row["predicted_label"] for row in scored] == ["good", "bad"] * 40
    assert [row["label"] for row in scored] == ["good", "bad"] * 40


@pytest.mark.usefixtures("stanzas")
def test_error_lists_an_added_format(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"expected one of .*\.db, \.txt2, each also with \.gz, .* or \.zip"):
        tell(tmp_path / "a.txt3")
