"""Which regions are learned, and how; the table of variants reads it, so it imports nothing heavy."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class View:
    """Regions of `size` words that follow each other, and the `units` that are learned for them.

    The `num_targets` commonest words are predicted, `most_targets` of them at a time, from each region that begins
    `stride` words after another one. Of a word with the frequency f, sqrt(`subsampling` / f) of the occurrences count
    (Mikolov et al. 2013).
    """

    size: int
    units: int
    num_targets: int
    subsampling: float
    stride: int
    most_targets: int


VIEWS: Final = (
    View(5, 160, num_targets=8_000, subsampling=1e-3, stride=1, most_targets=10),
    View(20, 128, num_targets=10_000, subsampling=2e-4, stride=3, most_targets=8),
)

# Words that are drawn for each that is predicted.
NEGATIVES: Final = 5
# The first rates of Adagrad, which fall linearly to 0, and its first sums of squares.
RATE: Final = 0.1
TARGET_RATE: Final = 0.2
BIAS_RATE: Final = 0.01
FIRST_SUM: Final = 1.0
# Words' weights are drawn from [-FIRST_RANGE, FIRST_RANGE); all others begin as 0.
FIRST_RANGE: Final = 0.1
# As many epochs are learned as read about so many words.
NUM_WORDS: Final = 40_000_000
FEWEST_EPOCHS: Final = 3
MOST_EPOCHS: Final = 20
