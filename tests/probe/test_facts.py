"""probe.json: which versions are read, and that its names stay those of the first version."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.probe.facts import MeanAccuracy, Probe, ProbeRun
from tasks.probe.summary import summarise_cells

RUN = {
    "id": "20260102-030405-abcdef12",
    "profile": "quick",
    "epochs": 8,
    "limit": None,
    "num_planned": 1,
    "num_trained": 1,
    "failed": [],
    "started": "2026-01-02T03:04:05+00:00",
    "seconds": 7.5,
    "train_seconds": 6.5,
    "device": "CPU (2 cores), tensorflow",
    "versions": {"keras": "3.15.1"},
}


def make_content() -> dict[str, Any]:
    """A file as the first version wrote it, without a version number."""
    return {
        "run": RUN,
        "tasks": {"plain": {"chance": 0.1, "bag_of_words": 1.0}},
        "models": [{"name": "lstm", "description": "an LSTM", "start": "as usual", "num_params": [16_017, 16_170]}],
        "rows": [
            {
                "task": "plain",
                "upto": False,
                "trained_on": 5,
                "model": "lstm",
                "distance": 5,
                "mean": 0.177,
                "low": 0.177,
                "high": 0.177,
                "num_seeds": 1,
                "num_solved": 0,
                "num_params": 16_170,
                "updates": None,
            }
        ],
        "cells": [
            {
                "task": "plain",
                "distance": 5,
                "model": "lstm",
                "seed": 1,
                "upto": False,
                "trained_on": 5,
                "accuracy": 0.177,
                "num_texts": 1_000,
                "solved": False,
                "num_params": 16_170,
                "updates": 126,
                "train_seconds": 6.5,
            }
        ],
        "reaches": {"plain": {"lstm": 0}},
        "verdicts": [{"claim": "it keeps it", "measured": "0 of 5", "verdict": "refuted", "reason": "too short"}],
        "expectations": [],
        "settings": {"learning_rate": 1e-3, "clip_norm": 1.0, "stop_at": 0.99, "solved_at": 0.95, "first_seeds": 3},
    }


def write(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "probe.json"
    path.write_text(json.dumps(content))
    return path


def test_file_without_a_version_is_read_as_the_first(tmp_path: Path) -> None:
    probe = Probe.read(write(tmp_path, make_content()))
    assert probe.schema_version == 1
    assert (probe.run.id, probe.rows[0].recall_task, probe.cells[0].updates) == (RUN["id"], "plain", 126)


def test_names_in_the_file_stay_those_of_the_first_version(tmp_path: Path) -> None:
    path = write(tmp_path, make_content())
    Probe.read(path).write(path)
    assert json.loads(path.read_text()) == {"schema_version": 1, **make_content()}


def test_file_of_a_newer_version_is_refused_in_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, {"schema_version": 2, "run": RUN})
    with pytest.raises(UserError, match="schema version 2; expected at most 1") as error:
        Probe.read(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("num_solved", "solved"), [(0, False), (1, False), (2, True), (3, True)])
def test_half_of_the_seeds_solve_a_task(num_solved: int, solved: bool) -> None:  # noqa: FBT001
    (row,) = make_content()["rows"]
    assert MeanAccuracy.model_validate({**row, "num_seeds": 4, "num_solved": num_solved}).is_solved is solved


def test_probe_without_results_is_written_and_read(tmp_path: Path) -> None:
    probe = Probe(run=ProbeRun.model_validate(RUN), **dict(summarise_cells([])))
    probe.write(tmp_path / "probe.json")
    assert Probe.read(tmp_path / "probe.json") == probe
