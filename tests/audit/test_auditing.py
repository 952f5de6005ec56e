"""An audit of reviews with known wrong labels: the list, what annotators get, and what setting right brings."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.audit.auditing import replace_labels, write_audit
from tasks.audit.facts import LabelErrors
from tasks.baseline.baselines import BASELINES

if TYPE_CHECKING:
    from conftest import Notes

Mislabelled = tuple[dict[str, list[int]], dict[str, list[int]], list[str]]
Audit = Callable[..., tuple[LabelErrors, list[dict[str, Any]]]]


@pytest.fixture
def audit(tmp_path: Path, notes: "Notes") -> Audit:
    """Audits a folder of reviews; returns the document and the rows of the list."""

    def run(folder: Path, label_names: Sequence[str] = ("neg", "pos"), **options: Any) -> Any:
        out = tmp_path / "audit"
        out.mkdir()
        settings = {"dataset": "films", "hashes": {"train.parquet": "ab"}, "folds": 4, "listener": notes, **options}
        facts = write_audit(
            [BASELINES["tfidf-linear"]], reviews_folder=folder, folder=out, label_names=label_names, **settings
        )
        rows = pq.read_table(out / "label_errors.parquet").to_pylist()
        assert facts.num_listed == len(rows)
        return LabelErrors.read(out / "label_errors.json"), rows

    return run


def test_known_errors_are_the_list(audit: Audit, write_reviews: Callable[..., Path], mislabelled: Mislabelled) -> None:
    true, given, wrong = mislabelled
    found, rows = audit(write_reviews(true, given))
    assert {row["id"] for row in rows} == set(wrong)
    assert found.num_listed == {"train": 4, "validation": 1, "test": 2}
    assert found.num_reviews == {"train": 100, "validation": 20, "test": 30}
    assert [row["rank"] for row in rows] == list(range(1, 8))
    assert all(row["label"] != row["suggested_label"] and row["checked_label"] is None for row in rows)
    probabilities = [row["p_label"] for row in rows]
    assert probabilities == sorted(probabilities)


def test_estimates_are_near_the_known_numbers(
    audit: Audit, write_reviews: Callable[..., Path], mislabelled: Mislabelled
) -> None:
    true, given, _ = mislabelled
    found, _ = audit(write_reviews(true, given))
    assert [row.label for row in found.noise] == ["neg", "pos"]
    assert sum(row.num_wrong for row in found.noise) == pytest.approx(7, abs=1)
    assert sum(row.num_missing for row in found.noise) == pytest.approx(sum(row.num_wrong for row in found.noise))
    assert sum(row.num_reviews for row in found.noise) == 150


def test_accuracy_on_relabelled_test_reviews_is_that_of_true_labels(
    audit: Audit, write_reviews: Callable[..., Path], mislabelled: Mislabelled
) -> None:
    true, given, _ = mislabelled
    found, _ = audit(write_reviews(true, given))
    assert found.set_right is not None
    assert found.set_right.num_reviews == 30
    assert found.set_right.as_given == found.set_right.learned_right == pytest.approx(28 / 30)
    assert found.set_right.tested_right == 1


def test_clean_labels_give_an_empty_list(
    audit: Audit, write_reviews: Callable[..., Path], mislabelled: Mislabelled, notes: "Notes"
) -> None:
    true, _, _ = mislabelled
    found, rows = audit(write_reviews(true))
    assert (rows, found.suspects, found.set_right) == ([], (), None)
    assert len(notes.fits) == 4


def test_label_that_few_reviews_have_does_no_harm(
    audit: Audit, write_reviews: Callable[..., Path], mislabelled: Mislabelled
) -> None:
    true, given, wrong = mislabelled
    rare = {**true, "train": [2, *true["train"][1:]]}
    found, rows = audit(
        write_reviews(rare, {**given, "train": [2, *given["train"][1:]]}), ("neg", "pos", "odd", "none")
    )
    assert set(wrong) <= {row["id"] for row in rows} <= {*wrong, "train-0"}
    assert [row.num_reviews for row in found.noise][2:] == [1, 0]


def test_without_test_reviews_there_is_no_accuracy(
    audit: Audit, write_reviews: Callable[..., Path], mislabelled: Mislabelled
) -> None:
    true, given, wrong = mislabelled
    found, rows = audit(write_reviews({**true, "test": []}, {**given, "test": []}))
    assert {row["id"] for row in rows} == {name for name in wrong if not name.startswith("test")}
    assert found.set_right is None


def test_long_texts_are_whole_in_the_list_and_cut_in_the_document(
    audit: Audit, write_reviews: Callable[..., Path], mislabelled: Mislabelled
) -> None:
    true, given, _ = mislabelled
    folder = write_reviews(true, given)
    table = pq.read_table(folder / "test.parquet")
    texts = [f"{text} {'so it goes ' * 200}" for text in table.column("text").to_pylist()]
    pq.write_table(table.set_column(1, "text", pa.array(texts)), folder / "test.parquet")
    found, rows = audit(folder)
    by_id = {suspect.id: suspect for suspect in found.suspects}
    assert by_id["test-8"].text == texts[8][:1_000]
    assert by_id["test-8"].num_characters == len(texts[8])
    assert next(row["text"] for row in rows if row["id"] == "test-8") == texts[8]


def test_suggestion_is_the_likeliest_other_label() -> None:
    labels = np.array([0, 1, 2], np.int32)
    probabilities = np.array([[0.5, 0.2, 0.3], [0.1, 0.2, 0.7], [0.4, 0.3, 0.3]])
    assert replace_labels(labels, probabilities, np.array([0, 1])).tolist() == [2, 2, 2]
    assert labels.tolist() == [0, 1, 2]
