"""Renderings of the leaderboard: rows of text, terminal table, Markdown and HTML. Nothing is computed here."""

from typing import Any, Final

import jinja2
from markdown_it import MarkdownIt
from rich.table import Table
from rich.text import Text

from tasks.ingest.datasets import FALLBACK_WARNING

RIGHT_ALIGNED: Final = frozenset(
    {"accuracy", "95% interval", "macro-F1", "ROC-AUC", "NLL", "ECE", "parameters", "epochs", "s/epoch", "train s"}
)
PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 0 auto; padding: 1rem; }
  .table { overflow-x: auto; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap; }
  th, td { padding: .3rem .7rem; border-bottom: 1px solid #8884; text-align: left; }
  th[style*=right], td[style*=right] { text-align: right; }
  strong { color: #b3261e; }
  @media (prefers-color-scheme: dark) { strong { color: #ff8a80; } }
</style>
<body><main>{{ body }}</main></body>
</html>
"""


def format_rows(leaderboard: dict[str, Any]) -> list[dict[str, str]]:
    """Put each variant's numbers into words, in the order of the leaderboard."""
    return [format_row(row) for row in leaderboard["variants"]]


def format_row(row: dict[str, Any]) -> dict[str, str]:
    """Format one row; what is missing is a dash."""
    accuracy = row["accuracy"] or {"mean": None, "sd": None, "low": None, "high": None}
    spread = "" if accuracy["sd"] is None else f" ± {100 * accuracy['sd']:.1f}"
    interval = "-" if accuracy["low"] is None else f"{100 * accuracy['low']:.1f}-{100 * accuracy['high']:.1f}%"
    return {
        "model": row["name"],
        "accuracy": show(accuracy["mean"], "{:.1%}").replace("%", f"{spread}%"),
        "95% interval": interval,
        "macro-F1": show(row["macro_f1"], "{:.3f}"),
        "ROC-AUC": show(row["roc_auc"], "{:.3f}"),
        "NLL": show(row["nll"], "{:.3f}"),
        "ECE": show(row["ece"], "{:.3f}"),
        "parameters": show(row["num_params"], "{:,.0f}"),
        "epochs": show(row["epochs"], "{:.3g}"),
        "s/epoch": show(row["epoch_seconds"], "{:.1f}"),
        "train s": show(row["train_seconds"], "{:.0f}"),
        "encoding": row["encoding"],
        "status": row["status"],
    }


def show(value: float | None, template: str) -> str:
    """Format a number that may be missing: show(None, "{:.1f}") -> "-"."""
    return "-" if value is None else template.format(value)


def render_terminal(leaderboard: dict[str, Any]) -> Table:
    """Render for a terminal."""
    table = Table(title=Text(describe_run(leaderboard["run"])), title_justify="left", caption_justify="left")
    rows = format_rows(leaderboard)
    for name in rows[0]:
        table.add_column(name, justify="right" if name in RIGHT_ALIGNED else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row.values(), style="red" if row["status"] == "failed" else None)
    return table


def describe_run(run: dict[str, Any]) -> str:
    """Say in a line what was run on what."""
    counts = run["num_reviews"]
    return (
        f"{run['dataset']}: {counts['train']:,} training, {counts['validation']:,} validation and "
        f"{counts['test']:,} test reviews, on {run['device']}, {run['seconds']:.0f} s in all"
    )


def render_markdown(leaderboard: dict[str, Any]) -> str:
    """Render as Markdown: the warning if there is one, the table, failures and how to read it."""
    run = leaderboard["run"]
    title = f"# Sequence Bakeoff: {escape_markdown(run['dataset'])}"
    parts = [title, escape_markdown(describe_run(run)) + ".", *warn_of_fallback(run)]
    parts += [render_table(format_rows(leaderboard)), *describe_failures(leaderboard), *describe_data(run)]
    parts += [explain_columns(run)]
    return "\n\n".join(parts) + "\n"


def render_table(rows: list[dict[str, str]]) -> str:
    """Render rows as a Markdown table."""
    rule = ["---:" if name in RIGHT_ALIGNED else "---" for name in rows[0]]
    cells = [list(rows[0]), rule, *([escape_markdown(cell) for cell in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def describe_failures(leaderboard: dict[str, Any]) -> list[str]:
    """List what failed and why."""
    failed = [row for row in leaderboard["variants"] if row["status"] == "failed"]
    lines = [f"- {row['name']}: {escape_markdown(row['reason'])}" for row in failed]
    return ["## Failed", "\n".join(lines)] if lines else []


def describe_data(run: dict[str, Any]) -> list[str]:
    """List what the data check warned of."""
    lines = [f"- {escape_markdown(warning)}" for warning in run.get("warnings", ())]
    return ["## Data", "\n".join(lines)] if lines else []


def explain_columns(run: dict[str, Any]) -> str:
    """Say what the numbers are, and what the interval covers."""
    covers = "the test reviews and the seeds" if run["seeds"] > 1 else "the test reviews, for one seed"
    return (
        f"Accuracy is measured once on the test split; its 95% interval is a bootstrap over {covers}. "
        "NLL is the negative log-likelihood in nats, ECE the expected calibration error over 15 bins. "
        "Each model is the one of its epoch with the lowest validation loss. "
        f"Run {run['id']}, started {run['started']}."
    )


def render_variant(row: dict[str, Any], run: dict[str, Any]) -> str:
    """Render one variant as Markdown: every number of its row."""
    lines = [{"what": key, "value": describe_value(value)} for key, value in row.items() if key != "name"]
    return (
        "\n\n".join(
            [f"# {row['name']}: {escape_markdown(run['dataset'])}", *warn_of_fallback(run), render_table(lines)]
        )
        + "\n"
    )


def warn_of_fallback(run: dict[str, Any]) -> list[str]:
    """Say in Markdown, if it is so, that the sample stood in for IMDB reviews, and why."""
    return [f"**{FALLBACK_WARNING}** {escape_markdown(run['fallback_reason'])}"] if run["is_fallback"] else []


def describe_value(value: Any) -> str:
    """Format any value of a row."""
    match value:
        case None:
            return "-"
        case float():
            return f"{value:,.4f}"
        case int() if not isinstance(value, bool):
            return f"{value:,}"
        case dict():
            return ", ".join(f"{key} {describe_value(part)}" for key, part in value.items())
        case list():
            return ", ".join(map(str, value))
    return str(value)


def render_html(leaderboard: dict[str, Any]) -> str:
    """Render the Markdown as one self-contained page."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(render_markdown(leaderboard))
    body = body.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")
    environment = jinja2.Environment(autoescape=True)
    title = f"Sequence Bakeoff: {leaderboard['run']['dataset']}"
    return environment.from_string(PAGE).render(title=title, body=jinja2.filters.do_mark_safe(body))


def escape_markdown(text: str) -> str:
    r"""Keep text from being read as Markdown: escape_markdown("a|b") -> "a\|b"."""
    for character in "\\`*_[]<>|&":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
