"""Curves of trained models: their points, which model is best where, and what failed is missing."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tasks.curve.facts import Curves, Entry
from tasks.curve.summary import summarise_curves

if TYPE_CHECKING:
    from tests.conftest import AddResult

LABELS = np.arange(400) % 2
RIGHT = {0.1: {"lstm": 210, "nb-svm": 320}, 0.5: {"lstm": 330, "nb-svm": 336}, 1.0: {"lstm": 392, "nb-svm": 340}}


@pytest.fixture
def add_entry(add_result: "AddResult") -> Any:
    def add(model: str, share: float, num_correct: int, *, seed: int = 1, **numbers: Any) -> Entry:
        order = np.random.default_rng(num_correct + seed).permutation(len(LABELS))
        result = add_result(
            f"{model}-at-{share}", seed=seed, labels=LABELS, correct=order < num_correct, **numbers
        ).model_copy(update={"variant": model})
        return Entry(share=share, num_train=round(900 * share), num_validation=round(100 * share), result=result)

    return add


@pytest.fixture
def curves(add_entry: Any, tmp_path: Path) -> Curves:
    entries = [
        *(
            add_entry(model, share, count + seed, seed=seed)
            for share, row in RIGHT.items()
            for model, count in row.items()
            for seed in (1, 2)
        ),
        *(add_entry("majority", share, 200, group="baseline") for share in RIGHT),
    ]
    return summarise_curves(entries, constant=0, artifacts_dir=tmp_path)


def test_points_are_means_over_the_seeds(curves: Curves) -> None:
    points = {(point.model, point.share): point for point in curves.points}
    for share, row in RIGHT.items():
        for model, count in row.items():
            point = points[model, share]
            assert point.mean == pytest.approx((count + 1.5) / 400)
            assert point.low < point.mean < point.high
            assert (point.num_train, point.num_seeds) == (round(900 * share), 2)


def test_each_trained_model_is_a_cell(curves: Curves) -> None:
    assert len(curves.cells) == 15
    assert all(cell.folder.startswith("models/") for cell in curves.cells)


def test_constant_answer_is_a_level_and_has_no_law(curves: Curves) -> None:
    assert curves.constant_accuracy == 0.5
    assert {growth.model for growth in curves.growths} == {"lstm", "nb-svm"}


def test_best_model_changes_with_the_size(curves: Curves) -> None:
    found = {winner.share: winner for winner in curves.winners}
    assert [found[share].best for share in (0.1, 0.5, 1.0)] == ["nb-svm", "nb-svm", "lstm"]
    assert [found[share].tied for share in (0.1, 0.5, 1.0)] == [(), ("lstm",), ()]
    assert all(winner.beats_chance for winner in curves.winners)


def test_tie_says_how_many_test_reviews_would_end_it(curves: Curves) -> None:
    tie = next(winner for winner in curves.winners if winner.share == 0.5)
    assert tie.rival == "lstm"
    assert tie.lead == pytest.approx(6 / 400)
    assert tie.num_test_reviews is not None
    assert tie.num_test_reviews > len(LABELS)


def test_two_seeds_that_differ_at_one_size_do_not_hide_a_large_lead(add_entry: Any, tmp_path: Path) -> None:
    counts = {0.1: (230, 262), 0.2: (270, 272), 0.5: (290, 291), 1.0: (300, 301)}
    entries = [
        *(add_entry("lstm", share, own[seed - 1], seed=seed) for share, own in counts.items() for seed in (1, 2)),
        *(add_entry("nb-svm", share, 350 + seed, seed=seed) for share in counts for seed in (1, 2)),
    ]
    found = summarise_curves(entries, constant=0, artifacts_dir=tmp_path)
    assert [winner.tied for winner in found.winners] == [(), (), (), ()]


def test_models_that_do_not_beat_chance_are_said_not_to(add_entry: Any, tmp_path: Path) -> None:
    entries = [add_entry("lstm", 0.1, 205), add_entry("lstm", 1.0, 360)]
    found = summarise_curves(entries, constant=0, artifacts_dir=tmp_path)
    assert [winner.beats_chance for winner in found.winners] == [False, True]
    assert found.growths == ()


def test_failed_model_is_missing(add_entry: Any, fail_result: "AddResult", tmp_path: Path) -> None:
    failed = Entry(share=0.1, num_train=90, num_validation=10, result=fail_result("lstm"))
    found = summarise_curves([failed, add_entry("lstm", 1.0, 360)], constant=0, artifacts_dir=tmp_path)
    assert [point.share for point in found.points] == [1.0]


def test_nothing_trained_gives_empty_curves(fail_result: "AddResult", tmp_path: Path) -> None:
    failed = Entry(share=0.1, num_train=90, num_validation=10, result=fail_result("lstm"))
    found = summarise_curves([failed], constant=0, artifacts_dir=tmp_path)
    assert (found.points, found.winners, found.growths) == ((), (), ())
