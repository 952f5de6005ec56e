"""The folder of a run: written whole or not at all, and found under runs/latest."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.errors import UserError
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown

LATEST = "latest"


def write_run(artifacts_dir: Path, metrics: dict[str, Any], config_json: str) -> Path:
    """Write a run's files, all made from its metrics; returns their folder.

    metrics.json, leaderboard.json (the part that scripts read), leaderboard.csv, summary.md, report.html, config.json.
    """
    run_id = str(metrics["run"]["id"])
    leaderboard = select_leaderboard(metrics)
    folder = artifacts_dir / "runs" / run_id
    with written_whole(folder) as work:
        (work / "metrics.json").write_text(json.dumps(metrics, allow_nan=False) + "\n", "utf-8")
        (work / "leaderboard.json").write_text(json.dumps(leaderboard, indent=2, allow_nan=False) + "\n", "utf-8")
        rows = [flatten_row(row, leaderboard["run"]["dataset"]) for row in leaderboard["variants"]]
        pd.DataFrame(rows).to_csv(work / "leaderboard.csv", index=False)
        (work / "summary.md").write_text(render_markdown(metrics), "utf-8")
        (work / "report.html").write_text(render_page(metrics), "utf-8")
        (work / "config.json").write_text(config_json + "\n", "utf-8")
    point_latest(folder)
    return folder


@contextlib.contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """Give a folder beside the wanted one to write into; it becomes that one when all is written, or is dropped."""
    work = folder.with_name(f".{folder.name}")
    work.mkdir(parents=True)
    try:
        yield work
        os.replace(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def select_leaderboard(metrics: dict[str, Any]) -> dict[str, Any]:
    """Select what scripts read: the run, the models, drift if measured, and the gate's decision without reviews."""
    gate = dict(metrics["gate"])
    if gate["comparison"]:
        gate["comparison"] = {name: value for name, value in gate["comparison"].items() if name != "lost"}
    names = ("run", "recommendation", "gate", "drift", "variants")
    return {name: metrics[name] for name in names if name in metrics} | {"gate": gate}


def flatten_row(row: dict[str, Any], dataset: str) -> dict[str, Any]:
    """Spread a row's accuracy over columns; a failed variant has the same columns, empty."""
    accuracy = row["accuracy"] or dict.fromkeys(("mean", "sd", "low", "high"))
    spread = {f"accuracy_{key}": value for key, value in accuracy.items()}
    models = " ".join(row["models"])
    return {"dataset": dataset, **row, "models": models, **spread} | {"accuracy": accuracy["mean"]}


def point_latest(folder: Path) -> None:
    """Let runs/latest point to the folder, by a name relative to it so that the tree can be moved.

    Raises UserError when a folder is in the link's place.
    """
    link = folder.with_name(LATEST)
    if link.is_dir() and not link.is_symlink():
        raise UserError(
            f"{str(link)!r} is a folder, perhaps since a copy followed the link; expected a link to the newest run. "
            "Move it away and run again."
        )
    temporary = folder.with_name(f".{LATEST}-{folder.name}")
    temporary.symlink_to(folder.name)
    os.replace(temporary, link)
