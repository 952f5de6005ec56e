"""The folder of a probe: written whole or not at all, and found as probe/latest."""

from pathlib import Path
from typing import Final

import pandas as pd

from tasks.probe.facts import FILE, Probe
from tasks.report.probe.markdown import render_probe_markdown
from tasks.report.probe.page import render_probe_page
from tasks.report.run.folder import share, written_whole
from tasks.store.contract import open_store
from tasks.store.layout import LATEST, PROBE_RUNS

PAGE: Final = "report.html"


def write_probe(artifacts_dir: Path, probe: Probe, config_json: str) -> Path:
    """Write the files of a probe and return their folder.

    probe.json, probe.csv (a row for each training and distance), summary.md, report.html, config.json.
    """
    folder = artifacts_dir / PROBE_RUNS / probe.run.id
    with written_whole(folder) as work:
        probe.write(work / FILE)
        pd.DataFrame([cell.model_dump() for cell in probe.cells]).to_csv(work / "probe.csv", index=False)
        (work / "summary.md").write_text(render_probe_markdown(probe), "utf-8")
        (work / PAGE).write_text(render_probe_page(probe), "utf-8")
        (work / "config.json").write_text(config_json + "\n", "utf-8")
    share(folder, artifacts_dir)
    return folder


def find_latest(artifacts_dir: Path) -> Path:
    """Return where the newest probe.json is, if there is one, after it was fetched from where it is."""
    store = open_store(artifacts_dir)
    if pointer := store.get_pointer(f"{PROBE_RUNS}/{LATEST}"):
        store.fetch_folder(f"{PROBE_RUNS}/{pointer.value}")
        return artifacts_dir / PROBE_RUNS / pointer.value / FILE
    return artifacts_dir / PROBE_RUNS / LATEST / FILE


def find_page(artifacts_dir: Path, run_id: str) -> Path:
    """Return where the page of a run is."""
    return artifacts_dir / PROBE_RUNS / run_id / PAGE
