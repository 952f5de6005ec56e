"""What a history says: the gap, the best epoch, and what the epochs after it cost."""

from pathlib import Path
from typing import Any

import pytest


def test_history_is_reduced_to_what_it_says(build: Any, add_result: Any) -> None:
    (training,) = build(add_result("lstm", 80))["trainings"]["lstm"]
    assert training["best_epoch"] == 2
    assert training["gap_at_best"] == pytest.approx(0.05)
    assert training["gap_at_last"] == pytest.approx(0.16)
    later = training["later_epochs"]
    assert later["num_epochs"] == 1
    assert later["val_loss_change"] == pytest.approx(0.10)
    assert later["val_accuracy_change"] == pytest.approx(-0.01)
    assert later["share_of_seconds"] == pytest.approx(0.25)
    assert [point["epoch"] for point in training["curve"]] == [1, 2, 3]
    assert {type(value) for value in (training["best_epoch"], later["num_epochs"])} == {int}


def test_epochs_with_several_evaluations_are_counted_in_parts(build: Any, add_result: Any, tmp_path: Path) -> None:
    lstm = add_result("lstm", 80)
    path = tmp_path / lstm.folder / "history.csv"
    path.write_text(path.read_text().replace("\n1,", "\n0.5,").replace("\n2,", "\n1.0,").replace("\n3,", "\n1.5,"))
    (training,) = build(lstm)["trainings"]["lstm"]
    assert (training["best_epoch"], training["later_epochs"]["num_epochs"]) == (1.0, 0.5)
    assert [point["epoch"] for point in training["curve"]] == [0.5, 1.0, 1.5]


def test_models_without_epochs_have_no_history(build: Any, add_result: Any) -> None:
    metrics = build(add_result("nb-svm", 90, group="baseline", epochs=None), add_result("lstm", 80))
    assert metrics["trainings"].keys() == {"lstm"}
