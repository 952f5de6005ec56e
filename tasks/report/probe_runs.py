"""The folder of a probe: written whole or not at all, and found under probe/latest."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.report.runs import point_latest


def write_probe(artifacts_dir: Path, metrics: dict[str, Any], config_json: str) -> Path:
    """Write a probe's files, all made from its metrics; returns their folder."""
    run_id = str(metrics["run"]["id"])
    folder = artifacts_dir / "probe" / run_id
    work = folder.with_name(f".{run_id}")
    work.mkdir(parents=True)
    try:
        (work / "probe.json").write_text(json.dumps(metrics, allow_nan=False) + "\n", "utf-8")
        pd.DataFrame(metrics["cells"]).to_csv(work / "probe.csv", index=False)
        (work / "config.json").write_text(config_json + "\n", "utf-8")
        os.replace(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    point_latest(folder)
    return folder
