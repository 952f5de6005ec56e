"""What a scoring gave, as rows of a table."""

from collections.abc import Mapping
from typing import Any, Final

METRICS: Final = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "roc_auc", "nll", "brier", "ece")
# Of a thousand labels only the commonest are shown.
MOST_LABELS: Final = 12


def list_results(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """List counts, speed and, where there were labels, the metrics."""
    commonest = sorted(facts["predicted"].items(), key=lambda item: (-item[1], item[0]))[:MOST_LABELS]
    rows = {
        "model": facts["model_id"],
        "rows": f"{facts['num_rows']:,}",
        "scored": f"{facts['num_scored']:,}",
        **{f"not scored: {reason}": f"{count:,}" for reason, count in sorted(facts["reasons"].items())},
        "uncertain": f"{facts['num_uncertain']:,}",
        **{f"predicted {name}": f"{count:,}" for name, count in commonest},
        "rows per second": f"{facts['rows_per_second']:,.0f}",
    }
    if facts["metrics"]:
        rows["labelled rows"] = f"{facts['num_labelled']:,}"
        rows |= {name: show_metric(facts["metrics"][name]) for name in METRICS}
    return [{"result": name, "value": value} for name, value in rows.items()]


def show_metric(value: float | None) -> str:
    """Show a metric; one that cannot be computed, such as ROC-AUC of one class alone, as a dash."""
    return "-" if value is None else f"{value:.4f}"
