"""Prepared TFDS sets of several shapes become sources; what cannot become one is refused in words."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets

from tasks.errors import UserError
from tasks.ingest.reviews import write_reviews
from tasks.ingest.sources import prepared as prepared_files
from tasks.ingest.sources import reach, tfds
from tasks.ingest.sources.base import Source

REPOSITORY = Path(__file__).parents[3]
TEXT = tensorflow_datasets.features.Text()
LABEL = tensorflow_datasets.features.ClassLabel(names=["neg", "pos"])

FILE_FORMATS = ("tfrecord", "array_record")

Rows = list[tuple[str, int]]


def read(source: Source, split: str) -> Rows:
    return [
        (text, int(label))
        for batch in source.readers[split]()
        for text, label in zip(batch.texts.to_pylist(), batch.labels, strict=True)
    ]


def make_examples(num_examples: int, *, name: str = "film") -> list[dict[str, Any]]:
    return [{"text": f"{name} {number}", "label": number % 2} for number in range(num_examples)]


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """No host answers; the list fills with those that were asked."""
    asked: list[tuple[str, int]] = []

    def answer(host: str, port: int) -> bool:
        asked.append((host, port))
        return False

    monkeypatch.setattr(tfds, "answers", answer)
    return asked


def test_reviews_with_text_and_label_are_read(prepared: Path) -> None:
    source = tfds.open_tfds("imdb_reviews", prepared)

    assert read(source, "train") == [(f"train film {number}", number % 2) for number in range(40)]
    assert read(source, "test") == [(f"test film {number}", number % 2) for number in range(20)]


def test_label_names_come_from_the_set(prepared: Path) -> None:
    assert tfds.open_tfds("imdb_reviews", prepared).label_names == ("neg", "pos")


def test_splits_of_other_names_are_left_out(prepared: Path) -> None:
    assert sorted(tfds.open_tfds("imdb_reviews", prepared).readers) == ["test", "train"]


def test_supervised_keys_choose_among_several_texts(prepared: Path) -> None:
    source = tfds.open_tfds("ag_news_subset", prepared)

    assert read(source, "test") == [(f"test story {number}", number % 4) for number in range(8)]
    assert source.label_names == ("World", "Sports", "Business", "Sci/Tech")


def test_the_only_text_and_label_need_no_supervised_keys(prepared: Path) -> None:
    source = tfds.open_tfds("glue/sst2", prepared)

    assert read(source, "train") == [(f"train {idx}", idx % 2) for idx in range(6)]


def test_validation_becomes_test_where_test_labels_are_withheld(prepared: Path) -> None:
    source = tfds.open_tfds("glue/sst2", prepared)

    assert sorted(source.readers) == ["test", "train"]
    assert read(source, "test") == [(f"validation {idx}", idx % 2) for idx in range(6)]


def test_validation_keeps_its_role_where_test_is_labelled(build_tfds: Callable[..., None], tmp_path: Path) -> None:
    splits = {split: make_examples(4, name=split) for split in ("train", "validation", "test")}
    build_tfds(tmp_path, "three_splits:1.0.0", {"text": TEXT, "label": LABEL}, splits)
    source = tfds.open_tfds("three_splits", tmp_path)

    assert {split: read(source, split)[0][0] for split in source.readers} == {
        "train": "train 0",
        "validation": "validation 0",
        "test": "test 0",
    }


def test_set_without_test_split_has_only_train(build_tfds: Callable[..., None], tmp_path: Path) -> None:
    build_tfds(tmp_path, "only_train:1.0.0", {"text": TEXT, "label": LABEL}, {"train": make_examples(4)})

    assert sorted(tfds.open_tfds("only_train", tmp_path).readers) == ["train"]


def test_set_without_train_split_is_an_error_that_names_the_splits(
    build_tfds: Callable[..., None], tmp_path: Path
) -> None:
    build_tfds(tmp_path, "only_test:1.0.0", {"text": TEXT, "label": LABEL}, {"test": make_examples(4)})

    with pytest.raises(UserError, match=r"'only_test' has splits \['test'\]; expected one named train"):
        tfds.open_tfds("only_test", tmp_path)


def test_set_in_array_record_format_is_read(build_tfds: Callable[..., None], tmp_path: Path) -> None:
    splits = {"train": make_examples(7), "validation": make_examples(3), "test": make_examples(5)}
    build_tfds(tmp_path, "array_reviews:1.0.0", {"text": TEXT, "label": LABEL}, splits, file_format="array_record")

    assert read(tfds.open_tfds("array_reviews", tmp_path), "train") == [(f"film {n}", n % 2) for n in range(7)]


@pytest.mark.parametrize("file_format", FILE_FORMATS)
def test_every_file_of_a_split_is_read_once(build_tfds: Callable[..., None], tmp_path: Path, file_format: str) -> None:
    build_tfds(
        tmp_path,
        "many_files:1.0.0",
        {"text": TEXT, "label": LABEL},
        {"train": make_examples(30)},
        file_format=file_format,
        num_shards=3,
    )
    source = tfds.open_tfds("many_files", tmp_path)

    assert len(source.identity["files"]) == 3
    assert sorted(read(source, "train")) == sorted((f"film {number}", number % 2) for number in range(30))


@pytest.mark.parametrize("file_format", FILE_FORMATS)
def test_batches_are_bounded(
    build_tfds: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    monkeypatch.setattr(prepared_files, "BATCH_ROWS", 16)
    splits = {"train": make_examples(40)}
    build_tfds(tmp_path, "ours:1.0.0", {"text": TEXT, "label": LABEL}, splits, file_format=file_format)
    batches = list(tfds.open_tfds("ours", tmp_path).readers["train"]())

    assert [len(batch.texts) for batch in batches] == [16, 16, 8]
    assert [batch.labels.dtype for batch in batches] == [np.int32] * 3


def test_reader_starts_anew_at_every_call(prepared: Path) -> None:
    source = tfds.open_tfds("imdb_reviews", prepared)

    assert read(source, "test") == read(source, "test")


@pytest.mark.parametrize("file_format", FILE_FORMATS)
def test_bytes_that_are_not_utf8_become_replacement_characters(
    build_tfds: Callable[..., None], tmp_path: Path, file_format: str
) -> None:
    examples = [{"text": b"caf\xe9", "label": 0}, {"text": "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "label": 1}]
    splits = {"train": examples}
    build_tfds(tmp_path, "latin_1:1.0.0", {"text": TEXT, "label": LABEL}, splits, file_format=file_format)

    assert read(tfds.open_tfds("latin_1", tmp_path), "train") == [
        ("caf\N{REPLACEMENT CHARACTER}", 0),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", 1),
    ]


def test_identity_is_plain_json_that_follows_the_content(build_tfds: Callable[..., None], tmp_path: Path) -> None:
    identities = []
    for folder, name in (("first", "film"), ("same", "film"), ("other", "filn")):
        build_tfds(
            tmp_path / folder, "reviews:1.0.0", {"text": TEXT, "label": LABEL}, {"train": make_examples(4, name=name)}
        )
        identities.append(json.dumps(tfds.open_tfds("reviews", tmp_path / folder).identity))

    assert identities[0] == identities[1] != identities[2]


@pytest.mark.parametrize("place", [".", "downloads"])
def test_prepared_data_is_found_under_the_data_folder(prepared: Path, tmp_path: Path, place: str) -> None:
    folder = tmp_path / "data" / place
    folder.mkdir(parents=True)
    (folder / "imdb_reviews").symlink_to(prepared / "imdb_reviews")

    assert tfds.check_dataset("imdb_reviews", tmp_path / "data")


def test_prepared_data_is_found_under_the_variable(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))

    assert tfds.check_dataset("imdb_reviews", tmp_path / "data")


def test_prepared_data_is_found_in_the_home_folder(prepared: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "tensorflow_datasets").symlink_to(prepared)

    assert tfds.check_dataset("imdb_reviews", tmp_path / "data")


def test_missing_data_is_not_found(tmp_path: Path) -> None:
    assert not tfds.check_dataset("imdb_reviews", tmp_path)


def test_set_that_only_the_folder_knows_is_found_by_name(build_tfds: Callable[..., None], tmp_path: Path) -> None:
    build_tfds(tmp_path / "downloads", "ours:1.0.0", {"text": TEXT, "label": LABEL}, {"train": make_examples(2)})

    assert tfds.check_dataset("ours", tmp_path)


def test_misspelt_name_is_an_error_that_suggests_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"unknown dataset 'imbd_reviews'; expected .* Did you mean 'imdb_reviews'\?"):
        tfds.check_dataset("imbd_reviews", tmp_path)


@pytest.mark.parametrize(
    "name", ["", "/", "..", "no such thing", "imdb_reviews/nope", "imdb_reviews:9.9.9", "reviews", "x" * 300]
)
def test_name_that_leads_nowhere_is_an_error_of_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "reviews").mkdir()

    with pytest.raises(UserError) as caught:
        tfds.check_dataset(name, tmp_path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("features", "named"),
    [
        ({"label": LABEL}, r"text features \[\] and class labels \['label'\]"),
        ({"text": TEXT}, r"text features \['text'\] and class labels \[\]"),
        ({"a": TEXT, "b": TEXT, "label": LABEL}, r"text features \['a', 'b'\] and class labels \['label'\]"),
        ({"text": TEXT, "x": LABEL, "y": LABEL}, r"text features \['text'\] and class labels \['x', 'y'\]"),
    ],
)
def test_features_that_do_not_fit_are_named(features: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=f"'odd' has {named}; expected exactly one of each"):
        tfds.find_columns(features, None, name="odd")


def test_known_set_without_text_is_refused_before_any_download(
    tmp_path: Path, unreachable: list[tuple[str, int]]
) -> None:
    with pytest.raises(UserError, match=r"'mnist' has text features \[\]"):
        tfds.check_dataset("mnist", tmp_path)
    assert not unreachable


def test_prepared_set_without_label_is_refused(build_tfds: Callable[..., None], tmp_path: Path) -> None:
    build_tfds(tmp_path, "unlabelled:1.0.0", {"text": TEXT}, {"train": [{"text": "film"}]})

    with pytest.raises(UserError, match=r"'unlabelled' has text features \['text'\] and class labels \[\]"):
        tfds.open_tfds("unlabelled", tmp_path)


def cut_description(records: Path) -> None:
    description = records.with_name("dataset_info.json")
    description.write_bytes(description.read_bytes()[:100])


def cut_inside_a_record(records: Path) -> None:
    records.write_bytes(records.read_bytes()[:-5])


def cut_after_a_record(records: Path) -> None:
    content = records.read_bytes()
    # A record is its length in eight bytes, a checksum of it, its content and another checksum.
    records.write_bytes(content[: 8 + 4 + int.from_bytes(content[:8], "little") + 4])


@pytest.mark.parametrize("damage", [Path.unlink, cut_description, cut_inside_a_record, cut_after_a_record])
def test_damaged_set_is_an_error_of_one_line(
    build_tfds: Callable[..., None], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    build_tfds(tmp_path, "ours:1.0.0", {"text": TEXT, "label": LABEL}, {"train": make_examples(20)})
    (records,) = (tmp_path / "ours" / "1.0.0").glob("*.tfrecord*")
    damage(records)

    with pytest.raises(UserError, match="'ours'") as caught:
        read(tfds.open_tfds("ours", tmp_path), "train")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("file_format", FILE_FORMATS)
def test_emptied_file_is_an_error_of_one_line(
    build_tfds: Callable[..., None], tmp_path: Path, file_format: str, split: str
) -> None:
    splits = {name: make_examples(4) for name in ("train", "validation", "test")}
    build_tfds(tmp_path, "ours:1.0.0", {"text": TEXT, "label": LABEL}, splits, file_format=file_format)
    (records,) = (tmp_path / "ours" / "1.0.0").glob(f"ours-{split}.*")
    records.write_bytes(b"")

    with pytest.raises(UserError, match="'ours'") as caught:
        write_reviews(tfds.open_tfds("ours", tmp_path), tmp_path, validation_fraction=0.1)
    assert len(str(caught.value).splitlines()) == 1


def test_names_are_checked_without_tensorflow(prepared: Path, tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from tasks.errors import UserError
from tasks.ingest import datasets
from tasks.ingest.sources import prepared as prepared_files
from tasks.ingest.sources import reach, tfds

tfds.check_dataset("imdb_reviews", Path({str(tmp_path)!r}))
assert tfds.check_dataset("imdb_reviews", Path({str(prepared)!r}))
try:
    datasets.choose_dataset("imbd_reviews", Path({str(tmp_path)!r}))
except UserError:
    print("tensorflow" in sys.modules)
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "False\n"


def test_host_that_does_not_answer_is_a_download_error(tmp_path: Path, unreachable: list[tuple[str, int]]) -> None:
    with pytest.raises(tfds.DownloadError, match=r"'imdb_reviews' is not on disk and ai\.stanford\.edu cannot be"):
        tfds.check_reachable("imdb_reviews", tmp_path)
    assert unreachable == [("ai.stanford.edu", 80)]


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:3128", "127.0.0.1:3128"])
def test_proxy_is_asked_in_place_of_the_host(
    tmp_path: Path, unreachable: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)

    with pytest.raises(tfds.DownloadError):
        tfds.check_reachable("imdb_reviews", tmp_path)
    assert unreachable == [("127.0.0.1", 3128)]


def test_host_exempt_from_the_proxy_is_asked_itself(
    tmp_path: Path, unreachable: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:3128")
    monkeypatch.setenv("no_proxy", "stanford.edu")

    with pytest.raises(tfds.DownloadError):
        tfds.check_reachable("imdb_reviews", tmp_path)
    assert unreachable == [("ai.stanford.edu", 80)]


def test_open_port_answers_and_closed_port_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert reach.answers("127.0.0.1", port)
    assert not reach.answers("127.0.0.1", port)


def test_look_up_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = threading.Event()

    def hang(*_: Any, **__: Any) -> contextlib.AbstractContextManager[None]:
        late.wait(20)
        return contextlib.nullcontext()

    monkeypatch.setattr(reach, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(socket, "create_connection", hang)

    # Were the look-up waited for, it would succeed in the end.
    with pytest.raises(tfds.DownloadError):
        tfds.check_reachable("imdb_reviews", tmp_path)
    late.set()


def test_opening_a_set_leaves_no_temporary_folder(prepared: Path, tmp_path: Path) -> None:
    """TFDS makes one, in which it would keep what it knows of sets that are not prepared."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(scratch))
        assert not tfds.check_dataset("imdb_reviews", tmp_path / "empty")
        tfds.open_tfds("imdb_reviews", prepared)
    assert list(scratch.iterdir()) == []


def test_download_returns_at_once_when_the_set_is_on_disk(prepared: Path, unreachable: list[tuple[str, int]]) -> None:
    tfds.download("imdb_reviews", prepared)

    assert not unreachable


def test_download_asks_the_host_first(tmp_path: Path, unreachable: list[tuple[str, int]]) -> None:
    with pytest.raises(tfds.DownloadError, match="cannot be reached"):
        tfds.download("imdb_reviews", tmp_path)
    assert unreachable
    assert not (tmp_path / "downloads").exists()


@pytest.fixture
def failing_download(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ConnectionError("the line is dead\nand more")

    builder = SimpleNamespace(is_prepared=lambda: False, url_infos={}, download_and_prepare=fail)
    monkeypatch.setattr(tfds, "find_builder", lambda *_: builder)


@pytest.mark.usefixtures("failing_download")
def test_failed_download_is_a_download_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(tfds.DownloadError) as caught:
        tfds.download("imdb_reviews", tmp_path)
    assert str(caught.value).startswith("dataset 'imdb_reviews' could not be downloaded: the line is dead; expected")
