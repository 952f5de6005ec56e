"""The predictions file: its columns, and that it gives back what was written."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.evaluate.predictions import read_predictions, write_predictions

LABELS = [0, 2, 1]
PROBABILITIES = np.array([[0.7, 0.2, 0.1], [1 / 3, 1 / 3, 1 / 3], [0.0, 1.0, 0.0]])


def write(path: Path, label_names: list[str]) -> None:
    write_predictions(path, pa.array(["c", "a", "b"]), np.array(LABELS, np.int32), PROBABILITIES, label_names)


@pytest.mark.parametrize(
    "label_names",
    [["bad", "so so", "good"], ["négatif", "平", "👍"], ["p_a", "label", "id"]],
    ids=["spaces", "unicode", "names of columns"],
)
def test_columns_are_those_of_the_contract(label_names: list[str], tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    write(path, label_names)
    table = pq.read_table(path)
    assert table.column_names == ["id", "label", *(f"p_{name}" for name in label_names)]
    assert table.column(f"p_{label_names[1]}").to_pylist() == PROBABILITIES[:, 1].tolist()


@pytest.mark.parametrize("label_names", [["bad", "so so", "good"], ["p_a", "label", "id"]], ids=str)
def test_what_is_written_is_read_back(label_names: list[str], tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    write(path, label_names)
    probabilities, labels = read_predictions(path)
    np.testing.assert_array_equal(probabilities, PROBABILITIES)
    assert labels.tolist() == LABELS


def test_reviews_keep_their_order_and_their_ids(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    write(path, ["bad", "so so", "good"])
    table = pq.read_table(path)
    assert table.column("id").to_pylist() == ["c", "a", "b"]
    assert table.schema.field("label").type == pa.int32()


@pytest.fixture
def many() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of 300 classes, some of them zero, one, or as large as another, and labels."""
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.full(300, 0.3), 2_000)
    probabilities[0] = 1 / 300
    probabilities[1] = np.eye(300)[7]
    return probabilities, random.integers(0, 300, 2_000).astype(np.int32)


def test_many_probabilities_are_shortened_and_decisions_are_not(
    many: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    probabilities, labels = many
    path = tmp_path / "predictions.parquet"
    ids = pa.array([str(number) for number in range(2_000)])
    write_predictions(path, ids, labels, probabilities, [f"class {number}" for number in range(300)])
    found, found_labels = read_predictions(path)
    np.testing.assert_array_equal(found_labels, labels)
    np.testing.assert_allclose(found, probabilities, rtol=1 / 256)
    np.testing.assert_array_equal(found.argmax(axis=1), probabilities.argmax(axis=1))
    np.testing.assert_array_equal(found.max(axis=1), probabilities.max(axis=1))
    rows = np.arange(len(labels))
    np.testing.assert_array_equal(found[rows, labels], probabilities[rows, labels])
    assert path.stat().st_size < probabilities.nbytes / 3
    assert pq.read_schema(path).names[:3] == ["id", "label", "p_class 0"]


def test_probabilities_of_few_classes_are_exact(many: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    probabilities, labels = many[0][:, :50], many[1]
    ids = pa.array([str(number) for number in range(2_000)])
    write_predictions(tmp_path / "p.parquet", ids, labels, probabilities, [str(number) for number in range(50)])
    np.testing.assert_array_equal(read_predictions(tmp_path / "p.parquet")[0], probabilities)
