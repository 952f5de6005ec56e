"""From texts to the columns that scoring adds: one row per text, whether it can be scored or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.errors import UserError
from tasks.evaluate.bundle import Bundle, Decided
from tasks.evaluate.classifier import Prepared
from tasks.evaluate.facts import BundleFacts
from tasks.evaluate.occlusion import explain_answers
from tasks.evaluate.predictions import PREFIX
from tasks.evaluate.profile import find_unfamiliar
from tasks.ingest.clean import clean_texts
from tasks.ingest.losses import is_blank
from tasks.predict.reading import Mask, Taken

MISSING, BLANK, NOT_TEXT = "missing text", "blank text", "not text"
NOTHING_KNOWN = "no known tokens"
EXPLANATION: Final = pa.list_(pa.struct([("word", pa.string()), ("weight", pa.float64())]))
TOO_MUCH_UNKNOWN = "more unknown tokens than any training text"


class Cleaned(NamedTuple):
    """The model's input for a batch of rows.

    `usable` marks the rows that can be scored, `reasons` says why the others cannot (null for the usable ones), and
    `prepared` is the input for the usable rows alone, None when there are none. `texts` are the cleaned texts of the
    usable rows.
    """

    usable: Mask
    reasons: pa.Array
    prepared: Prepared | None
    texts: pa.Array


@dataclass(frozen=True, kw_only=True)
class Additions:
    """The columns that are added to every row, and their names.

    `length` is the number of tokens that the model reads; None for a baseline, which reads the whole text.
    `most_unknown` is the largest share of unknown tokens in a training text; None in older bundles. With `explain`, a
    column lists the words that each answer depends on.
    """

    label_names: tuple[str, ...]
    prefix: str
    min_confidence: float
    model_id: str
    length: int | None
    most_unknown: float | None
    explain: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The added columns in order."""
        fields = [
            ("predicted_label", pa.string()),
            *((f"{PREFIX}{name}", pa.float64()) for name in self.label_names),
            ("confidence", pa.float64()),
            ("uncertain", pa.bool_()),
            ("num_tokens", pa.int32()),
            ("truncated", pa.bool_()),
            ("oov_rate", pa.float64()),
            *([("explanation", EXPLANATION)] if self.explain else []),
            ("model_id", pa.string()),
            ("reason", pa.string()),
        ]
        return pa.schema([(f"{self.prefix}{name}", kind) for name, kind in fields])

    def check_names(self, names: Sequence[str], source: str) -> None:
        """Raise UserError when the input has a column that would be overwritten."""
        taken = [name for name in self.schema.names if name in names]
        if taken:
            remedy = "another --prefix" if self.prefix else "--prefix, for example --prefix model_"
            raise UserError(
                f"{source} already has the column {taken[0]!r}, which scoring adds; expected other names. "
                f"Choose {remedy}, or rename the column."
            )


def describe_additions(facts: BundleFacts, *, prefix: str, min_confidence: float, explain: bool = False) -> Additions:
    """Describe the columns that a model adds to every row; `facts` is the content of its bundle.json."""
    return Additions(
        label_names=facts.label_names,
        prefix=prefix,
        min_confidence=min_confidence,
        model_id=facts.model_id,
        length=facts.length,
        most_unknown=facts.profile.most_unknown if facts.profile else None,
        explain=explain,
    )


def clean_rows(taken: Taken, bundle: Bundle) -> Cleaned:
    """Clean and encode the texts of some rows, as in training; this is slow and may run in a thread."""
    texts = clean_texts(taken.texts)
    blank = is_blank(texts)
    usable = pc.and_(pc.is_valid(texts), pc.invert(blank))
    reasons = pc.case_when(
        pc.make_struct(pa.array(taken.not_text), pc.is_null(texts), blank), *map(pa.scalar, (NOT_TEXT, MISSING, BLANK))
    )
    chosen = texts.filter(usable)
    return Cleaned(np.asarray(usable), reasons, bundle.classifier.prepare(chosen) if len(chosen) else None, chosen)


def score_rows(cleaned: Cleaned, bundle: Bundle, additions: Additions) -> pa.RecordBatch:
    """Score rows; returns the added columns, of which a row that cannot be scored has only `model_id` and `reason`.

    The reason of a scored row is why it is uncertain, whatever its confidence; null if only the confidence is low.
    """
    num_rows = len(cleaned.usable)
    model_ids = pa.array([additions.model_id] * num_rows, pa.string())
    if cleaned.prepared is None:
        nulls = [pa.nulls(num_rows, field.type) for field in list(additions.schema)[:-2]]
        return pa.record_batch([*nulls, model_ids, cleaned.reasons], schema=additions.schema)
    decided = bundle.decide_prepared(cleaned.prepared)
    # The position of each scored row among the scored ones; for the others null, which `take` turns into null.
    places = pa.array(np.cumsum(cleaned.usable) - 1, mask=~cleaned.usable)
    *columns, doubts = [column.take(places) for column in describe_decisions(decided, additions)]
    if additions.explain:
        columns.append(explain_rows(cleaned.texts, decided, bundle).take(places))
    return pa.record_batch([*columns, model_ids, pc.coalesce(cleaned.reasons, doubts)], schema=additions.schema)


def explain_rows(texts: pa.Array, decided: Decided, bundle: Bundle) -> pa.Array:
    """List the words that the answers to some texts depend on, with their weights."""
    found = explain_answers(bundle, texts.to_pylist(), decided.predicted.tolist())
    return pa.array([[dict(word) for word in words] for words in found], EXPLANATION)


def describe_decisions(decided: Decided, additions: Additions) -> list[pa.Array]:
    """List the columns of scored rows, from predicted_label to oov_rate, and the reasons to doubt them.

    The confidence is the calibrated probability of the predicted label.
    """
    unfamiliar = find_unfamiliar(decided.num_tokens, decided.num_oov, most_unknown=additions.most_unknown)
    doubts = pc.case_when(
        pc.make_struct(*map(pa.array, unfamiliar)), *map(pa.scalar, (NOTHING_KNOWN, TOO_MUCH_UNKNOWN))
    )
    confidence = decided.probabilities[np.arange(len(decided.predicted)), decided.predicted]
    num_tokens = decided.num_tokens
    truncated = num_tokens > additions.length if additions.length else np.zeros(len(num_tokens), np.bool_)
    return [
        pa.array(additions.label_names, pa.string()).take(pa.array(decided.predicted)),
        *(pa.array(np.ascontiguousarray(column)) for column in decided.probabilities.T),
        pa.array(confidence),
        pc.or_(pa.array(confidence < additions.min_confidence), pc.is_valid(doubts)),
        pa.array(num_tokens, pa.int32()),
        pa.array(truncated),
        pa.array(decided.num_oov / np.maximum(num_tokens, 1)),
        doubts,
    ]
