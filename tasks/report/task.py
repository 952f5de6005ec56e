"""Prefect task that writes the run's reports and shows them in the UI."""

from pathlib import Path

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.audit.facts import FILE as LABEL_ERRORS_FILE
from tasks.audit.facts import AuditFacts, LabelErrors
from tasks.compare.facts import FILE, Comparison, ComparisonFacts
from tasks.compare.leaderboard_facts import RunFacts
from tasks.drift.facts import Drift
from tasks.errors import UserError, disk_errors_explained
from tasks.probe.facts import Probe, ProbeRun
from tasks.probe.task import MeasurementFacts, read_memory
from tasks.promote.facts import Decision
from tasks.report.audit.content import render_audit_markdown
from tasks.report.audit.folder import find_audit, write_audit_report
from tasks.report.audit.sentences import describe_headline as describe_labels
from tasks.report.probe.folder import find_latest, write_probe
from tasks.report.probe.markdown import render_probe_markdown
from tasks.report.probe.section import Section, read_section
from tasks.report.probe.sentences import describe_headline
from tasks.report.probe.tables import describe_run as describe_probe
from tasks.report.probe.tables import tabulate_reaches
from tasks.report.run.columns import format_rows
from tasks.report.run.facts import RunLeaderboard, RunMetrics
from tasks.report.run.folder import write_run
from tasks.report.run.render import describe_run, render_markdown, render_variant, warn_of_fallback
from tasks.report.run.verdict import describe_verdict
from tasks.store.outputs import Manifest
from tasks.tune.facts import Tuning


@task(name="write-report", cache_policy=NO_CACHE)
def write_report(
    comparison: Manifest[ComparisonFacts],
    *,
    gate: Decision,
    drift: Drift | None,
    run: RunFacts,
    tuning: Tuning | None,
    config_json: str,
    tuned_toml: str | None,
    artifacts_dir: Path,
) -> RunLeaderboard:
    """Write the run's reports in all formats; returns the content of leaderboard.json."""
    compared = Comparison.read(artifacts_dir / comparison.folder / FILE)
    metrics = RunMetrics.gather(
        compared,
        run=run,
        gate=gate,
        drift=drift,
        probe=find_probe(artifacts_dir),
        tuning=tuning,
        label_errors=find_audit(artifacts_dir, compared.data.hashes),
    )
    with disk_errors_explained(artifacts_dir):
        folder = write_run(artifacts_dir, metrics, config_json, tuned_toml)
    publish_artifacts(metrics, folder)
    return metrics.select_leaderboard()


@task(name="write-probe-report", cache_policy=NO_CACHE)
def write_probe_report(
    measured: Manifest[MeasurementFacts], *, run: ProbeRun, config_json: str, artifacts_dir: Path
) -> Probe:
    """Write the probe's reports in all formats; returns the content of probe.json."""
    probe = Probe(run=run, **dict(read_memory(measured, artifacts_dir=artifacts_dir)))
    with disk_errors_explained(artifacts_dir):
        folder = write_probe(artifacts_dir, probe, config_json)
    publish_probe(probe, folder)
    return probe


@task(name="write-label-errors", cache_policy=NO_CACHE)
def write_label_errors(audit: Manifest[AuditFacts], *, run_id: str, config_json: str, artifacts_dir: Path) -> Path:
    """Write the reports of an audit of labels in all formats; returns their folder."""
    with disk_errors_explained(artifacts_dir):
        folder = write_audit_report(artifacts_dir, artifacts_dir / audit.folder, run_id=run_id, config_json=config_json)
    found = LabelErrors.read(folder / LABEL_ERRORS_FILE)
    summary = render_audit_markdown(found)
    create_markdown_artifact(key="label-errors", markdown=summary, description=describe_labels(found))
    link_page("label-errors-report", folder)
    return folder


def find_probe(artifacts_dir: Path) -> Section | None:
    """Read what the report says about the newest probe; None, with a warning in the log, if it cannot be read."""
    path = find_latest(artifacts_dir)
    if not path.exists():
        return None
    try:
        return read_section(path)
    except UserError as error:
        get_run_logger().warning("The report has no section on the newest memory probe: %s", error)
        return None


def publish_probe(probe: Probe, folder: Path) -> None:
    """Show how far each model reaches, the summary and a link in the Prefect UI."""
    about = f"{describe_headline(probe.rows, probe.reaches)}\n\n{describe_probe(probe.run)}"
    create_table_artifact(key="probe", table=tabulate_reaches(probe), description=about)
    create_markdown_artifact(key="probe-summary", markdown=render_probe_markdown(probe), description=about)
    link_page("probe-report", folder)


def link_page(key: str, folder: Path) -> None:
    """Show a link to the page in a folder."""
    path = folder / "report.html"
    create_link_artifact(key=key, link=path.as_uri(), link_text=str(path))


def publish_artifacts(metrics: RunMetrics, folder: Path) -> None:
    """Show the leaderboard, the summary, each variant and links in the Prefect UI."""
    run = metrics.run
    about = "\n\n".join([*warn_of_fallback(run), describe_verdict(metrics), describe_run(run)])
    create_table_artifact(key="leaderboard", table=format_rows(metrics), description=about)
    create_markdown_artifact(key="summary", markdown=render_markdown(metrics), description=about)
    for row in metrics.variants:
        create_markdown_artifact(key=f"variant-{row.name}", markdown=render_variant(row, run), description=about)
    link_page("report", folder)
