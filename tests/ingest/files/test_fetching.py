"""Datasets and texts without labels are read from where they are."""

from pathlib import Path

import pytest

from tasks.cli.parsing import parse_command_line
from tasks.errors import UserError
from tasks.ingest.datasets import choose_dataset, identify
from tasks.ingest.unlabelled import choose_unlabelled, open_texts
from tasks.settings.run import RunConfig
from tasks.store.objects import open_objects

ROWS = "text,label\n" + "a great film,good\na dull film,bad\n" * 10


def test_dataset_at_an_address_is_that_of_the_file(bucket: str, tmp_path: Path) -> None:
    objects, local = open_objects(bucket), tmp_path / "films.csv"
    local.write_text(ROWS)
    for key in ("films.csv", "test.csv"):
        objects.put(key, ROWS.encode())
    config = parse_command_line(
        [f"--dataset={bucket}/films.csv", f"--test-path={bucket}/test.csv"], RunConfig, program="train"
    )
    choice = choose_dataset(config.dataset, tmp_path, config.files)
    assert choice.dataset == "films"
    expected = identify(choose_dataset(str(local), tmp_path), tmp_path)
    found = identify(choice, tmp_path)
    assert found["options"] == expected["options"]
    assert set(found["files"].values()) == set(expected["files"].values())


def test_texts_without_labels_are_read_from_an_address(bucket: str, tmp_path: Path) -> None:
    open_objects(bucket).put("films.csv", ROWS.encode())
    open_objects(bucket).put("more.txt", b"a fine film\nso dull\n")
    config = RunConfig(
        dataset=f"{bucket}/films.csv",
        unlabelled_path=f"{bucket}/more.txt",  # type: ignore[arg-type]
        variants=("distilled",),
    )
    choice = choose_dataset(config.dataset, tmp_path, config.files)
    texts = choose_unlabelled(config.unlabelled_path, choice, config.other_files, tmp_path)
    assert texts is not None
    assert [text for rows in open_texts(texts, tmp_path) for text in rows.texts.to_pylist()] == [
        "a fine film",
        "so dull",
    ]


def test_each_missing_file_is_one_line_that_names_its_flag(bucket: str, tmp_path: Path) -> None:
    open_objects(bucket).put("films.csv", ROWS.encode())
    for flag, dataset, test in (("--dataset", "x.csv", "films.csv"), ("--test-path", "films.csv", "x.csv")):
        config = RunConfig(dataset=f"{bucket}/{dataset}", test_path=f"{bucket}/{test}")  # type: ignore[arg-type]
        with pytest.raises(UserError, match=f"^{flag} {bucket}/x.csv: no such file; expected"):
            choose_dataset(config.dataset, tmp_path, config.files)
