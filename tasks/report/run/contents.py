"""The content of each section of the page: a function per section, whose result its template is given.

A function returns None when the run has nothing to show in its section.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import altair as alt

from tasks.drift import render as drift
from tasks.encode.choice import describe_choice
from tasks.promote.render import describe_gate, describe_lost
from tasks.report.audit.content import build_audit
from tasks.report.curve import section as curve
from tasks.report.curve.tables import tabulate_winners
from tasks.report.frame.chart_style import list_models
from tasks.report.frame.page import describe_chart
from tasks.report.probe.section import build_section
from tasks.report.run import tables, unlabelled, vectors, verdict
from tasks.report.run.bounds import list_bounds
from tasks.report.run.challenges import describe_challenges, tabulate_challenges
from tasks.report.run.confidence_charts import draw_reliability, draw_selection
from tasks.report.run.data_charts import draw_difficulty, draw_lengths, draw_training
from tasks.report.run.facts import RunMetrics
from tasks.report.run.label_sentences import describe_labels
from tasks.report.run.leaderboard_table import WIDTH, build_leaderboard_table, build_numbers_table
from tasks.report.run.methods import METHOD, READING
from tasks.report.run.model_charts import draw_agreement, draw_cost, draw_differences, draw_slices
from tasks.report.run.review_list import list_lost, list_reviews
from tasks.report.run.shown_slices import describe_hidden
from tasks.report.run.time_budget import describe_left_out
from tasks.report.run.tuning import describe_tuning, tabulate_settings, tabulate_tuning

Content = Mapping[str, object]
Build = Callable[[RunMetrics], Content | None]


class Folded(NamedTuple):
    """A table that the reader unfolds below a chart."""

    summary: str
    caption: str
    table: tables.Table | None


def show_chart(
    name: str,
    chart: alt.TopLevelMixin,
    alternative: str,
    *,
    caption: str,
    about: str = "",
    wide: bool = False,
    folded: Folded | None = None,
) -> Content:
    """Show one chart, as chart.html.j2 does: text above it, a table to unfold below it.

    `alternative` describes the chart to those who cannot see it; `wide` charts scroll sideways on a phone.
    """
    return {
        "chart": describe_chart(name, chart, alternative),
        "caption": caption,
        "about": about,
        "wide": wide,
        "folded": folded,
        "tables": {"folded": folded.table if folded else None},
    }


def build_leaderboard(metrics: RunMetrics) -> Content:
    """Build the first screen: every model, best first, and what failed."""
    return {
        "run": metrics.run,
        "leaderboard": build_leaderboard_table(metrics),
        "interval_width": WIDTH,
        "notes": [*list_bounds(metrics), *describe_left_out(metrics.run)],
        "failures": [row for row in metrics.variants if row.status == "failed"],
    }


def build_cost(metrics: RunMetrics) -> Content | None:
    """Build the chart of accuracy against costs."""
    if metrics.errors is None:
        return None
    return show_chart(
        "cost",
        draw_cost(metrics),
        "Accuracy of each model against its cost",
        caption=(
            "Accuracy against cost; the dashed line joins the models that no other model beats in both. Models more "
            "than 15 points behind the best are left out."
        ),
    )


def build_gate(metrics: RunMetrics) -> Content:
    """Build the gate's decision and the measurements behind it."""
    return {
        "gate": metrics.gate,
        "sentence": describe_gate(metrics.gate),
        "method": METHOD["gate"],
        "lost_sentence": describe_lost(metrics.gate),
        "lost": list_lost(metrics.gate),
        "tables": {"gate": tables.tabulate_gate(metrics)},
    }


def build_numbers(metrics: RunMetrics) -> Content:
    """Build the tables of every metric and every cost."""
    return {
        "chance": verdict.describe_chance(metrics),
        "ties": verdict.describe_ties(metrics),
        "seeds": verdict.describe_seeds(metrics),
        "numbers": build_numbers_table(metrics),
        "tables": {"costs": tables.tabulate_costs(metrics)},
        "device": metrics.run.device,
    }


def build_differences(metrics: RunMetrics) -> Content | None:
    """Build the differences between all pairs of models."""
    if not metrics.pairs:
        return None
    return show_chart(
        "differences",
        draw_differences(metrics),
        "Differences in accuracy between models",
        about=METHOD["pairs"],
        caption="Difference in accuracy between two models, in points; grey: they do not differ significantly.",
        wide=True,
        folded=Folded("All pairs as a table", "Differences in accuracy", tables.tabulate_pairs(metrics)),
    )


def build_challenges(metrics: RunMetrics) -> Content | None:
    """Build how accurate each model is on each further test set."""
    if not metrics.challenges:
        return None
    return {
        "sentences": describe_challenges(metrics),
        "method": METHOD["challenges"],
        "tables": {"challenges": tabulate_challenges(metrics)},
    }


def build_tuning(metrics: RunMetrics) -> Content | None:
    """Build what tuning brought to each model."""
    if metrics.tuning is None:
        return None
    return {
        "sentence": describe_tuning(metrics),
        "method": METHOD["tuning"],
        "tables": {"tuning": tabulate_tuning(metrics), "settings": tabulate_settings(metrics)},
    }


def build_slices(metrics: RunMetrics) -> Content | None:
    """Build the accuracy of each model on each slice."""
    if metrics.errors is None or metrics.recommendation is None or metrics.recommendation.name is None:
        return None
    name = metrics.recommendation.name
    table = tables.tabulate_slices(metrics)
    return show_chart(
        "slices",
        draw_slices(metrics),
        "Accuracy of each model by slice",
        about=" ".join(
            filter(
                None,
                [verdict.describe_worst_slice(metrics), verdict.describe_weak_slices(metrics), METHOD["slices"]],
            )
        ),
        caption=f"Accuracy on slices of the test split{describe_hidden(metrics)}.",
        wide=True,
        folded=Folded(f"Slices of {name} with intervals", f"Accuracy of {name} by slice", table),
    )


def build_calibration(metrics: RunMetrics) -> Content | None:
    """Build the calibration, and the accuracy when doubtful reviews are left to a person."""
    if metrics.errors is None:
        return None
    share = "Accuracy against the share of reviews answered"
    return {
        "method": METHOD["calibration"],
        "method_of_selection": METHOD["selection"],
        "reliability": describe_chart(
            "reliability", draw_reliability(metrics), "Accuracy against predicted probability"
        ),
        "selection": describe_chart("selection", draw_selection(metrics), share),
        "tables": {"calibration": tables.tabulate_calibration(metrics)},
    }


def build_labels(metrics: RunMetrics) -> Content | None:
    """Build how well each label is found, by the model that is looked at, and the rarest one by all models."""
    table = tables.tabulate_labels(metrics)
    if table is None or metrics.confusions is None:
        return None
    return {
        "sentence": describe_labels(metrics),
        "method": METHOD["labels"],
        "model": metrics.confusions.model,
        "rarest": tables.find_rarest(metrics),
        "tables": {"labels": table, "models": tables.tabulate_rarest(metrics)},
    }


def build_confusions(metrics: RunMetrics) -> Content | None:
    """Build which labels are taken for which others, and how far apart they are; two labels without order need none."""
    found = metrics.confusions
    if found is None or (len(metrics.run.label_names) == 2 and found.distances is None):  # noqa: PLR2004
        return None
    return {
        "sentence": verdict.describe_confusions(found),
        "model": found.model,
        "tables": {
            "distances": tables.tabulate_distances(found),
            "confusions": tables.tabulate_confusions(found),
        },
    }


def build_errors(metrics: RunMetrics) -> Content | None:
    """Build the mistakes: how many models make the same ones, and the reviews themselves."""
    errors = metrics.errors
    if errors is None:
        return None
    several = len(errors.models) > 1
    by_number, equal = "Reviews by the number of models that are wrong", "Share of equal answers of two models"
    return {
        "sentence": verdict.describe_errors(metrics),
        "difficulty": describe_chart("difficulty", draw_difficulty(errors), by_number) if several else None,
        "agreement": describe_chart("agreement", draw_agreement(metrics, errors), equal) if several else None,
        "models": errors.models,
        "label_names": metrics.run.label_names,
        "why": METHOD["words"] if any(it.words for it in errors.confident) else "",
        "reviews": list_reviews(metrics),
    }


def build_label_errors(metrics: RunMetrics) -> Content | None:
    """Build what an audit of the same reviews found about their labels."""
    return build_audit(metrics.label_errors) if metrics.label_errors else None


def build_training(metrics: RunMetrics) -> Content | None:
    """Build a chart of each variant's loss by epoch, and what the epochs after the best one changed."""
    if not metrics.trainings:
        return None
    charts = [
        {
            **describe_chart(f"training-{name}", draw_training(metrics.trainings[name]), f"Loss of {name} by epoch"),
            "title": name,
        }
        for name in list_models(metrics)
        if name in metrics.trainings
    ]
    return {
        "method": METHOD["training"],
        "charts": charts,
        "tables": {"trainings": tables.tabulate_trainings(metrics)},
    }


def build_claims(metrics: RunMetrics) -> Content | None:
    """Build the course notebook's claims with their verdicts."""
    return {"about": METHOD["claims"], "claims": metrics.claims} if metrics.claims else None


def build_probe(metrics: RunMetrics) -> Content | None:
    """Build what the newest memory probe found."""
    return build_section(metrics.probe) if metrics.probe else None


def build_curve(metrics: RunMetrics) -> Content | None:
    """Build what the newest learning curve of the same reviews found."""
    if metrics.curve is None:
        return None
    rows = tabulate_winners(metrics.curve)
    texts = ("most accurate", "not told apart", "beats the constant answer")
    return {**curve.build_section(metrics.curve), "tables": {"winners": tables.make_table(rows, texts=texts)}}


def build_data(metrics: RunMetrics) -> Content:
    """Build the data card."""
    return {
        "warnings": metrics.data.warnings,
        "encoding": describe_choice(metrics.run.encoding) if metrics.run.encoding else None,
        "lengths": describe_chart("lengths", draw_lengths(metrics), "Lengths of the reviews in words"),
        "duplicates": verdict.describe_duplicates(metrics),
        "lessons": unlabelled.describe_lessons(metrics),
        "vectors": vectors.describe_vectors(metrics),
        "regions": vectors.describe_regions(metrics),
        "encoder": vectors.describe_encoder(metrics),
        "tables": {
            "splits": tables.tabulate_splits(metrics),
            "encodings": tables.tabulate_encodings(metrics),
            "rows": tables.tabulate_rows(metrics),
            "duplicates": tables.tabulate_duplicates(metrics),
            "unlabelled": unlabelled.tabulate_unlabelled(metrics),
            "teachers": unlabelled.tabulate_teachers(metrics),
            "vectors": vectors.tabulate_vectors(metrics),
            "hashes": tables.tabulate_hashes(metrics),
        },
    }


def build_drift(metrics: RunMetrics) -> Content | None:
    """Build how far the training data are from the champion's."""
    if metrics.drift is None:
        return None
    return {
        "sentence": drift.describe_drift(metrics.drift),
        "method": drift.METHOD,
        "tables": {"drift": tables.tabulate_drift(metrics.drift)},
    }


def build_method(metrics: RunMetrics) -> Content:
    """Build how to read the page, and the versions of the libraries that made it."""
    return {"reading": READING, "tables": {"versions": tables.tabulate_versions(metrics)}}
