"""The report of a run of the main job as one page."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import altair as alt

from tasks.compare.results import TARGET_ACCURACY
from tasks.drift import render as drift
from tasks.ingest.datasets import FALLBACK_WARNING
from tasks.promote.render import describe_gate, describe_lost
from tasks.report.frame.chart_style import list_models
from tasks.report.frame.page import describe_chart, load_frame, make_environment
from tasks.report.probe.section import Section, build_section
from tasks.report.run import confidence_charts, data_charts, model_charts, verdict
from tasks.report.run.leaderboard_table import WIDTH, build_leaderboard_table, build_numbers_table
from tasks.report.run.render import describe_run
from tasks.report.run.review_list import list_lost, list_reviews
from tasks.report.run.tables import build_tables

METHOD: Final = {
    "drift": drift.METHOD,
    "gate": (
        "The candidate replaces the champion when the lower bound of its accuracy less the champion's, a one-sided 95% "
        "bound of Tango's score test for pairs, lies above minus the margin, and no slice lies surely, corrected for "
        "their number, below minus its own margin. Both are in points, on the same test reviews."
    ),
    "pairs": (
        "Two models differ when both agree: an exact McNemar test on the same reviews, corrected for all pairs after "
        "Holm, for the models at hand; and a 95% bootstrap interval of the difference over reviews and seeds, for the "
        "recipe. Tie groups and the choice of what to ship go by the models at hand."
    ),
    "slices": "Truncated and unknown words are those of the encoding that most models of the run use.",
    "calibration": (
        "One number, the temperature, is fitted on validation and divides every score; it changes how sure a model "
        "claims to be, never which label is likelier. The threshold for two labels is the one nearest 0.5 whose "
        "accuracy on validation is within one standard error of the best."
    ),
    "selection": (
        f"If only the reviews that a model is most sure of are answered, for which share are {TARGET_ACCURACY:.0%} of "
        "the answers right?"
    ),
    "training": (
        "Loss from epoch to epoch; the circle marks the epoch whose weights are kept. Where validation rises while "
        "training falls, the model learns its training reviews by heart."
    ),
}
READING: Final = (
    "Accuracy is measured on the test split, which each model reads once, after every choice was made on validation.",
    "The 95% interval covers the choice of the test reviews and, with two seeds or more, of the seed.",
    (
        "NLL is the negative log-likelihood in nats, Brier the squared distance to the truth, ECE the expected "
        "calibration error over 15 bins; lower is better. All are after calibration."
    ),
    "Each neural model has the weights of its epoch with the lowest validation loss.",
    (
        "The model to ship is the one most accurate on validation; among those that the test cannot tell from it, the "
        "one that scores most reviews a second."
    ),
    "The same run again: python flows/train_all.py --config with the settings of config.json beside this page.",
)


def render_page(metrics: Mapping[str, Any]) -> str:
    """Render a run's metrics as HTML."""
    template = make_environment().get_template("run/page.html.j2")
    return template.render(
        run=metrics["run"],
        fallback_warning=FALLBACK_WARNING,
        verdict=verdict.describe_verdict(metrics),
        gate=metrics["gate"],
        gate_sentence=describe_gate(metrics["gate"]),
        lost_sentence=describe_lost(metrics["gate"]),
        lost=list_lost(metrics["gate"]),
        certainty=verdict.describe_certainty(metrics),
        baselines=verdict.describe_baselines(metrics),
        ties=verdict.describe_ties(metrics),
        seeds=verdict.describe_seeds(metrics),
        worst_slice=verdict.describe_worst_slice(metrics),
        errors_sentence=verdict.describe_errors(metrics),
        duplicates=verdict.describe_duplicates(metrics),
        about=describe_run(metrics["run"]),
        method=METHOD,
        reading=READING,
        **load_frame(),
        leaderboard=build_leaderboard_table(metrics),
        numbers=build_numbers_table(metrics),
        interval_width=WIDTH,
        failures=[row for row in metrics["variants"] if row["status"] == "failed"],
        claims=metrics["claims"],
        warnings=metrics["data"]["warnings"],
        probe=build_section(Section.model_validate(metrics["probe"])) if "probe" in metrics else None,
        drift=drift.describe_drift(metrics["drift"]) if "drift" in metrics else "",
        errors=metrics["errors"],
        reviews=list_reviews(metrics),
        recommended=(metrics["recommendation"] or {}).get("name", ""),
        tables=build_tables(metrics),
        **draw_charts(metrics),
    )


def draw_charts(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Draw every chart that the metrics allow, by the name that the template knows."""
    models = list_models(metrics)
    has_readers = bool(metrics["errors"])
    many_readers = has_readers and len(metrics["errors"]["models"]) > 1
    makers: dict[str, tuple[bool, Callable[[Mapping[str, Any]], alt.TopLevelMixin], str]] = {
        "cost": (has_readers, model_charts.draw_cost, "Accuracy of each model against its cost"),
        "differences": (
            bool(metrics["pairs"]),
            model_charts.draw_differences,
            "Differences in accuracy between models",
        ),
        "slices": (has_readers, model_charts.draw_slices, "Accuracy of each model by slice"),
        "reliability": (has_readers, confidence_charts.draw_reliability, "Accuracy against claimed probability"),
        "selection": (has_readers, confidence_charts.draw_selection, "Accuracy against the share of reviews answered"),
        "difficulty": (many_readers, data_charts.draw_difficulty, "Reviews by the number of models that are wrong"),
        "agreement": (many_readers, model_charts.draw_agreement, "Share of equal answers of each two models"),
        "lengths": (True, data_charts.draw_lengths, "Lengths of the reviews in words"),
    }
    drawn = {name: describe_chart(name, make(metrics), alt) for name, (can, make, alt) in makers.items() if can}
    trainings = [
        describe_chart(
            f"training-{name}", data_charts.draw_training(metrics["trainings"][name]), f"Loss of {name} by epoch"
        )
        | {"title": name}
        for name in models
        if name in metrics["trainings"]
    ]
    return {
        "charts": {**dict.fromkeys(makers), **drawn},
        "training_charts": trainings,
        "contents": list_contents(drawn, metrics),
    }


def list_contents(drawn: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the sections that the page has."""
    sections = (
        ("leaderboard", "Leaderboard", True),
        ("gate", "Gate", True),
        ("cost", "Quality and cost", "cost" in drawn),
        ("numbers", "All numbers", True),
        ("differences", "Differences", "differences" in drawn),
        ("slices", "Slices", "slices" in drawn),
        ("calibration", "Calibration", "reliability" in drawn),
        ("errors", "Mistakes", bool(metrics["errors"])),
        ("training", "Training", bool(metrics["trainings"])),
        ("claims", "The note's claims", bool(metrics["claims"])),
        ("probe", "Memory", "probe" in metrics),
        ("data", "Data card", True),
        ("drift", "Drift", "drift" in metrics),
        ("method", "How to read this", True),
    )
    return [(name, title) for name, title, is_there in sections if is_there]
