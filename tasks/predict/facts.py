"""What a scoring says of itself: counts, metrics where there were labels, and speed."""

from tasks.evaluate.facts import Scores
from tasks.store.facts import Facts


class SummaryFacts(Facts):
    """Counts of a scored file; `metrics` is None without labelled rows.

    `predicted` counts rows by label, and `reasons` those without a score by why. `unknown_labels` are the commonest
    labels that the model does not know.
    """

    model_id: str
    num_rows: int
    num_scored: int
    num_uncertain: int
    predicted: dict[str, int]
    reasons: dict[str, int]
    unknown_labels: dict[str, int]
    num_unknown_labels: int
    num_labelled: int
    metrics: Scores | None


class ScoringFacts(SummaryFacts):
    """The counts and how fast the rows were scored, those apart that an interrupted scoring had left."""

    num_rows_resumed: int
    seconds: float
    rows_per_second: float
    peak_memory_mb: int
