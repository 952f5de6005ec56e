"""A bundle as MLflow loads it: `mlflow.pyfunc.load_model` calls `_load_pyfunc` and asks the result to predict."""

from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from tasks.evaluate.bundle import Bundle, load_bundle
from tasks.ingest.sources.base import BATCH_ROWS
from tasks.predict.scoring import Additions, describe_additions
from tasks.predict.single import score_batch

TEXT: Final = "text"


class TextModel:
    """Scores the column `text` of a data frame as `bakeoff predict` scores a file."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.additions: Additions = describe_additions(bundle.facts, prefix="", min_confidence=0.0)

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002  MLflow's name
        """Score a frame with the column `text`, or a list of texts; returns a row for each text, with its index."""
        frame = model_input if isinstance(model_input, pd.DataFrame) else pd.DataFrame({TEXT: list(model_input)})
        texts = [None if pd.isna(text) else str(text).encode(errors="surrogatepass") for text in frame[TEXT]]
        batches = [
            score_batch(texts[start : start + BATCH_ROWS], self.bundle, self.additions)
            for start in range(0, len(texts), BATCH_ROWS)
        ]
        scores: pd.DataFrame = pa.Table.from_batches(batches, schema=self.additions.schema).to_pandas()
        return scores.set_axis(frame.index)


def _load_pyfunc(path: str) -> TextModel:
    """Load the bundle in a folder; every file is checked against its hash, and no code in it is run."""
    return TextModel(load_bundle(Path(path)))
