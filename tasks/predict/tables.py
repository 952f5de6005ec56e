"""The results of a scoring run as rows of a table."""

from typing import Final

from tasks.evaluate.metric_table import list_metrics
from tasks.formatting.control import escape_control
from tasks.predict.facts import ScoringFacts

# A model may have a thousand labels; the table shows the most frequent ones.
MOST_LABELS: Final = 12


def list_results(facts: ScoringFacts) -> list[dict[str, str]]:
    """List counts, speed and, if there were labels, the metrics."""
    commonest = sorted(facts.predicted.items(), key=lambda item: (-item[1], item[0]))[:MOST_LABELS]
    rows = {
        "model": facts.model_id,
        "rows read": f"{facts.num_rows_read:,}",
        "rows written": f"{facts.num_rows:,}",
        "scored": f"{facts.num_scored:,}",
        **{f"not scored: {reason}": f"{count:,}" for reason, count in sorted(facts.reasons.items())},
        "uncertain": f"{facts.num_uncertain:,}",
        **{f"uncertain: {reason}": f"{count:,}" for reason, count in sorted(facts.doubts.items())},
        **{f"predicted {escape_control(name)}": f"{count:,}" for name, count in commonest},
        "rows per second": f"{facts.rows_per_second:,.0f}",
    }
    if facts.metrics:
        rows["labelled rows"] = f"{facts.num_labelled:,}"
        for metric in list_metrics("scoring", [facts.metrics]):
            rows[metric.title] = metric.show_precisely(facts.metrics.metric(metric.name))
    return [{"result": name, "value": value} for name, value in rows.items()]
