"""The summary of a scoring run: counts, and metrics if there are true labels."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.evaluate.facts import BundleFacts
from tasks.evaluate.metric_table import compute_metrics
from tasks.evaluate.predictions import PREFIX
from tasks.ingest.conservation import check_conserved
from tasks.ingest.files.label_values import take_labels
from tasks.ingest.files.rows import Rows
from tasks.ingest.labels import match_labels, trim_labels
from tasks.ingest.losses import SEVERAL
from tasks.predict.facts import SummaryFacts
from tasks.predict.scoring import Additions
from tasks.predict.writers import Part


class Summary:
    """Counts the rows of parts as they pass; keeps the label and probabilities of each labelled row for the metrics."""

    def __init__(self, additions: Additions, source: Path, label_column: str | None) -> None:
        self.additions = additions
        self.source = source
        self.label_column = label_column
        self.num_rows = 0
        self.num_scored = 0
        self.num_uncertain = 0
        self.doubts: Counter[str] = Counter()
        self.predicted: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.labels: list[NDArray[np.int32]] = []
        self.probabilities: list[NDArray[np.float64]] = []

    def watch(self, parts: Iterator[Part], *, num_read: int) -> Iterator[Part]:
        """Pass parts on and count their rows. Raises RuntimeError unless they have the `num_read` rows of the input."""
        for part in parts:
            self.add(part.table)
            yield part
        check_conserved(self.source.name, num_read, written=self.num_rows)

    def add(self, table: pa.Table) -> None:
        """Count the rows of one part."""
        self.num_rows += len(table)
        self.num_uncertain += pc.sum(self.take(table, "uncertain")).as_py() or 0
        predicted, reasons = self.take(table, "predicted_label"), self.take(table, "reason")
        is_scored = pc.is_valid(predicted)
        self.num_scored += len(predicted) - predicted.null_count
        self.predicted += count_values(predicted)
        self.doubts += count_values(reasons.filter(is_scored))
        self.reasons += count_values(reasons.filter(pc.invert(is_scored)))
        if self.label_column:
            self.add_labels(table, self.label_column)

    def take(self, table: pa.Table, name: str) -> pa.ChunkedArray:
        """Take an added column."""
        return table.column(self.additions.prefix + name)

    def add_labels(self, table: pa.Table, label_column: str) -> None:
        """Keep the labels of rows that have a score and a label that the model knows."""
        (batch,) = table.to_batches()
        rows = Rows(batch, np.zeros(len(batch), np.int64), "part")
        found = take_labels(rows, label_column, self.source)
        self.unknown += Counter({SEVERAL: int(found.several.sum())})
        labels = trim_labels(found.values)
        codes = match_labels(labels, self.additions.label_names)
        scored = pc.is_valid(self.take(table, "predicted_label"))
        self.unknown += count_values(labels.filter(pc.is_null(codes)))
        usable = pc.and_(scored, pc.is_valid(codes)).combine_chunks()
        self.labels.append(codes.filter(usable).to_numpy())
        columns = [self.take(table, f"{PREFIX}{name}").filter(usable).to_numpy() for name in self.additions.label_names]
        self.probabilities.append(np.column_stack(columns))

    def describe(self, bundle: BundleFacts) -> SummaryFacts:
        """Return the counts and, if there are labelled rows, the metrics of the model's answers."""
        labels = np.concatenate(self.labels) if self.labels else np.zeros(0, np.int32)
        return SummaryFacts(
            model_id=self.additions.model_id,
            num_rows=self.num_rows,
            num_scored=self.num_scored,
            num_uncertain=self.num_uncertain,
            doubts=dict(self.doubts),
            predicted=dict(self.predicted),
            reasons=dict(self.reasons),
            unknown_labels=dict(self.unknown.most_common(3)),
            num_unknown_labels=self.unknown.total(),
            num_labelled=len(labels),
            metrics=compute_metrics(
                np.concatenate(self.probabilities),
                labels,
                threshold=bundle.threshold,
                is_ordinal=bundle.dataset.ordinal,
                rule=bundle.metrics.rule,
                objective=bundle.metrics.objective,
            )
            if len(labels)
            else None,
        )


def count_values(values: Any) -> Counter[str]:
    """Count each value except null: count_values(["a", None, "a"]) -> {"a": 2}."""
    found: Sequence[dict[str, Any]] = pc.value_counts(values.drop_null()).to_pylist()
    return Counter({row["values"]: row["counts"] for row in found})
