"""A trained model for a notebook: from texts to scores."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from tasks.errors import UserError
from tasks.evaluate.bundle import Bundle, find_bundle, load_bundle, read_facts
from tasks.evaluate.facts import BundleFacts
from tasks.ingest.sources.base import BATCH_ROWS
from tasks.predict.scoring import describe_additions
from tasks.predict.single import score_batch
from tasks.process.quiet_imports import import_quietly


@dataclass(frozen=True)
class Model:
    """A loaded model."""

    bundle: Bundle

    @property
    def facts(self) -> BundleFacts:
        """The content of bundle.json: variant, data, metrics, calibration, versions."""
        return self.bundle.facts

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels, in the order of the probabilities."""
        return self.bundle.label_names

    def predict(self, texts: Iterable[str | None], *, min_confidence: float = 0.0) -> pd.DataFrame:
        """Score texts; returns a row per text with predicted_label, a calibrated p_<label> per label, confidence, etc.

        The columns are those that `bakeoff predict` adds to a file. A missing or blank text has a `reason` instead of a
        score; a row whose confidence is below `min_confidence`, or whose text the model does not know, is `uncertain`.
        The rows keep the index of a pandas Series. Raises UserError for values that are not text.
        """
        if isinstance(texts, str):
            raise UserError("predict got a single string; expected a list of texts. Use predict([text]).")
        index = texts.index if isinstance(texts, pd.Series) else None
        encoded = [encode(text, place) for place, text in enumerate(texts)]
        additions = describe_additions(self.facts, prefix="", min_confidence=min_confidence)
        batches = [
            score_batch(encoded[start : start + BATCH_ROWS], self.bundle, additions)
            for start in range(0, len(encoded), BATCH_ROWS)
        ]
        scores: pd.DataFrame = pa.Table.from_batches(batches, schema=additions.schema).to_pandas()
        return scores if index is None else scores.set_axis(index)


def load(folder: str | Path) -> Model:
    """Load a model from a folder with bundle.json, or from one with a link `current` to it, such as artifacts/champion.

    Every file is checked against its hash first, and no code in the folder is run. Raises UserError when the folder is
    not a model, is incomplete, or was changed.
    """
    path = find_bundle(Path(folder).expanduser())
    if read_facts(path).kind != "baseline":
        import_quietly("tasks.train.predict")
    return Model(load_bundle(path))


def encode(text: object, place: int) -> bytes | None:
    """Encode a text as UTF-8, a missing one as None; an unpaired surrogate becomes bytes that are not UTF-8."""
    if isinstance(text, str):
        return text.encode(errors="surrogatepass")
    if text is None or text is pd.NA or text != text:  # noqa: PLR0124  NaN alone differs from itself
        return None
    raise UserError(f"text {place} is {text!r}, of type {type(text).__name__}; expected a string or None.")
