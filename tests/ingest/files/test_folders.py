"""Folders: which files are texts or lines, alike in training and in scoring."""

from collections.abc import Callable, Mapping
from contextlib import chdir
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.ingest.datasets import Choice, choose_dataset
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.files.options import FileOptions
from tasks.ingest.reviews import write_dataset
from tasks.predict.reading import peek_columns, take_rows

PAIRS = [(f"film {n}", ("neg", "pos")[n % 2]) for n in range(40)]
LINES = {label: "".join(f"{text}\n" for text, own in PAIRS if own == label) for label in ("neg", "pos")}


def name_texts(spell: str) -> dict[str, str]:
    """The texts in files of their own: spell is a pattern of the path below the folder."""
    return {spell.format(label=label, n=n): text for n, (text, label) in enumerate(PAIRS)}


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[[Mapping[str, str]], ReviewsFacts]:
    """Train on a folder of files as far as its reviews, and score it with labels as of that training."""

    def ingest_files(files: Mapping[str, str]) -> ReviewsFacts:
        folder, out = tmp_path / "films", tmp_path / "out"
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        out.mkdir()
        options = FileOptions(path=folder)
        facts = write_dataset(Choice("films", files=options), tmp_path, out, validation_fraction=0.1, limit=None)
        scored = FileOptions(path=folder, model_labels=tuple(facts.label_names))
        columns = peek_columns(scored).text_columns
        texts = [text for taken in take_rows(scored, columns) for text in taken.texts.to_pylist()]
        assert sorted(texts) == sorted(text for text, _ in PAIRS)
        assert facts.rows.num_used == len(PAIRS)
        return facts

    return ingest_files


@pytest.mark.parametrize(
    "spell",
    ["{label}/{n}.txt", "{label}/{n}.TXT", "{label}/{n}", "{label}/{n:05}.7c53", "{label}/{n}.eml", "{label}/{n}."],
)
def test_file_per_text_may_have_any_plain_name(ingest: Callable[..., ReviewsFacts], spell: str) -> None:
    assert ingest(name_texts(spell)).label_names == ["neg", "pos"]


def test_files_beside_texts_are_ignored(ingest: Callable[..., ReviewsFacts]) -> None:
    facts = ingest({**name_texts("{label}/{n}.txt"), "pos/cover": "about"})
    assert facts.warnings == ["ignored files that are not <label>/*.txt: 1 (first: pos/cover)"]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        ({"neg": "neg.txt", "pos": "pos.txt"}, ["neg", "pos"]),
        ({"neg": "NEG.TXT", "pos": "POS.TXT"}, ["NEG", "POS"]),
        ({"neg": "1.0.txt", "pos": "2.0.txt"}, ["1", "2"]),
        ({"neg": "FALSE.txt", "pos": "True.txt"}, ["false", "true"]),
    ],
)
def test_file_of_lines_per_label_is_scored_as_it_trains(
    ingest: Callable[..., ReviewsFacts], names: Mapping[str, str], labels: list[str]
) -> None:
    assert ingest({names[label]: content for label, content in LINES.items()}).label_names == labels


def test_file_about_others_is_no_label(ingest: Callable[..., ReviewsFacts]) -> None:
    files = {f"{label}.txt": content for label, content in LINES.items()}
    facts = ingest({**files, "README.txt": "about\nthese\nfilms\n", "license.txt": "free\n"})
    assert facts.label_names == ["neg", "pos"]
    assert facts.warnings == ["ignored files about the others: 2 (first: README.txt)"]


def test_blank_file_of_lines_is_no_label(ingest: Callable[..., ReviewsFacts]) -> None:
    files = {f"{label}.txt": content for label, content in LINES.items()}
    assert ingest({**files, "none.txt": "\n \n"}).label_names == ["neg", "pos"]


@pytest.mark.parametrize("name", ["films", "./films"])
@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["a.csv"], "holds 'a.csv'; expected texts in .txt files, or one of these files itself. Name it: --dataset"),
        (["pos/a.html"], "holds no <label>/.*; expected a folder per label .*, or a file of lines per label"),
        (["enron/ham/1.txt"], "Choose one of its subfolders: enron"),
    ],
)
def test_folder_in_which_nothing_can_be_read_is_described(
    tmp_path: Path, name: str, files: list[str], message: str
) -> None:
    for file in files:
        (tmp_path / "films" / file).parent.mkdir(parents=True)
        (tmp_path / "films" / file).write_text("film")
    with chdir(tmp_path), pytest.raises(UserError, match=message):
        choose_dataset(name, tmp_path / "data", FileOptions(path=Path(name)))
