"""The facts of a scoring run: counts, metrics if there were labels, and speed."""

from tasks.evaluate.facts import Scores
from tasks.store.facts import Facts


class SummaryFacts(Facts):
    """Counts of a scored file; `metrics` is None without labelled rows.

    `predicted` counts scored rows by predicted label, and `reasons` counts rows without a score by reason. `doubts`
    counts the rows among the uncertain ones whose text the model does not know, by reason.
    `unknown_labels` counts the most frequent labels that the model does not know.
    """

    model_id: str
    num_rows: int
    num_scored: int
    num_uncertain: int
    doubts: dict[str, int]
    predicted: dict[str, int]
    reasons: dict[str, int]
    unknown_labels: dict[str, int]
    num_unknown_labels: int
    num_labelled: int
    metrics: Scores | None


class ScoringFacts(SummaryFacts):
    """The counts, and the speed of scoring, which leaves out `num_rows_resumed` rows scored by an interrupted run.

    `num_rows_read` is the number of rows in the input, and `warnings` say what was found in it. `peak_memory_mb` is in
    MiB.
    """

    num_rows_read: int
    num_rows_resumed: int
    warnings: tuple[str, ...]
    seconds: float
    rows_per_second: float
    peak_memory_mb: int
