"""Prefect task that writes the run's reports and shows them in the UI."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from tasks.report.leaderboard import ModelResult, build_leaderboard
from tasks.report.render import describe_run, format_rows, render_markdown, render_variant, warn_of_fallback
from tasks.report.runs import write_run


@task(name="write-report", cache_policy=NO_CACHE)
def write_report(
    results: Sequence[ModelResult], *, run: dict[str, Any], config_json: str, artifacts_dir: Path
) -> dict[str, Any]:
    """Write the leaderboard in all its forms; returns it."""
    leaderboard = build_leaderboard(results, run=run, artifacts_dir=artifacts_dir)
    folder = write_run(artifacts_dir, leaderboard, config_json)
    publish_artifacts(leaderboard, folder)
    return leaderboard


def publish_artifacts(leaderboard: dict[str, Any], folder: Path) -> None:
    """Show the leaderboard, the summary, each variant and links in the Prefect UI."""
    run = leaderboard["run"]
    about = "\n\n".join([describe_run(run), *warn_of_fallback(run)])
    create_table_artifact(key="leaderboard", table=format_rows(leaderboard), description=about)
    create_markdown_artifact(key="summary", markdown=render_markdown(leaderboard), description=about)
    for row in leaderboard["variants"]:
        create_markdown_artifact(key=f"variant-{row['name']}", markdown=render_variant(row, run), description=about)
    create_link_artifact(key="report", link=(folder / "report.html").as_uri(), link_text=str(folder / "report.html"))
