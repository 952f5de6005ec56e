"""The folder of a probe: written whole or not at all, and found under probe/latest."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.report.probe.markdown import render_probe_markdown
from tasks.report.probe.page import render_probe_page
from tasks.report.run.folder import point_latest, written_whole


def write_probe(artifacts_dir: Path, metrics: dict[str, Any], config_json: str) -> Path:
    """Write a probe's files, all made from its metrics; returns their folder.

    probe.json, probe.csv (a row for each training and distance), summary.md, report.html, config.json.
    """
    run_id = str(metrics["run"]["id"])
    folder = artifacts_dir / "probe" / run_id
    with written_whole(folder) as work:
        (work / "probe.json").write_text(json.dumps(metrics, allow_nan=False) + "\n", "utf-8")
        pd.DataFrame(metrics["cells"]).to_csv(work / "probe.csv", index=False)
        (work / "summary.md").write_text(render_probe_markdown(metrics), "utf-8")
        (work / "report.html").write_text(render_probe_page(metrics), "utf-8")
        (work / "config.json").write_text(config_json + "\n", "utf-8")
    point_latest(folder)
    return folder
