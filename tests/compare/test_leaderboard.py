"""The leaderboard: the names that people script against, its order, and its summaries over seeds."""

import json
import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.compare.leaderboard import average_probabilities
from tasks.compare.leaderboard_facts import LeaderboardRow
from tasks.compare.results import ENSEMBLE, Contestant, ModelResult, load_contestants
from tasks.errors import UserError
from tasks.evaluate.intervals import bootstrap_accuracy

AddResult = Callable[..., ModelResult]
Build = Callable[..., dict[str, Any]]
NAMES_OF_THE_RUN = ["id", "dataset", "is_fallback", "started", "seconds", "device", "versions"]
NAMES_OF_A_ROW = [
    "name",
    "encoding",
    "seeds",
    "status",
    "num_params",
    "accuracy",
    "macro_f1",
    "roc_auc",
    "nll",
    "ece",
    "epochs",
    "epoch_seconds",
    "train_seconds",
    "reviews_per_second",
]


def single_models(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in metrics["variants"] if row["group"] != ENSEMBLE]


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_names_are_those_of_the_contract(
    status: str, build: Build, add_result: AddResult, fail_result: AddResult
) -> None:
    leaderboard = build(add_result("lstm", 80) if status == "ok" else fail_result("lstm"))
    assert leaderboard.keys() >= {"run", "variants"}
    assert leaderboard["run"].keys() >= set(NAMES_OF_THE_RUN)
    assert leaderboard["variants"][0].keys() >= set(NAMES_OF_A_ROW)


def test_one_variant_is_described(build: Build, add_result: AddResult) -> None:
    (row,) = build(add_result("lstm", 80))["variants"]
    assert (row["name"], row["encoding"], row["seeds"], row["status"]) == ("lstm", "words-10k-120", 1, "ok")
    assert row["num_params"] == 171_533
    assert row["reason"] is None
    assert row["models"] == ["models/lstm/seed-1"]


def test_accuracy_of_one_seed_has_bounds_and_no_spread(build: Build, add_result: AddResult) -> None:
    accuracy = build(add_result("lstm", 80))["variants"][0]["accuracy"]
    assert (accuracy["mean"], accuracy["sd"]) == (0.8, None)
    assert 0.7 < accuracy["low"] < 0.8 < accuracy["high"] < 0.9


def test_accuracy_follows_the_threshold_of_the_bundle(build: Build, add_result: AddResult) -> None:
    (row,) = build(add_result("lstm", 80, threshold=0.3))["variants"]
    assert row["accuracy"]["mean"] == 0.8


def test_seeds_are_summarised_by_mean_and_standard_deviation(build: Build, add_result: AddResult) -> None:
    results = [add_result("lstm", num_correct, seed=seed) for seed, num_correct in ((1, 80), (2, 84), (3, 91))]
    (row,) = build(*results, seeds=3)["variants"]
    assert row["seeds"] == 3
    assert row["accuracy"]["mean"] == pytest.approx(0.85)
    assert row["accuracy"]["sd"] == pytest.approx(statistics.stdev([0.80, 0.84, 0.91]))
    assert len(row["models"]) == 3


def test_bounds_over_seeds_are_those_of_the_bootstrap(build: Build, add_result: AddResult) -> None:
    import numpy as np

    results = [add_result("lstm", num_correct, seed=seed) for seed, num_correct in ((1, 80), (2, 91))]
    accuracy = build(*results)["variants"][0]["accuracy"]
    hits = np.stack([np.arange(100) < num_correct for num_correct in (80, 91)])
    assert (accuracy["low"], accuracy["high"]) == bootstrap_accuracy(hits)


def test_other_numbers_are_means_over_seeds(build: Build, add_result: AddResult) -> None:
    first = add_result("lstm", 80, seed=1, nll=0.4, roc_auc=0.8, epochs=3, num_params=7)
    second = add_result("lstm", 80, seed=2, nll=0.6, roc_auc=0.9, epochs=6, num_params=7)
    (row,) = build(first, second)["variants"]
    assert (row["nll"], row["roc_auc"], row["epochs"]) == pytest.approx((0.5, 0.85, 4.5))
    assert row["num_params"] == 7
    assert isinstance(row["num_params"], int)


def test_number_that_a_seed_lacks_is_left_open(build: Build, add_result: AddResult) -> None:
    (row,) = build(add_result("lstm", 80, roc_auc=None), add_result("lstm", 80, seed=2, roc_auc=0.9))["variants"]
    assert row["roc_auc"] is None


def test_best_variant_is_first_and_failed_ones_are_last(
    build: Build, add_result: AddResult, fail_result: AddResult
) -> None:
    results = [
        fail_result("simple-rnn"),
        add_result("flatten", 70),
        add_result("lstm", 90),
        fail_result("bigru"),
        add_result("conv-max", 80),
    ]
    names = [row["name"] for row in single_models(build(*results))]
    assert names == ["lstm", "conv-max", "flatten", "simple-rnn", "bigru"]


def test_variant_that_is_never_right_stands_before_failed_ones(
    build: Build, add_result: AddResult, fail_result: AddResult
) -> None:
    rows = build(fail_result("lstm"), add_result("flatten", 0))["variants"]
    assert [row["name"] for row in rows] == ["flatten", "lstm"]


def test_order_is_by_mean_accuracy_over_seeds(build: Build, add_result: AddResult) -> None:
    uneven = [add_result("lstm", 95, seed=1), add_result("lstm", 65, seed=2)]
    even = [add_result("flatten", 82, seed=1), add_result("flatten", 82, seed=2)]
    assert [row["name"] for row in single_models(build(*uneven, *even))] == ["flatten", "lstm"]


def test_one_failed_seed_of_two_is_told_and_the_other_counts(
    build: Build, add_result: AddResult, fail_result: AddResult
) -> None:
    (row,) = build(add_result("lstm", 80), fail_result("lstm", "out of memory", seed=2))["variants"]
    assert (row["status"], row["seeds"], row["reason"]) == ("failed", 1, "seed 2: out of memory")
    assert (row["accuracy"]["mean"], row["accuracy"]["sd"]) == (0.8, None)


def test_failed_variant_has_a_reason_and_no_numbers(build: Build, fail_result: AddResult) -> None:
    (row,) = build(fail_result("lstm", "no loss", seed=1), fail_result("lstm", "no disk", seed=2))["variants"]
    assert (row["status"], row["seeds"]) == ("failed", 0)
    assert row["reason"] == "seed 1: no loss; seed 2: no disk"
    assert row["accuracy"] is None
    assert all(row[name] is None for name in ("num_params", "macro_f1", "nll", "epochs", "train_seconds"))
    assert row["models"] == []


def test_all_failed_is_still_a_leaderboard(build: Build, fail_result: AddResult) -> None:
    leaderboard = build(fail_result("lstm"), fail_result("flatten"))
    assert [row["status"] for row in leaderboard["variants"]] == ["failed", "failed"]


def test_leaderboard_is_strict_json(build: Build, add_result: AddResult, fail_result: AddResult) -> None:
    leaderboard = build(add_result("lstm", 80), add_result("lstm", 90, seed=2), fail_result("flatten"))
    assert json.loads(json.dumps(leaderboard, allow_nan=False)) == leaderboard
    assert math.isfinite(leaderboard["variants"][0]["accuracy"]["sd"])


def test_ensemble_is_the_plain_average_of_all_models(build: Build, add_result: AddResult) -> None:
    import numpy as np

    # Any two of the three outvote the third: where two are right, so is the average.
    third = np.arange(100) // 34
    masks = [third != wrong for wrong in range(3)]
    names = ["lstm", "bigru", "flatten"]
    rows = build(*(add_result(name, correct=mask) for name, mask in zip(names, masks, strict=True)))["variants"]
    assert rows[0]["name"] == ENSEMBLE
    assert rows[0]["accuracy"]["mean"] == 1.0
    assert rows[0]["tie_group"] is None


def test_ensemble_leaves_the_constant_model_out(build: Build, add_result: AddResult) -> None:
    metrics = build(add_result("majority", 50, group="baseline"), add_result("lstm", 80))
    assert [row["name"] for row in metrics["variants"]] == ["lstm", "majority"]


def test_ensemble_leaves_models_at_chance_out(build: Build, add_result: AddResult) -> None:
    good = [add_result("lstm", 80), add_result("bigru", 75)]
    rows = build(*good, add_result("flatten", 45))["variants"]
    (ensemble,) = [row for row in rows if row["name"] == ENSEMBLE]
    assert ensemble["models"] == ["models/lstm/seed-1", "models/bigru/seed-1"]
    assert ensemble["beats_chance"] is None


def test_average_leaves_ensembles_out(build: Build, add_result: AddResult) -> None:
    good = [add_result("lstm", 80), add_result("bigru", 75)]
    rows = build(*good, add_result("ensemble-stacked", 85, group="stacked"))["variants"]
    (average,) = [row for row in rows if row["name"] == ENSEMBLE]
    assert average["models"] == ["models/lstm/seed-1", "models/bigru/seed-1"]
    assert next(row for row in rows if row["group"] == "stacked")["beats_chance"]


def test_one_model_that_beats_chance_makes_no_ensemble(build: Build, add_result: AddResult) -> None:
    rows = build(add_result("lstm", 80), add_result("flatten", 45))["variants"]
    assert [row["name"] for row in rows] == ["lstm", "flatten"]


def test_rows_say_whether_the_model_beats_chance_and_on_what(
    build: Build, add_result: AddResult, fail_result: AddResult
) -> None:
    rows = build(add_result("lstm", 80), add_result("flatten", 45), fail_result("bigru"))["variants"]
    assert {row["name"]: (row["beats_chance"], row["beats_chance_on"]) for row in rows} == {
        "lstm": (True, "accuracy"),
        "flatten": (False, None),
        "bigru": (None, None),
    }


def test_row_of_an_older_file_says_nothing_of_chance(build: Build, add_result: AddResult) -> None:
    (row,) = build(add_result("lstm", 80))["variants"]
    older = {name: value for name, value in row.items() if not name.startswith("beats_chance")}
    assert LeaderboardRow.model_validate(older).beats_chance is None


def test_models_that_cannot_be_told_apart_share_a_tie_group(build: Build, add_result: AddResult) -> None:
    rows = build(add_result("lstm", 90), add_result("bigru", 89), add_result("flatten", 40))["variants"]
    assert {row["name"]: row["tie_group"] for row in rows} == {"lstm": 1, "bigru": 1, "flatten": 2, ENSEMBLE: None}


def test_neural_models_are_held_against_the_best_baseline(build: Build, add_result: AddResult) -> None:
    baselines = [add_result("majority", 50, group="baseline"), add_result("nb-svm", 70, group="baseline")]
    rows = build(*baselines, add_result("lstm", 95), add_result("bigru", 71), add_result("flatten", 40))["variants"]
    beats = {row["name"]: row["beats_baseline"] for row in rows if row["group"] != ENSEMBLE}
    assert beats == {"lstm": True, "bigru": False, "flatten": False, "nb-svm": None, "majority": None}


def test_without_baselines_nothing_is_said_of_them(build: Build, add_result: AddResult) -> None:
    assert [row["beats_baseline"] for row in build(add_result("lstm", 95))["variants"]] == [None]


def test_model_that_another_run_evaluated_meanwhile_is_refused(add_result: AddResult, tmp_path: Path) -> None:
    result = add_result("lstm", 80)
    assert load_contestants([result], tmp_path)[0].accuracy == 0.8
    with pytest.raises(UserError, match="lstm with seed 1 was re-evaluated by another run"):
        load_contestants([result.model_copy(update={"evaluation": "another"})], tmp_path)


def test_average_over_seeds_and_models_is_that_of_all_their_probabilities_at_once() -> None:
    random = np.random.default_rng(1)
    probabilities = [random.random((num_seeds, 50, 3)) for num_seeds in (1, 3, 2)]
    labels, nothing = np.zeros(50, np.int32), np.zeros((1, 50), np.int32)
    members = [
        Contestant(f"model {place}", [None] * len(its), its.__getitem__, 3, nothing, nothing == labels, labels)  # type: ignore[list-item]
        for place, its in enumerate(probabilities)
    ]
    expected = np.mean([its.mean(axis=0) for its in probabilities], axis=0)
    np.testing.assert_array_equal(average_probabilities(members), expected)
