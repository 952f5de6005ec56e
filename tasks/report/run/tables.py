"""The tables beside the page's charts: every number of a chart in words."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, Final, NamedTuple

from tasks.compare.cost import COSTS
from tasks.compare.results import ENSEMBLE
from tasks.drift.render import tabulate_drift
from tasks.promote.render import tabulate_slices as tabulate_gate
from tasks.report.run.verdict import show_interval

Metrics = Mapping[str, Any]

# Of a thousand labels only the first fit a page; all stand in metrics.json.
MOST_LABELS: Final = 12
# What a cost is divided by, and how it is shown.
SCALES: Final = {
    "train_seconds": (1.0, "{:,.1f}"),
    "epoch_seconds": (1.0, "{:,.2f}"),
    "file_bytes": (1e6, "{:,.2f}"),
}


class Table(NamedTuple):
    """Rows with the same keys, the first of which names the row; `numbers` are the columns set to the right."""

    rows: Sequence[Mapping[str, str]]
    numbers: Sequence[str]


def make_table(rows: Sequence[Mapping[str, str]], *, texts: Sequence[str] = ()) -> Table | None:
    """Make a table whose columns are numbers but for the first and those named; None without rows."""
    return Table(rows, [name for name in list(rows[0])[1:] if name not in texts]) if rows else None


def build_tables(metrics: Metrics) -> dict[str, Table | None]:
    """Build every table by the name that the template knows."""
    return {
        "gate": make_table(tabulate_gate(metrics["gate"]), texts=["verdict"]),
        "costs": tabulate_costs(metrics),
        "pairs": tabulate_pairs(metrics),
        "slices": tabulate_slices(metrics),
        "calibration": tabulate_calibration(metrics),
        "trainings": tabulate_trainings(metrics),
        "splits": tabulate_splits(metrics),
        "encodings": tabulate_encodings(metrics),
        "duplicates": tabulate_duplicates(metrics),
        "drift": make_table(
            tabulate_drift(metrics["drift"]) if "drift" in metrics else [], texts=["level", "moved most"]
        ),
        "hashes": make_table(
            [{"file": name, "sha256": value} for name, value in metrics["data"]["hashes"].items()], texts=["sha256"]
        ),
        "versions": make_table(
            [{"library": name, "version": version} for name, version in metrics["run"]["versions"].items()],
            texts=["version"],
        ),
    }


def in_order(metrics: Metrics, found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Put what is known of models into the order of the leaderboard."""
    return [(row["name"], found[row["name"]]) for row in metrics["variants"] if row["name"] in found]


def tabulate_costs(metrics: Metrics) -> Table | None:
    """Every cost of every model; a star where nothing beats the model in accuracy and this cost."""
    rows = [
        {
            "model": row["name"],
            "accuracy": f"{row['accuracy']['mean']:.1%}",
            **{
                label.replace("bytes", "MB"): show_cost(row, cost, metrics["pareto"][cost])
                for cost, (_, label) in COSTS.items()
            },
        }
        for row in metrics["variants"]
        if row["accuracy"] and row["group"] != ENSEMBLE
    ]
    return make_table(rows)


def show_cost(row: Mapping[str, Any], cost: str, front: Sequence[str]) -> str:
    """Format a cost, with a star on the Pareto front."""
    if row[cost] is None:
        return "-"
    value, template = SCALES.get(cost, (1.0, "{:,.0f}"))
    return template.format(row[cost] / value) + " ★" * (row["name"] in front)


def tabulate_pairs(metrics: Metrics) -> Table | None:
    """Every pair of models, best first."""
    rows = [
        {
            "pair": f"{pair['first']} - {pair['second']}",
            "points": f"{100 * pair['difference']:+.2f}",
            "95% interval": f"{100 * pair['low']:+.2f} to {100 * pair['high']:+.2f}",
            "right in the first alone": f"{pair['only_first']:,}",
            "in the second alone": f"{pair['only_second']:,}",
            "p (McNemar)": f"{pair['p_value']:.2g}",
            "p (Holm)": f"{pair['p_holm']:.2g}",
            "differ": "yes" if pair["differs"] else "no",
        }
        for pair in metrics["pairs"]
    ]
    return make_table(rows)


def tabulate_slices(metrics: Metrics) -> Table | None:
    """The slices of the recommended model."""
    if metrics["recommendation"] is None:
        return None
    rows = [
        {
            "slice": f"{part['group']}: {part['name']}",
            "reviews": f"{part['n']:,}",
            "accuracy": f"{part['accuracy']:.1%}",
            "95% interval": show_interval(part),
        }
        for part in metrics["slices"]["models"][metrics["recommendation"]["name"]]
    ]
    return make_table(rows)


def tabulate_calibration(metrics: Metrics) -> Table | None:
    """Temperature, threshold and what calibration did, of the shipped model of each variant."""
    rows = [
        {
            "model": name,
            "temperature": f"{found['temperature']:.2f}",
            "threshold": f"{found['threshold']:.2f}",
            **{
                f"{title} {stage}": f"{found[stage][key]:.3f}"
                for title, key in (("NLL", "nll"), ("Brier", "brier"), ("ECE", "ece"))
                for stage in ("before", "after")
            },
            "share at 95% accuracy": f"{metrics['selective'][name]['coverage_at_target']:.0%}",
            "AURC": f"{metrics['selective'][name]['aurc']:.3f}",
        }
        for name, found in in_order(metrics, metrics["calibration"])
    ]
    return make_table(rows)


def tabulate_trainings(metrics: Metrics) -> Table | None:
    """What the epochs of each variant did, averaged over seeds."""

    def average(trainings: Sequence[Mapping[str, Any]], *path: str) -> float:
        found = []
        for training in trainings:
            value: Any = training
            for key in path:
                value = value[key]
            found.append(float(value))
        return fmean(found)

    rows = [
        {
            "model": name,
            "best epoch": f"{average(trainings, 'best_epoch'):.3g}",
            "gap at best": f"{100 * average(trainings, 'gap_at_best'):+.1f}",
            "gap at last": f"{100 * average(trainings, 'gap_at_last'):+.1f}",
            "later epochs": f"{average(trainings, 'later_epochs', 'num_epochs'):.3g}",
            "their validation loss": f"{average(trainings, 'later_epochs', 'val_loss_change'):+.3f}",
            "validation accuracy": f"{100 * average(trainings, 'later_epochs', 'val_accuracy_change'):+.1f}",
            "share of the time": f"{average(trainings, 'later_epochs', 'share_of_seconds'):.0%}",
        }
        for name, trainings in in_order(metrics, metrics["trainings"])
    ]
    return make_table(rows)


def tabulate_splits(metrics: Metrics) -> Table | None:
    """Sizes, labels and lengths of the splits."""
    rows = [
        {
            "split": name,
            "reviews": f"{facts['num_reviews']:,}",
            **{label: f"{count:,}" for label, count in list(facts["labels"].items())[:MOST_LABELS]},
            "mean words": f"{facts['words']['mean']:.0f}",
            "median": f"{facts['words']['median']:.0f}",
            "95th percentile": f"{facts['words']['p95']:.0f}",
            "longest": f"{facts['words']['max']:,}",
        }
        for name, facts in metrics["data"]["splits"].items()
    ]
    return make_table(rows)


def tabulate_encodings(metrics: Metrics) -> Table | None:
    """What each encoding cuts off and does not know."""
    rows = [
        {
            "encoding": name,
            "tokens read": f"{facts['length']:,}",
            **{f"{split} cut": f"{share:.1%}" for split, share in facts["truncated"].items()},
            **{f"{split} tokens unknown": f"{share:.1%}" for split, share in facts["unknown"].items()},
        }
        for name, facts in metrics["data"]["encodings"].items()
    ]
    return make_table(rows)


def tabulate_duplicates(metrics: Metrics) -> Table | None:
    """Where texts occur again."""
    found = metrics["data"]["duplicates"]
    rows = [
        *({"where": f"again within {name}", "reviews": f"{count:,}"} for name, count in found["within"].items()),
        *({"where": f"in both {name}", "reviews": f"{count:,}"} for name, count in found["across"].items()),
        {"where": "with more than one label", "reviews": f"{found['conflicting']:,}"},
    ]
    return make_table(rows)
