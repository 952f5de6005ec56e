"""Names that are paths, and what a path that cannot be read is told."""

import os
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.ingest.files.paths import check_path, is_path, make_slug, name_dataset


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["reviews.csv", "reviews.JSONL.gz", "/reviews", "./reviews", "../reviews", "~/reviews", "a/b.parquet", "x.txt"],
)
def test_name_that_looks_like_a_path_is_one(name: str) -> None:
    assert is_path(name)


@pytest.mark.parametrize("name", ["auto", "sample", "imdb_reviews", "glue/sst2", "glue/sst2:2.0.0", "x" * 5000, "a\0b"])
def test_other_names_are_none(name: str) -> None:
    assert not is_path(name)


def test_name_that_exists_is_a_path() -> None:
    Path("glue").mkdir()
    Path("glue/sst2").touch()
    Path("SMSSpamCollection").touch()
    assert is_path("glue/sst2")
    assert is_path("SMSSpamCollection")


def test_bare_folder_counts_only_with_texts_in_its_folders() -> None:
    Path("imdb_reviews/plain_text").mkdir(parents=True)
    assert not is_path("imdb_reviews")
    Path("imdb_reviews/plain_text/1.txt").touch()
    assert is_path("imdb_reviews")


def test_bare_folder_of_a_prepared_set_is_none() -> None:
    Path("ag_news/1.0.0").mkdir(parents=True)
    Path("ag_news/1.0.0/label.labels.txt").touch()
    Path("ag_news/1.0.0/features.json").touch()
    assert not is_path("ag_news")


@pytest.mark.parametrize("name", ["pos/1.TXT", "pos/1", "ham/00001.7c53336b37", "pos.txt.gz"])
def test_bare_folder_counts_with_texts_of_any_name(name: str) -> None:
    path = Path("films") / name
    path.parent.mkdir(parents=True)
    path.touch()
    assert is_path("films")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/some/where/reviews.csv", "reviews"),
        ("reviews.csv.gz", "reviews"),
        ("./SMSSpamCollection", "SMSSpamCollection"),
        ("train_5500.label", "train_5500.label"),
        ("./train_5500.label", "train_5500"),
        ("/data/ag_news/train.csv", "ag_news-train"),
        ("/train.csv", "train"),
        ("/a\nb.csv", "a-b"),
        ("glue/sst2", "glue/sst2"),
        ("/", "data"),
    ],
)
def test_dataset_is_named_after_its_file(name: str, expected: str) -> None:
    assert name_dataset(name) == expected


@pytest.mark.parametrize(
    ("name", "slug"), [("glue/sst2", "glue-sst2"), ("my reviews (1)", "my-reviews-1-"), ("Kritík", "Kritík")]
)
def test_slug_is_fit_for_a_folder(name: str, slug: str) -> None:
    assert make_slug(name) == slug


def complain(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        check_path(path, "--dataset")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_missing_file_is_told_the_nearest_neighbour(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").touch()
    assert complain(tmp_path / "revews.csv").endswith("Did you mean 'reviews.csv'?")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    assert f"'{tmp_path}' has no folder 'none'. Correct the path" in complain(tmp_path / "none" / "reviews.csv")


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "a\0b.csv"])
def test_impossible_name_is_no_such_file(tmp_path: Path, name: str) -> None:
    assert "no such file" in complain(tmp_path / name)


def test_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").touch()
    assert "is empty" in complain(tmp_path / "reviews.csv")


def test_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "reviews.csv")
    assert "neither a file nor a folder" in complain(tmp_path / "reviews.csv")


def test_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reviews.csv").write_text("text,label")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "is not readable; expected one that is" in complain(tmp_path / "reviews.csv")


def test_file_and_folder_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("text,label")
    check_path(tmp_path / "reviews.csv", "--dataset")
    check_path(tmp_path, "--dataset")
