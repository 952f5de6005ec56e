"""The test reviews that a model was evaluated on, found by their hash."""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from tasks.evaluate.facts import BundleFacts
from tasks.store.layout import REVIEWS, TEST_FILE
from tasks.store.outputs import record_file

# Of evenly spaced reviews; more would take minutes with the slowest models and hardly find more.
MOST_REVIEWS: Final = 2_000


def read_test_reviews(facts: BundleFacts, data_dir: Path) -> list[str]:
    """Read test reviews of the run that made the model; empty if they are not under the data folder any more."""
    for path in sorted((data_dir / REVIEWS).glob(f"*/{TEST_FILE}")):
        if record_file(path).sha256 == facts.data.get(TEST_FILE):
            texts = pq.read_table(path, columns=["text"]).column("text")
            chosen = np.linspace(0, len(texts) - 1, min(len(texts), MOST_REVIEWS)).astype(int)
            return [str(text) for text in texts.take(chosen).to_pylist()]
    return []
