"""The tables beside the page's charts: every number of a chart as text."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Final, NamedTuple, TypeVar

from tasks.compare.cost import COSTS
from tasks.compare.facts import Confusions, LabelScores, Training
from tasks.compare.leaderboard_facts import LeaderboardRow
from tasks.compare.results import ENSEMBLE
from tasks.drift import render as drift
from tasks.drift.facts import Drift
from tasks.promote import render as gate
from tasks.report.run.deciding import show_interval
from tasks.report.run.facts import RunMetrics
from tasks.report.run.label_sentences import find_shown_labels
from tasks.report.run.shown_slices import MOST_OF_GROUP, choose_slices

Found = TypeVar("Found")

# A page has room for only the first of a thousand labels; all of them are in metrics.json.
MOST_LABELS: Final = 12
# What a cost is divided by, and how it is shown.
SCALES: Final = {
    "train_seconds": (1.0, "{:,.1f}"),
    "epoch_seconds": (1.0, "{:,.2f}"),
    "file_bytes": (1e6, "{:,.2f}"),
}


class Table(NamedTuple):
    """Rows with the same keys, the first of which names the row; `numbers` are the right-aligned columns."""

    rows: Sequence[Mapping[str, str]]
    numbers: Sequence[str]


def make_table(rows: Sequence[Mapping[str, str]], *, texts: Sequence[str] = ()) -> Table | None:
    """Make a table in which all columns but the first and those in `texts` are numbers; None without rows."""
    return Table(rows, [name for name in list(rows[0])[1:] if name not in texts]) if rows else None


def in_order(metrics: RunMetrics, found: Mapping[str, Found]) -> list[tuple[str, Found]]:
    """Sort what is known about models into the order of the leaderboard."""
    return [(row.name, found[row.name]) for row in metrics.variants if row.name in found]


def tabulate_costs(metrics: RunMetrics) -> Table | None:
    """Every cost of every model, with a star on the Pareto front of this cost and accuracy."""
    rows = [
        {
            "model": row.name,
            "accuracy": f"{row.accuracy.mean:.1%}",
            **{
                label.replace("bytes", "MB"): show_cost(row, cost, metrics.pareto[cost])
                for cost, (_, label) in COSTS.items()
            },
        }
        for row in metrics.variants
        if row.accuracy and row.group != ENSEMBLE
    ]
    return make_table(rows)


def show_cost(row: LeaderboardRow, cost: str, front: Sequence[str]) -> str:
    """Format a cost, with a star on the Pareto front."""
    amount = row.metric(cost)
    if amount is None:
        return "-"
    value, template = SCALES.get(cost, (1.0, "{:,.0f}"))
    return template.format(amount / value) + " ★" * (row.name in front)


def tabulate_pairs(metrics: RunMetrics) -> Table | None:
    """Every pair of models, best first."""
    rows = [
        {
            "pair": f"{pair.first} - {pair.second}",
            "points": f"{100 * pair.difference:+.2f}",
            "95% interval": f"{100 * pair.low:+.2f} to {100 * pair.high:+.2f}",
            "only the first is right": f"{pair.only_first:,}",
            "only the second is right": f"{pair.only_second:,}",
            "p (McNemar)": f"{pair.p_value:.2g}",
            "p (Holm)": f"{pair.p_holm:.2g}",
            "differ": "yes" if pair.differs else "no",
        }
        for pair in metrics.pairs
    ]
    return make_table(rows)


def tabulate_slices(metrics: RunMetrics) -> Table | None:
    """The slices of the recommended model."""
    if metrics.recommendation is None or metrics.recommendation.name is None:
        return None
    rows = [
        {
            "slice": f"{part.group}: {part.name}",
            "reviews": f"{part.n:,}",
            "accuracy": f"{part.accuracy:.1%}",
            "95% interval": show_interval(part),
            "p (Holm)": "-" if part.p_holm is None else f"{part.p_holm:.2g}",
        }
        for part in choose_slices(metrics, metrics.recommendation.name)
    ]
    return make_table(rows)


def tabulate_labels(metrics: RunMetrics) -> Table | None:
    """The labels of the model that is looked at more closely; of many, those that are found least."""
    found = sorted(find_shown_labels(metrics), key=lambda it: it.recall.value if it.recall else 1.0)[:MOST_OF_GROUP]
    order = {name: place for place, name in enumerate(metrics.run.label_names)}
    return make_table([show_label(it.label, it) for it in sorted(found, key=lambda it: order[it.label])])


def tabulate_rarest(metrics: RunMetrics) -> Table | None:
    """The rarest label as each model finds it; None if only one model is described by label."""
    rarest = find_rarest(metrics)
    if len(metrics.labels) < 2:  # noqa: PLR2004
        return None
    rows = [
        {**show_label(name, next(it for it in labels if it.label == rarest))}
        for name, labels in in_order(metrics, metrics.labels)
    ]
    return make_table([{"model": row.pop("label"), **row} for row in rows])


def find_rarest(metrics: RunMetrics) -> str:
    """Name the label that the fewest test reviews have, of those that any have."""
    present = [it for it in find_shown_labels(metrics) if it.num_reviews]
    return min(present, key=lambda it: it.num_reviews).label


def show_label(name: str, found: LabelScores) -> dict[str, str]:
    """Format how well a label is found."""
    estimates = {"precision": found.precision, "recall": found.recall, "PR-AUC": found.pr_auc}
    return {
        "label": name,
        "test reviews": f"{found.num_reviews:,}",
        "answers": f"{found.num_named:,}",
        **{title: f"{it.value:.1%} ({show_interval(it)})" if it else "-" for title, it in estimates.items()},
    }


def tabulate_confusions(found: Confusions) -> Table | None:
    """The pairs of labels that are most often confused."""
    rows = [
        {
            "label": pair.label,
            "answer": pair.predicted,
            "reviews": f"{pair.count:,}",
            "share of the label": f"{pair.share:.1%}",
        }
        for pair in found.pairs
    ]
    return make_table(rows, texts=["answer"])


def tabulate_distances(found: Confusions) -> Table | None:
    """How far the answers are from ordinal labels."""
    distances = found.distances or ()
    rows = [
        {
            "steps from the label": str(steps),
            "reviews": f"{count:,}",
            "share": f"{count / sum(distances):.1%}",
            "share within": f"{sum(distances[: steps + 1]) / sum(distances):.1%}",
        }
        for steps, count in enumerate(distances)
    ]
    return make_table(rows)


def tabulate_calibration(metrics: RunMetrics) -> Table | None:
    """Temperature, threshold and the effect of calibration for the shipped model of each variant."""
    rows = [
        {
            "model": name,
            "temperature": f"{found.temperature:.2f}",
            "threshold": f"{found.threshold:.2f}",
            **{
                f"{title} {stage}": f"{number:.3f}"
                for title, numbers in (
                    ("NLL", (found.before.nll, found.after.nll)),
                    ("Brier", (found.before.brier, found.after.brier)),
                    ("ECE", (found.before.ece, found.after.ece)),
                )
                for stage, number in zip(("before", "after"), numbers, strict=True)
            },
            "share at 95% accuracy": f"{metrics.selective[name].coverage_at_target:.0%}",
            "AURC": f"{metrics.selective[name].aurc:.3f}",
        }
        for name, found in in_order(metrics, metrics.calibration)
    ]
    return make_table(rows)


def tabulate_trainings(metrics: RunMetrics) -> Table | None:
    """Best epoch, gaps, and what changed after the best epoch, averaged over seeds."""

    def average(trainings: Sequence[Training], number: Callable[[Training], float]) -> float:
        return fmean(number(training) for training in trainings)

    rows = [
        {
            "model": name,
            "best epoch": f"{average(trainings, lambda it: it.best_epoch):.3g}",
            "gap at best": f"{100 * average(trainings, lambda it: it.gap_at_best):+.1f}",
            "gap at last": f"{100 * average(trainings, lambda it: it.gap_at_last):+.1f}",
            "later epochs": f"{average(trainings, lambda it: it.later_epochs.num_epochs):.3g}",
            "change in val. loss": f"{average(trainings, lambda it: it.later_epochs.val_loss_change):+.3f}",
            "and in val. accuracy": f"{100 * average(trainings, lambda it: it.later_epochs.val_accuracy_change):+.1f}",
            "share of the time": f"{average(trainings, lambda it: it.later_epochs.share_of_seconds):.0%}",
        }
        for name, trainings in in_order(metrics, metrics.trainings)
    ]
    return make_table(rows)


def tabulate_splits(metrics: RunMetrics) -> Table | None:
    """Sizes, labels and lengths of the splits."""
    rows = [
        {
            "split": name,
            "reviews": f"{facts.num_reviews:,}",
            **{label: f"{count:,}" for label, count in list(facts.labels.items())[:MOST_LABELS]},
            "mean words": f"{facts.words.mean:.0f}",
            "median": f"{facts.words.median:.0f}",
            "95th percentile": f"{facts.words.p95:.0f}",
            "longest": f"{facts.words.max:,}",
        }
        for name, facts in metrics.data.splits.items()
    ]
    return make_table(rows)


def tabulate_encodings(metrics: RunMetrics) -> Table | None:
    """What each encoding truncates, and which share of tokens is unknown to it."""
    rows = [
        {
            "encoding": name,
            "tokens read": f"{facts.length:,}",
            **{f"{split} truncated": f"{share:.1%}" for split, share in facts.truncated.items()},
            **{f"{split} tokens unknown": f"{share:.1%}" for split, share in facts.unknown.items()},
        }
        for name, facts in metrics.data.encodings.items()
    ]
    return make_table(rows)


def tabulate_duplicates(metrics: RunMetrics) -> Table | None:
    """Where texts occur more than once."""
    found = metrics.data.duplicates
    rows = [
        *({"where": f"repeated within {name}", "reviews": f"{count:,}"} for name, count in found.within.items()),
        *({"where": f"in both {name}", "reviews": f"{count:,}"} for name, count in found.across.items()),
        {"where": "with more than one label", "reviews": f"{found.conflicting:,}"},
    ]
    return make_table(rows)


def tabulate_rows(metrics: RunMetrics) -> Table | None:
    """What became of the rows of the source."""
    found = metrics.data.rows
    if found is None:
        return None
    rows = [
        {"rows": "read from the source", "number": f"{found.num_read:,}"},
        {"rows": "used as reviews", "number": f"{found.num_used:,}"},
        *({"rows": f"dropped: {reason}", "number": f"{count:,}"} for reason, count in found.dropped.items()),
        *([{"rows": "left out by --limit", "number": f"{found.num_left_out:,}"}] if found.num_left_out else []),
    ]
    return make_table(rows)


def tabulate_hashes(metrics: RunMetrics) -> Table | None:
    """The files of reviews and their hashes."""
    rows = [{"file": name, "sha256": value} for name, value in metrics.data.hashes.items()]
    return make_table(rows, texts=["sha256"])


def tabulate_versions(metrics: RunMetrics) -> Table | None:
    """The versions of the libraries that matter."""
    rows = [{"library": name, "version": version} for name, version in metrics.run.versions.items()]
    return make_table(rows, texts=["version"])


def tabulate_gate(metrics: RunMetrics) -> Table | None:
    """The slices on which the gate compared candidate and champion."""
    return make_table(gate.tabulate_slices(metrics.gate), texts=["verdict"])


def tabulate_drift(measured: Drift) -> Table | None:
    """How far each measure of the data is from the champion's."""
    return make_table(drift.tabulate_drift(measured), texts=["level", "moved most"])
