"""metrics.json and leaderboard.json: read as they were written, also those of earlier runs; a newer one is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.drift.facts import Drift
from tasks.errors import UserError
from tasks.promote.facts import Decision
from tasks.report.run.facts import RunLeaderboard, RunMetrics

GAP = {
    "num_reviews": 10,
    "only_candidate": 1,
    "only_champion": 2,
    "difference": -0.1,
    "low": -0.4,
    "high": 0.2,
    "place": "open",
}
REVIEW = {"id": "1", "label": "neg", "text": "dull", "num_characters": 4, "answer": "pos", "probability": 0.9}
REFUSED = {
    "outcome": "refused",
    "candidate": "lstm",
    "model": "lstm/f1",
    "champion": "nb-svm-f1-0",
    "margin": 0.005,
    "slice_margin": 0.02,
    "reasons": ["It is worse."],
    "warnings": [],
    "comparison": {
        "accuracy": {"candidate": 0.7, "champion": 0.8},
        **GAP,
        "slices": [{"group": "label", "name": "neg", **GAP}],
        "lost": {"num_reviews": 2, "reviews": [REVIEW]},
    },
}


@pytest.fixture
def metrics(build: Callable[..., RunMetrics], add_result: Callable[..., Any]) -> RunMetrics:
    return build(add_result("lstm", 80), add_result("conv-max", 90))


def test_metrics_read_back_as_they_were_written(metrics: RunMetrics, tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    metrics.write(path)
    assert RunMetrics.read(path) == metrics


def test_metrics_without_a_version_are_of_the_first(metrics: RunMetrics, tmp_path: Path) -> None:
    content = metrics.model_dump(mode="json", exclude={"schema_version"})
    (tmp_path / "metrics.json").write_text(json.dumps(content))
    assert RunMetrics.read(tmp_path / "metrics.json") == metrics


@pytest.mark.parametrize("kind", [RunMetrics, RunLeaderboard])
def test_newer_file_is_refused_in_one_line(
    kind: type[RunMetrics] | type[RunLeaderboard], metrics: RunMetrics, tmp_path: Path
) -> None:
    content = metrics if kind is RunMetrics else metrics.select_leaderboard()
    newer = {**content.model_dump(mode="json"), "schema_version": 2}
    (tmp_path / "file.json").write_text(json.dumps(newer))
    with pytest.raises(UserError, match=r"schema version 2; expected at most 1\. Update Sequence Bakeoff") as error:
        kind.read(tmp_path / "file.json")
    assert "\n" not in str(error.value)


def test_field_that_nobody_knows_is_refused(metrics: RunMetrics, tmp_path: Path) -> None:
    content = metrics.model_dump(mode="json")
    content["recommendation"]["nmae"] = content["recommendation"]["name"]
    (tmp_path / "metrics.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"at recommendation\.nmae"):
        RunMetrics.read(tmp_path / "metrics.json")


def test_leaderboard_has_the_decision_without_reviews(metrics: RunMetrics) -> None:
    refused = metrics.model_copy(update={"gate": Decision.model_validate(REFUSED)})
    gate = refused.select_leaderboard().model_dump(mode="json")["gate"]
    assert gate["comparison"]["slices"][0]["name"] == "neg"
    assert "lost" not in gate["comparison"]
    assert refused.model_dump(mode="json")["gate"]["comparison"]["lost"]["num_reviews"] == 2


def test_what_was_not_measured_is_left_out(metrics: RunMetrics) -> None:
    measured = metrics.model_copy(update={"drift": Drift(champion="lstm/f1", level="stable", measures=())})
    for content in (metrics.model_dump(mode="json"), metrics.select_leaderboard().model_dump(mode="json")):
        assert "drift" not in content
        assert "probe" not in content
    assert measured.select_leaderboard().model_dump(mode="json")["drift"]["level"] == "stable"
