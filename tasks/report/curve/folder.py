"""The folder of a learning curve: written whole or not at all, and found as curves/latest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd

from tasks.curve.facts import FILE, LearningCurve
from tasks.report.curve.markdown import render_curve_markdown
from tasks.report.curve.page import render_curve_page
from tasks.report.run.folder import receive_latest, share, written_whole
from tasks.store.layout import CURVES, LATEST

PAGE: Final = "report.html"


def write_curve(artifacts_dir: Path, curve: LearningCurve, config_json: str) -> Path:
    """Write the files of a learning curve and return their folder.

    curve.json, curve.csv (a row for each trained model), summary.md, report.html, config.json.
    """
    folder = artifacts_dir / CURVES / curve.run.id
    with written_whole(folder) as work:
        curve.write(work / FILE)
        pd.DataFrame([cell.model_dump() for cell in curve.cells]).to_csv(work / "curve.csv", index=False)
        (work / "summary.md").write_text(render_curve_markdown(curve), "utf-8")
        (work / PAGE).write_text(render_curve_page(curve), "utf-8")
        (work / "config.json").write_text(config_json + "\n", "utf-8")
    share(folder, artifacts_dir)
    return folder


def list_curves(artifacts_dir: Path) -> Iterator[Path]:
    """Yield where each curve.json is, the newest first."""
    receive_latest(artifacts_dir, CURVES)
    folders = (path for path in (artifacts_dir / CURVES).glob("[0-9]*") if path.name != LATEST)
    yield from (path / FILE for path in sorted(folders, reverse=True) if (path / FILE).exists())


def find_page(artifacts_dir: Path, run_id: str) -> Path:
    """Return where the page of a run is."""
    return artifacts_dir / CURVES / run_id / PAGE
