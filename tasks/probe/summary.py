"""Everything that the probe's report is made from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tasks.ingest.sources.recall import RECALL_TASKS
from tasks.probe.expectations import judge_expectations
from tasks.probe.facts import MeanAccuracy, Memory, ModelFacts, ProbeSettings, SeedAccuracy
from tasks.probe.models import MODELS
from tasks.probe.plan import CLIP_NORM, FIRST_SEEDS, LEARNING_RATE, SOLVED_AT, STOP_AT
from tasks.probe.reach import find_reaches
from tasks.probe.results import CellResult, describe_levels, measure_cells, summarise_rows
from tasks.probe.verdicts import judge_note

DEFAULT: Final = "Keras's default"
# How Keras and this project initialise recurrent layers.
STARTS: Final = {
    "simple-rnn": f"recurrent matrix: a rotation (Saxe et al. 2014), {DEFAULT}",
    "random-rnn": "recurrent matrix: random (Glorot & Bengio 2010)",
    "gru": f"bias of the gates: 0, {DEFAULT}",
    "bigru": f"bias of the gates: 0, {DEFAULT}",
    "lstm": f"bias of the forget gate: 1, {DEFAULT}",
    "bilstm": f"bias of the forget gate: 1, {DEFAULT}",
    "lstm-at-place": f"bias of the forget gate: 1, {DEFAULT}",
    "bilstm-at-place": f"bias of the forget gate: 1, {DEFAULT}",
    "chrono-lstm": "bias of the forget gate: log(u), with u drawn uniformly between 1 and the length of the text "
    "minus 1; bias of the input gate: -log(u)",
}


def summarise_probe(results: Sequence[CellResult], *, data_dir: Path, artifacts_dir: Path) -> Memory:
    """Measure every cell and summarise what follows from all of them."""
    return summarise_cells(measure_cells(results, data_dir=data_dir, artifacts_dir=artifacts_dir))


def summarise_cells(cells: Sequence[SeedAccuracy]) -> Memory:
    """Summarise measured cells: means over seeds, reaches, verdicts, and the settings of the trainings."""
    rows = summarise_rows(cells)
    return Memory(
        levels=describe_levels(name for name in RECALL_TASKS if any(row.recall_task == name for row in rows)),
        models=tuple(describe_model(name, rows) for name in MODELS if any(row.model == name for row in rows)),
        rows=tuple(rows),
        cells=tuple(cells),
        reaches=find_reaches(rows),
        verdicts=judge_note(rows),
        expectations=judge_expectations(rows),
        settings=ProbeSettings(
            learning_rate=LEARNING_RATE,
            clip_norm=CLIP_NORM,
            stop_at=STOP_AT,
            solved_at=SOLVED_AT,
            first_seeds=FIRST_SEEDS,
        ),
    )


def describe_model(name: str, rows: Sequence[MeanAccuracy]) -> ModelFacts:
    """Describe one model: what it is, how it is initialised, and how many parameters it has."""
    sizes = [row.num_params for row in rows if row.model == name]
    return ModelFacts(
        name=name,
        description=MODELS[name].description,
        start=STARTS.get(name, DEFAULT),
        num_params=(min(sizes), max(sizes)),
    )
