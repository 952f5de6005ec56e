"""Prefect task that writes the run's reports and shows them in the UI."""

from collections.abc import Mapping
from pathlib import Path

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.audit.facts import FILE as LABEL_ERRORS_FILE
from tasks.audit.facts import AuditFacts, LabelErrors
from tasks.challenge.facts import Challenge
from tasks.compare.facts import FILE, Comparison, ComparisonFacts
from tasks.compare.leaderboard_facts import RunFacts
from tasks.curve.facts import FILE as CURVE_FILE
from tasks.curve.facts import CurveFacts, CurveRun, Curves, LearningCurve
from tasks.drift.facts import Drift
from tasks.errors import UserError, disk_errors_explained
from tasks.formatting.addresses import spell_place
from tasks.probe.facts import Probe, ProbeRun
from tasks.probe.task import MeasurementFacts, read_memory
from tasks.promote.facts import Decision
from tasks.report.audit.content import render_audit_markdown
from tasks.report.audit.folder import find_audit, write_audit_report
from tasks.report.audit.sentences import describe_headline as describe_labels
from tasks.report.curve.folder import list_curves, write_curve
from tasks.report.curve.markdown import render_curve_markdown
from tasks.report.curve.section import CurveSection, read_curve, select_section
from tasks.report.curve.sentences import describe_gain
from tasks.report.curve.tables import describe_run as describe_curve_run
from tasks.report.curve.tables import tabulate_accuracy
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
from tasks.store.layout import SPLIT_FILES
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
    challenges: tuple[Challenge, ...],
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
        challenges=challenges,
        label_errors=find_audit(artifacts_dir, compared.data.hashes),
        curve=find_curve(compared.data.hashes, artifacts_dir),
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
def write_label_errors(
    audit: Manifest[AuditFacts], *, run_id: str, config_json: str, fallback_reason: str | None, artifacts_dir: Path
) -> Path:
    """Write the reports of an audit of labels in all formats; returns their folder."""
    with disk_errors_explained(artifacts_dir):
        folder = write_audit_report(
            artifacts_dir,
            artifacts_dir / audit.folder,
            run_id=run_id,
            config_json=config_json,
            fallback_reason=fallback_reason,
        )
    found = LabelErrors.read(folder / LABEL_ERRORS_FILE)
    summary = render_audit_markdown(found)
    create_markdown_artifact(key="label-errors", markdown=summary, description=describe_labels(found))
    link_page("label-errors-report", folder)
    return folder


@task(name="write-curve-report", cache_policy=NO_CACHE)
def write_curve_report(
    measured: Manifest[CurveFacts], *, run: CurveRun, config_json: str, artifacts_dir: Path
) -> LearningCurve:
    """Write the reports of a learning curve in all formats; returns the content of curve.json."""
    curves = Curves.read(artifacts_dir / measured.folder / CURVE_FILE)
    curve = LearningCurve(run=run, **dict(curves))
    with disk_errors_explained(artifacts_dir):
        folder = write_curve(artifacts_dir, curve, config_json)
    publish_curve(curve, folder)
    return curve


def find_curve(hashes: Mapping[str, str], artifacts_dir: Path) -> CurveSection | None:
    """Find what the newest learning curve of the same reviews says, by the hashes of the splits; None without one.

    One that cannot be read is passed over, with a warning in the log.
    """
    for path in list_curves(artifacts_dir):
        try:
            curve = read_curve(path)
        except UserError as error:
            get_run_logger().warning("The report does not consider a learning curve: %s", error)
            continue
        if all(curve.run.hashes.get(name) == hashes.get(name) for name in SPLIT_FILES.values()):
            return select_section(curve)
    return None


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


def publish_curve(curve: LearningCurve, folder: Path) -> None:
    """Show the accuracy at each size, the summary and a link in the Prefect UI."""
    about = f"{describe_gain(curve)}\n\n{describe_curve_run(curve.run)}"
    create_table_artifact(key="curve", table=tabulate_accuracy(curve), description=about)
    create_markdown_artifact(key="curve-summary", markdown=render_curve_markdown(curve), description=about)
    link_page("curve-report", folder)


def link_page(key: str, folder: Path) -> None:
    """Show a link to the page in a folder."""
    path = folder / "report.html"
    create_link_artifact(key=key, link=path.as_uri(), link_text=spell_place(path))


def publish_artifacts(metrics: RunMetrics, folder: Path) -> None:
    """Show the leaderboard, the summary, each variant and links in the Prefect UI."""
    run = metrics.run
    about = "\n\n".join([*warn_of_fallback(run), describe_verdict(metrics), describe_run(run)])
    create_table_artifact(key="leaderboard", table=format_rows(metrics), description=about)
    create_markdown_artifact(key="summary", markdown=render_markdown(metrics), description=about)
    for row in metrics.variants:
        create_markdown_artifact(key=f"variant-{row.name}", markdown=render_variant(row, run), description=about)
    link_page("report", folder)
