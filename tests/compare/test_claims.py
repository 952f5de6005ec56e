"""The course notebook's claims: each verdict from unambiguous numbers, and why a run may have none."""

from typing import Any

import numpy as np
import pytest

NOTE = {"flatten": 171_533, "conv-average": 171_149, "bigru": 169_997, "bilstm": 172_941, "bilstm-small": 30_129}
SECONDS = {"flatten": 1.0, "conv-average": 6.0, "bigru": 20.0, "bilstm": 43.0, "bilstm-small": 43.0}


@pytest.fixture
def judge(build: Any, add_result: Any) -> Any:
    """Judges the claims of a run of the notebook's models; returns them by what they say."""

    def judge_run(
        *,
        hits: dict[str, int] | None = None,
        seconds: Any = None,
        jobs: Any = None,
        devices: Any = None,
        **changes: Any,
    ) -> dict[str, Any]:
        found = dict.fromkeys(NOTE, 80) | (hits or {})
        results = [
            add_result(
                name,
                correct=np.arange(100) < found[name],
                num_params=NOTE[name],
                epoch_seconds=(seconds or SECONDS)[name],
                jobs=(jobs or {}).get(name, 1),
                device=(devices or {}).get(name, "CPU"),
            )
            for name in found
        ]
        return {claim["claim"]: claim for claim in build(*results, **changes)["claims"]}

    return judge_run


def find(claims: dict[str, Any], words: str) -> dict[str, str]:
    (claim,) = [claim for name, claim in claims.items() if words in name]
    return claim


def test_parameters_are_confirmed(judge: Any) -> None:
    claims = judge()
    for name in ("flatten", "conv-average", "bigru"):
        assert find(claims, f"{name} has")["verdict"] == "confirmed"


def test_parameters_of_the_small_model_do_not_belong_to_the_listed_one(judge: Any) -> None:
    claim = find(judge(), "30,129")
    assert claim["verdict"] == "refuted"
    assert "172,941" in claim["measured"]


def test_order_of_epoch_times_is_judged_not_the_times(judge: Any) -> None:
    assert find(judge(), "43 s")["verdict"] == "confirmed"


def test_other_order_of_epoch_times_is_refuted(judge: Any) -> None:
    assert find(judge(seconds=SECONDS | {"bigru": 50.0}), "43 s")["verdict"] == "refuted"


def test_epoch_times_under_different_loads_are_not_compared(judge: Any) -> None:
    claim = find(judge(jobs={"bigru": 2}), "43 s")
    assert claim["verdict"] == "not comparable"
    assert "different numbers of jobs" in claim["reason"]


def test_epoch_times_on_different_devices_are_not_compared(judge: Any) -> None:
    claim = find(judge(devices={"bigru": "GPU"}), "43 s")
    assert claim["verdict"] == "not comparable"
    assert "different devices" in claim["reason"]


def test_accuracy_is_high_unless_another_model_is_significantly_better(judge: Any) -> None:
    assert find(judge(), "Flatten reaches")["verdict"] == "confirmed"


def test_accuracy_is_not_high_when_another_model_is_better(judge: Any) -> None:
    claim = find(judge(hits={"flatten": 40}), "Flatten reaches")
    assert claim["verdict"] == "refuted"
    assert claim["reason"] == "significantly less accurate than conv-average, bigru, bilstm, bilstm-small"


def test_overfitting_is_a_gap_with_a_rising_loss(judge: Any) -> None:
    claim = find(judge(), "Flatten overfits")
    assert claim["verdict"] == "confirmed"
    assert "16.0 points" in claim["measured"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dataset": "sample"}, "the claim is about IMDB reviews, and this run is on sample"),
        ({"limit": 100}, "the claim is about all IMDB reviews, and this run used only some of them"),
    ],
    ids=["other data", "a part"],
)
def test_other_data_cannot_be_compared(judge: Any, changes: dict[str, Any], reason: str) -> None:
    claims = judge(**changes)
    for words in ("Flatten reaches", "Flatten overfits", "GRU still"):
        assert find(claims, words)["verdict"] == "not comparable"
        assert reason in find(claims, words)["reason"]
    assert find(claims, "flatten has")["verdict"] == "confirmed", "parameters do not depend on the data"


def test_missing_models_cannot_be_compared(build: Any, add_result: Any) -> None:
    claims = build(add_result("lstm", 80))["claims"]
    assert {claim["verdict"] for claim in claims} == {"not comparable"}
