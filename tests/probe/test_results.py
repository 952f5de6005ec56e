"""From predictions to accuracy at each distance, and from seeds to one row."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.evaluate.predictions import write_predictions
from tasks.ingest.sources.recall import parse_name
from tasks.ingest.sources.recall_texts import generate_texts
from tasks.probe.plan import Cell
from tasks.probe.results import CellResult, describe_tasks, measure_cells, summarise_rows
from tasks.probe.summary import summarise_probe

NUM_TEXTS = 60
AddCell = Callable[..., CellResult]


@pytest.fixture
def add_cell(tmp_path: Path) -> AddCell:
    """Writes what the tasks leave of a cell whose model is right at some distances and wrong at others."""

    def add(
        *, distance: int = 40, seed: int = 1, upto: bool = False, right_at: tuple[int, ...] = (), epochs: int = 2
    ) -> CellResult:
        cell = Cell("order", distance, "lstm", seed, upto)
        recall = parse_name(cell.dataset)
        assert recall is not None
        texts, labels = zip(*list(generate_texts(recall, "test"))[:NUM_TEXTS], strict=True)
        from tasks.ingest.sources.recall import find_distance

        is_right = np.isin([find_distance(text) for text in texts], right_at)
        answers = np.where(is_right, labels, 1 - np.array(labels))
        probabilities = np.eye(2)[answers] * 0.8 + 0.1
        name = f"{cell.dataset}-{seed}"
        for root in ("data", "artifacts"):
            (tmp_path / root / name).mkdir(parents=True)
        ids = pa.array([str(index) for index in range(NUM_TEXTS)])
        pq.write_table(pa.table({"text": list(texts)}), tmp_path / "data" / name / "test.parquet")
        folder = tmp_path / "artifacts" / name
        write_predictions(
            folder / "predictions.parquet", ids, np.array(labels, np.int32), probabilities, ["Gaelic", "Spanish"]
        )
        (folder / "bundle.json").write_text(json.dumps({"threshold": 0.5}))
        training = {"num_params": 22_305, "epochs": epochs, "batch_size": 32, "train_seconds": 1.5}
        return CellResult(cell=cell, folder=name, reviews=name, num_train=1_000, training=training, accuracy=0.5)

    return add


@pytest.fixture
def measure(tmp_path: Path) -> Callable[..., list[dict[str, object]]]:
    return lambda *results: measure_cells(results, data_dir=tmp_path / "data", artifacts_dir=tmp_path / "artifacts")


def test_cell_of_one_distance_is_measured_at_it(
    add_cell: AddCell, measure: Callable[..., list[dict[str, object]]]
) -> None:
    (row,) = measure(add_cell(right_at=(40,)))
    assert (row["distance"], row["trained_on"], row["accuracy"], row["solved"]) == (40, 40, 1.0, True)
    assert row["num_texts"] == NUM_TEXTS


def test_cell_of_several_distances_is_measured_at_each(
    add_cell: AddCell, measure: Callable[..., list[dict[str, object]]]
) -> None:
    rows = measure(add_cell(upto=True, right_at=(5, 80)))
    assert {row["distance"]: row["accuracy"] for row in rows} == {5: 1.0, 10: 0.0, 20: 0.0, 40: 0.0, 80: 1.0, 110: 0.0}
    assert {row["trained_on"] for row in rows} == {40}
    assert sum(int(str(row["num_texts"])) for row in rows) == NUM_TEXTS


def test_updates_are_those_until_the_training_ended(
    add_cell: AddCell, measure: Callable[..., list[dict[str, object]]]
) -> None:
    (row,) = measure(add_cell(epochs=3))
    assert row["updates"] == 3 * 32  # a thousand texts in batches of 32


def test_failed_cell_has_no_row(measure: Callable[..., list[dict[str, object]]]) -> None:
    assert measure(CellResult(cell=Cell("order", 5, "lstm", 1, False), status="failed", reason="killed")) == []


def test_seeds_are_joined(add_cell: AddCell, measure: Callable[..., list[dict[str, object]]]) -> None:
    solved = [add_cell(right_at=(40,), seed=seed, epochs=seed) for seed in (1, 3)]
    (row,) = summarise_rows(measure(*solved, add_cell(seed=2)))
    assert (row["low"], row["high"], row["num_seeds"], row["num_solved"]) == (0.0, 1.0, 3, 2)
    assert row["mean"] == pytest.approx(2 / 3)
    assert row["updates"] == (32 + 96) / 2, "the median of the seeds that solved it"


def test_updates_are_missing_where_no_seed_solved_it(
    add_cell: AddCell, measure: Callable[..., list[dict[str, object]]]
) -> None:
    (row,) = summarise_rows(measure(add_cell()))
    assert row["updates"] is None


def test_trained_at_one_and_at_several_distances_are_not_joined(
    add_cell: AddCell, measure: Callable[..., list[dict[str, object]]]
) -> None:
    rows = summarise_rows(measure(add_cell(), add_cell(upto=True)))
    assert [(row["upto"], row["distance"]) for row in rows if row["distance"] == 40] == [(False, 40), (True, 40)]


def test_nothing_trained_is_nothing_summed_up() -> None:
    assert summarise_rows([]) == []


def test_tasks_come_with_chance_and_ceiling() -> None:
    assert describe_tasks(["decoys", "order"]) == {
        "decoys": {"chance": 0.1, "bag_of_words": 0.1},
        "order": {"chance": 0.5, "bag_of_words": 0.5},
    }


def test_summary_is_plain_json_and_names_the_models_that_were_trained(add_cell: AddCell, tmp_path: Path) -> None:
    summary = summarise_probe([add_cell()], data_dir=tmp_path / "data", artifacts_dir=tmp_path / "artifacts")
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert [model["name"] for model in summary["models"]] == ["lstm"]
    assert summary["models"][0]["start"].startswith("forget gate's bias 1")
    assert summary["models"][0]["num_params"] == [22_305, 22_305]
    assert len(summary["verdicts"]) == 3
