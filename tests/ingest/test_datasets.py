"""`auto` falls back in words, every other name is strict, and the sample needs nothing."""

from itertools import islice
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.ingest import datasets
from tasks.ingest.datasets import Choice, choose_dataset, download_dataset, open_source
from tasks.ingest.sources import sample, tfds


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfds, "answers", lambda *_: False)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfds, "answers", lambda *_: True)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["auto", "imdb_reviews"])
def test_reviews_on_disk_are_chosen_without_a_network(prepared: Path, name: str) -> None:
    assert choose_dataset(name, prepared) == Choice("imdb_reviews", False, "")


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("name", ["auto", "imdb_reviews"])
def test_reviews_within_reach_are_chosen(tmp_path: Path, name: str) -> None:
    assert choose_dataset(name, tmp_path) == Choice("imdb_reviews", False, "")


@pytest.mark.usefixtures("no_network")
def test_auto_falls_back_to_the_sample_and_says_why(tmp_path: Path) -> None:
    choice = choose_dataset("auto", tmp_path)

    assert (choice.dataset, choice.is_fallback) == ("sample", True)
    assert "'imdb_reviews' is not on disk and ai.stanford.edu cannot be reached" in choice.reason


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["imdb_reviews", "ag_news_subset"])
def test_named_dataset_out_of_reach_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(tfds.DownloadError, match=f"'{name}' is not on disk"):
        choose_dataset(name, tmp_path)


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("name", ["imbd_reviews", "mnist", "autos"])
def test_name_that_can_lead_to_nothing_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"'{name}'"):
        choose_dataset(name, tmp_path)


@pytest.mark.usefixtures("no_network")
def test_sample_by_name_is_no_fallback(tmp_path: Path) -> None:
    assert choose_dataset("sample", tmp_path) == Choice("sample", False, "")


@pytest.mark.usefixtures("no_network")
def test_choosing_leaves_no_files(tmp_path: Path) -> None:
    choose_dataset("auto", tmp_path / "data")

    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("no_network")
def test_sample_needs_no_download(tmp_path: Path) -> None:
    download_dataset(Choice("sample", True, "no network"), tmp_path)

    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("no_network")
def test_missing_dataset_is_a_download_error(tmp_path: Path) -> None:
    with pytest.raises(tfds.DownloadError):
        download_dataset(Choice("imdb_reviews", False, ""), tmp_path)


def test_prepared_dataset_is_opened(prepared: Path) -> None:
    source = open_source("glue/sst2", prepared)

    assert (source.name, source.label_names) == ("glue/sst2", ("negative", "positive"))


def test_sample_is_opened_with_its_labels_and_splits(tmp_path: Path) -> None:
    source = open_source("sample", tmp_path)

    assert (source.name, source.label_names) == ("sample", tuple(sample.LABEL_NAMES))
    assert sorted(source.readers) == ["test", "train"]


def test_sample_is_read_in_bounded_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"film {number}", number % 2) for number in range(25)]
    monkeypatch.setattr(datasets, "BATCH_ROWS", 10)
    batches = list(datasets.read_generated(lambda _split: iter(rows), "train"))

    assert [len(batch.texts) for batch in batches] == [10, 10, 5]
    assert [text for batch in batches for text in batch.texts.to_pylist()] == [text for text, _ in rows]
    assert [label for batch in batches for label in batch.labels.tolist()] == [label for _, label in rows]


def test_sample_source_yields_the_generated_reviews(tmp_path: Path) -> None:
    batch = next(open_source("sample", tmp_path).readers["test"]())

    generated = list(islice(sample.generate_reviews("test"), 20))
    assert list(zip(batch.texts.to_pylist()[:20], batch.labels.tolist()[:20], strict=True)) == generated
