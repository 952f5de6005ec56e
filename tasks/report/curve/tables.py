"""The numbers of learning curves as tables: for a terminal, for Markdown, for the page."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from tasks.curve.facts import CurveRun, Estimate, Findings, Growth, LearningCurve, Winner
from tasks.report.curve.sentences import describe_tie, show_accuracy

Rows = list[dict[str, str]]


def tabulate_accuracy(curves: Findings) -> Rows:
    """Tabulate the accuracy of each model at each size, the best at the largest size first."""
    sizes = {point.share: point.num_train for point in sorted(curves.points, key=lambda it: it.share)}
    found = {(point.model, point.share): point for point in curves.points}
    largest = max(sizes, default=0.0)
    names = sorted(
        dict.fromkeys(point.model for point in curves.points),
        key=lambda name: -found[name, largest].mean if (name, largest) in found else 0.0,
    )
    return [
        {
            "model": name,
            **{
                f"{count:,}": show_accuracy(found[name, share]) if (name, share) in found else "-"
                for share, count in sizes.items()
            },
        }
        for name in names
    ]


def tabulate_growths(curves: Findings) -> Rows:
    """Tabulate what twice the reviews would bring each model, and whether its law passed the test."""
    return [
        {
            "model": growth.model,
            "twice the reviews": f"{growth.expected[-1].num_train:,}",
            "accuracy": show_accuracy(growth.expected[-1]),
            "gain in points": show_points(growth.gain),
            **describe_check(growth),
            "law": describe_law(growth),
        }
        for growth in curves.growths
    ]


def show_points(gain: Estimate) -> str:
    """Show a gain in points with its interval: "+0.6 (0.2 to 1.1)"."""
    return f"{100 * gain.mean:+.1f} ({100 * gain.low:.1f} to {100 * gain.high:.1f})"


def describe_check(growth: Growth) -> dict[str, str]:
    """Describe the test of a law: what it expected at the largest size, what was measured, and whether it passed."""
    check = growth.check
    if check is None:
        return {"expected without the largest size": "-", "measured": "-", "foreseen": "untested"}
    return {
        "expected without the largest size": show_accuracy(check.expected),
        "measured": f"{check.measured:.1%}",
        "foreseen": "yes" if check.is_foreseen else "no",
    }


def describe_law(growth: Growth) -> str:
    """Write a law as a formula: "error = 0.071 + 0.082 (n / 1,125)^-0.52"."""
    law = growth.law
    return f"error = {law.floor:.3f} + {law.scale:.3f} (n / {law.unit:,})^-{law.exponent:.2f}"


def tabulate_winners(curves: Findings) -> Rows:
    """Tabulate the most accurate model at each size, and which others the test does not tell from it."""
    found = {(point.model, point.share): point for point in curves.points}
    return [
        {
            "training reviews": f"{winner.num_train:,}",
            "most accurate": winner.best,
            "accuracy": show_accuracy(found[winner.best, winner.share]),
            "not told apart": describe_tie(winner),
            "test reviews that would tell": show_needed(winner),
            "beats the constant answer": "yes" if winner.beats_chance else "no",
        }
        for winner in curves.winners
    ]


def show_needed(winner: Winner) -> str:
    """Show how many test reviews tell the best from its rival; a dash if none is needed, or if more do not help."""
    return f"{winner.num_test_reviews:,}" if winner.num_test_reviews else "-"


def describe_run(run: CurveRun) -> str:
    """Say in one line what was trained on."""
    counts = run.num_reviews
    seeds = f"{run.seeds} seed{'s'[: run.seeds > 1]}"
    return (
        f"{run.dataset}: parts of {counts['train']:,} training and {counts['validation']:,} validation reviews, "
        f"{seeds}, {counts['test']:,} test reviews, on {run.device}, {run.seconds:.0f} s in total"
    )


def render_terminal(curve: LearningCurve) -> Table:
    """Render accuracy by size, the gains, and the best model at each size."""
    whole = Table.grid(padding=(1, 0))
    whole.add_row(Text(describe_run(curve.run)))
    for title, rows in (
        ("Accuracy on test, by the number of training reviews", tabulate_accuracy(curve)),
        ("Twice the training reviews", without(tabulate_growths(curve), "law")),
        ("The most accurate model", tabulate_winners(curve)),
    ):
        if rows:
            whole.add_row(make_table(title, rows))
    return whole


def make_table(title: str, rows: Sequence[Mapping[str, str]]) -> Table:
    """Make a table for a terminal; its columns may wrap, except for the first."""
    table = Table(title=Text(title), title_justify="left")
    for index, name in enumerate(rows[0]):
        table.add_column(name, justify="left" if index == 0 else "right", no_wrap=index == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row.values()))
    return table


def without(rows: Sequence[Mapping[str, str]], name: str) -> Rows:
    """Leave a column out, for which a terminal has no room."""
    return [{key: cell for key, cell in row.items() if key != name} for row in rows]
