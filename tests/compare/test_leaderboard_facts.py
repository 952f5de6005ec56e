"""leaderboard.json as a model: the names of the contract, flat metrics, and no field that is a slip."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.compare.leaderboard_facts import Leaderboard, LeaderboardRow
from tasks.compare.results import ModelResult

NAMES_OF_A_ROW = {"accuracy", "macro_f1", "roc_auc", "nll", "ece", "epochs", "epoch_seconds", "train_seconds"}


@pytest.fixture
def content(build: Any, add_result: Any, fail_result: Any) -> dict[str, Any]:
    results: tuple[ModelResult, ...] = (add_result("lstm", 80), add_result("nb-svm", 70, group="baseline"))
    metrics = build(*results, fail_result("bigru"))
    return {"run": metrics["run"], "variants": metrics["variants"]}


def test_what_is_written_is_what_was_measured(content: dict[str, Any]) -> None:
    leaderboard = Leaderboard.model_validate(content)
    written = json.loads(leaderboard.model_dump_json())
    assert written["schema_version"] == 1
    assert [row["name"] for row in written["variants"]][-1] == "bigru"
    for row, measured in zip(written["variants"], content["variants"], strict=True):
        assert row == {"reason": None, **measured}
    assert written["variants"][0].keys() >= NAMES_OF_A_ROW


def test_counts_stay_integers(content: dict[str, Any]) -> None:
    row = Leaderboard.model_validate(content).variants[0]
    assert isinstance(row.num_params, int)


def test_metric_without_a_field_stands_among_the_others(content: dict[str, Any]) -> None:
    row = LeaderboardRow.model_validate({**content["variants"][0], "mcc": 0.25})
    assert row.metric("mcc") == json.loads(row.model_dump_json())["mcc"] == 0.25
    assert row.metric("nll") == row.nll
    assert row.metric("kappa") is None


def test_unknown_field_that_is_no_number_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="tie_gruop"):
        LeaderboardRow.model_validate({**content["variants"][0], "tie_gruop": "first"})
    with pytest.raises(ValidationError, match="gate"):
        Leaderboard.model_validate({**content, "gate": {}})


def test_missing_name_of_the_contract_is_refused(content: dict[str, Any]) -> None:
    row = {name: value for name, value in content["variants"][0].items() if name != "ece"}
    with pytest.raises(ValidationError, match="ece"):
        LeaderboardRow.model_validate(row)
