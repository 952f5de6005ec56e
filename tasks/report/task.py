"""Prefect task that writes the run's reports and shows them in the UI."""

import json
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from tasks.compare.results import FILE
from tasks.probe.results import FILE as PROBE_FILE
from tasks.report.probe_runs import write_probe
from tasks.report.render import describe_run, format_rows, render_markdown, render_variant, warn_of_fallback
from tasks.report.runs import select_leaderboard, write_run
from tasks.report.verdict import describe_verdict
from tasks.store import Manifest


@task(name="write-report", cache_policy=NO_CACHE)
def write_report(
    comparison: Manifest,
    *,
    gate: dict[str, Any],
    drift: dict[str, Any] | None,
    run: dict[str, Any],
    config_json: str,
    artifacts_dir: Path,
) -> dict[str, Any]:
    """Write the run's reports in all their forms; returns the content of leaderboard.json."""
    content = json.loads((artifacts_dir / comparison.folder / FILE).read_text(encoding="utf-8"))
    metrics = {"run": run, "gate": gate, **({"drift": drift} if drift else {}), **content}
    folder = write_run(artifacts_dir, metrics, config_json)
    publish_artifacts(metrics, folder)
    return select_leaderboard(metrics)


@task(name="write-probe-report", cache_policy=NO_CACHE)
def write_probe_report(
    measured: Manifest, *, run: dict[str, Any], config_json: str, artifacts_dir: Path
) -> dict[str, Any]:
    """Write the probe's reports in all their forms; returns the content of probe.json."""
    content = json.loads((artifacts_dir / measured.folder / PROBE_FILE).read_text(encoding="utf-8"))
    metrics = {"run": run, **content}
    write_probe(artifacts_dir, metrics, config_json)
    return metrics


def publish_artifacts(metrics: dict[str, Any], folder: Path) -> None:
    """Show the leaderboard, the summary, each variant and links in the Prefect UI."""
    run = metrics["run"]
    about = "\n\n".join([*warn_of_fallback(run), describe_verdict(metrics), describe_run(run)])
    create_table_artifact(key="leaderboard", table=format_rows(metrics), description=about)
    create_markdown_artifact(key="summary", markdown=render_markdown(metrics), description=about)
    for row in metrics["variants"]:
        create_markdown_artifact(key=f"variant-{row['name']}", markdown=render_variant(row, run), description=about)
    create_link_artifact(key="report", link=(folder / "report.html").as_uri(), link_text=str(folder / "report.html"))
