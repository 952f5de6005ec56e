"""What a tracker is told about a run and each of its models, from the files of the run."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pydantic_core import to_jsonable_python

from tasks.compare.leaderboard_facts import LeaderboardRow
from tasks.errors import UserError
from tasks.evaluate.bundle import read_bundle_file
from tasks.formatting.redaction import redact
from tasks.promote.render import describe_gate
from tasks.report.run.facts import METRICS, RunMetrics
from tasks.report.run.folder import flatten_row
from tasks.report.run.verdict import describe_verdict
from tasks.track.facts import RUN_TAG, Tracked

HISTORY: Final = "history.csv"
CONFIG: Final = "config.json"


def read_run(folder: Path) -> RunMetrics:
    """Read what a run found; raises UserError when the folder is not that of a finished run."""
    if not (folder / METRICS).is_file():
        raise UserError(
            f"{str(folder)!r} holds no {METRICS}; expected the folder of a finished run, such as "
            "artifacts/runs/latest. Name one with --run."
        )
    return RunMetrics.read(folder / METRICS)


def describe_run(metrics: RunMetrics, folder: Path) -> Tracked:
    """Describe the whole run: its settings, and the numbers of the model that it recommends."""
    run, recommended = metrics.run, metrics.recommendation and metrics.recommendation.name
    row = next((row for row in metrics.variants if row.name == recommended), None)
    counts = {f"num_{split}": number for split, number in run.num_reviews.model_dump().items()}
    numbers = {
        **counts,
        "seconds": run.seconds,
        "peak_memory_mb": run.peak_memory_mb,
        "num_models": len(metrics.variants),
    }
    tags = {
        RUN_TAG: run.id,
        "bakeoff.dataset": run.dataset,
        "bakeoff.recommended": recommended or "none",
        "bakeoff.gate": metrics.gate.outcome,
        "mlflow.note.content": f"{describe_verdict(metrics)}\n\nGate: {describe_gate(metrics.gate)}",
    }
    return Tracked(
        name=run.id,
        params=name_params(json.loads((folder / CONFIG).read_text("utf-8"))),
        metrics={**select_numbers(numbers), **(describe_row(row, run.dataset) if row else {})},
        tags=hide(tags),
    )


def describe_model(row: LeaderboardRow, metrics: RunMetrics, artifacts_dir: Path) -> Tracked:
    """Describe one variant: how it was trained, its numbers with their intervals, and the losses of its epochs."""
    folder = artifacts_dir / row.shipped if row.shipped else None
    settings = read_settings(folder) if folder else {}
    about = {
        "variant": row.name,
        "group": row.group,
        "encoding": row.encoding,
        "seeds": row.seeds,
        "device": row.device,
    }
    tags = {RUN_TAG: metrics.run.id, "bakeoff.model": row.shipped or "", "bakeoff.status": row.status}
    return Tracked(
        name=row.name,
        params=name_params({**about, **settings}),
        metrics=describe_row(row, metrics.run.dataset),
        tags=hide({**tags, "bakeoff.reason": row.reason or ""}),
        curves=read_curves(folder) if folder else (),
    )


def describe_row(row: LeaderboardRow, dataset: str) -> dict[str, float]:
    """Select the numbers of a row of the leaderboard, the bounds of its intervals among them."""
    return select_numbers({name: value for name, value in flatten_row(row, dataset).items() if name != "seeds"})


def select_numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Keep the finite numbers: select_numbers({"a": 1, "b": None, "c": True}) -> {"a": 1.0}."""
    numbers = {name: value for name, value in values.items() if type(value) in (int, float)}
    return {name: float(value) for name, value in numbers.items() if math.isfinite(value)}


def name_params(values: Mapping[str, Any]) -> dict[str, str]:
    """Write settings as text, without those that are not set and without passwords."""
    written = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
        if value not in (None, {}, [], "")
    }
    return hide(written)


def hide(texts: Mapping[str, str]) -> dict[str, str]:
    """Hide passwords, and leave empty texts out."""
    return {name: redact(text) for name, text in texts.items() if text}


def read_settings(folder: Path) -> dict[str, Any]:
    """Read the settings that a model was trained with; none if the model has been removed."""
    try:
        settings: dict[str, Any] = to_jsonable_python(read_bundle_file(folder).settings)
    except UserError:
        return {}
    return settings


def read_curves(folder: Path) -> tuple[dict[str, float], ...]:
    """Read the numbers of each epoch; none for a model without epochs."""
    if not (folder / HISTORY).is_file():
        return ()
    rows = pd.read_csv(folder / HISTORY).drop(columns="epoch", errors="ignore").to_dict("records")
    return tuple(select_numbers({f"epoch_{name}": float(value) for name, value in row.items()}) for row in rows)
