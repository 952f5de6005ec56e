"""How much memory the n-grams of a baseline would take, and what fits into a budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pyarrow.parquet as pq

from tasks.baseline.baselines import Baseline, Unit
from tasks.errors import TrainingError

# The budget that is used unless another is set.
USUAL_MEMORY: Final = 4 * 10**9
# What an n-gram of each order takes for each byte of text while all of them are in memory, measured on 100,000 reviews.
BYTES_PER_BYTE: Final[dict[Unit, int]] = {"words": 10, "characters": 25}
# Of the budget, a half is for counting: an n-gram that is counted takes so much, and a word takes more.
BYTES_PER_COUNTED: Final = 128
BYTES_PER_COUNTED_WORD: Final = 256
# What a known n-gram takes while its weight is sought: the solver keeps some twenty numbers for each.
BYTES_PER_NGRAM: Final = 512


@dataclass(frozen=True)
class Limits:
    """How many n-grams, and words, are counted at a time at most, and how many n-grams the vocabulary may have."""

    num_counted: int
    num_counted_words: int
    num_ngrams: int

    @classmethod
    def of(cls, memory: int) -> Self:
        """Divide a budget in bytes."""
        half = memory // 2
        return cls(half // BYTES_PER_COUNTED, half // BYTES_PER_COUNTED_WORD, memory // BYTES_PER_NGRAM)


def estimate_memory(baseline: Baseline, paths: Sequence[Path]) -> int:
    """Estimate the bytes that fitting on files of texts takes if all n-grams are in memory."""
    return sum(map(measure_text, paths)) * BYTES_PER_BYTE[baseline.unit] * baseline.max_order


def measure_text(path: Path) -> int:
    """Add up the bytes of the texts in a file of reviews, from its footer."""
    footer = pq.read_metadata(path)
    column = footer.schema.to_arrow_schema().get_field_index("text")
    groups = (footer.row_group(number).column(column) for number in range(footer.num_row_groups))
    return sum(group.total_uncompressed_size for group in groups)


def choose_limit(baseline: Baseline, paths: Sequence[Path], memory: int) -> int | None:
    """Return the budget if fitting on files would take more; None if everything fits, or if a file is missing."""
    is_known = all(path.is_file() for path in paths)
    return memory if is_known and estimate_memory(baseline, paths) > memory else None


def check_fits(baseline: Baseline, memory: int) -> None:
    """Raise TrainingError for a baseline that needs all n-grams in memory at once, where they would not fit."""
    if baseline.num_dimensions:
        raise TrainingError(
            f"{baseline.name} needs the n-grams of all texts in memory at once, which would take more than "
            f"{memory / 10**9:g} GB; expected fewer texts. Raise --memory if there is more, or leave the model out of "
            "--baselines."
        )
