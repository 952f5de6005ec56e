"""All that the probe's report is made from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tasks.probe.expectations import judge_expectations
from tasks.probe.models import MODELS
from tasks.probe.plan import CLIP_NORM, FIRST_SEEDS, LEARNING_RATE, SOLVED_AT, STOP_AT
from tasks.probe.results import CellResult, describe_tasks, measure_cells, summarise_rows
from tasks.probe.verdicts import find_reaches, judge_note

# What Keras and this project begin recurrent layers with; None where there is no forget gate.
STARTS: Final = {
    "simple-rnn": "recurrent matrix a rotation (Saxe et al. 2014), Keras's default",
    "random-rnn": "recurrent matrix at random (Glorot & Bengio 2010)",
    "gru": "gates' bias 0, Keras's default",
    "bigru": "gates' bias 0, Keras's default",
    "lstm": "forget gate's bias 1, Keras's default",
    "bilstm": "forget gate's bias 1, Keras's default",
    "lstm-at-place": "forget gate's bias 1, Keras's default",
    "bilstm-at-place": "forget gate's bias 1, Keras's default",
    "chrono-lstm": "forget gate's bias log(u), u uniform from 1 to the text's length less 1; input gate's its negative",
}


def summarise_probe(results: Sequence[CellResult], *, data_dir: Path, artifacts_dir: Path) -> dict[str, Any]:
    """Measure every cell and sum up: tasks, models, rows over seeds, cells, reaches, verdicts, settings."""
    cells = measure_cells(results, data_dir=data_dir, artifacts_dir=artifacts_dir)
    rows = summarise_rows(cells)
    trained = [name for name in MODELS if any(row["model"] == name for row in rows)]
    return {
        "tasks": describe_tasks(dict.fromkeys(row["task"] for row in rows)),
        "models": [describe_model(name, rows) for name in trained],
        "rows": rows,
        "cells": cells,
        "reaches": find_reaches(rows),
        "verdicts": judge_note(rows),
        "expectations": judge_expectations(rows),
        "settings": {
            "learning_rate": LEARNING_RATE,
            "clip_norm": CLIP_NORM,
            "stop_at": STOP_AT,
            "solved_at": SOLVED_AT,
            "first_seeds": FIRST_SEEDS,
        },
    }


def describe_model(name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Describe one model: what it is, how it starts, the fewest and the most parameters that it has."""
    sizes = [row["num_params"] for row in rows if row["model"] == name]
    return {
        "name": name,
        "description": MODELS[name].description,
        "start": STARTS.get(name, "Keras's default"),
        "num_params": [min(sizes), max(sizes)],
    }
