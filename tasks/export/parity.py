"""Whether an exported model gives the same answers as the bundle, and how far its probabilities differ."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.evaluate.bundle import Decided
from tasks.objective.answers import measure_merits
from tasks.objective.facts import Rule

# Two runtimes add up the same 32-bit numbers in different orders, which in all variants made a difference of 4e-6.
MOST_DIFFERENCE: Final = 2e-5


class Parity(NamedTuple):
    """How an exported model compares with the bundle: texts, other labels beyond ties, the largest difference.

    A label is a tie if the probability that decides it is within the bound of the threshold or of the next class.
    """

    num_texts: int
    num_other_labels: int
    max_difference: float


def compare(
    own: Decided, exported: Decided, *, threshold: float, rule: Rule | None = None, bound: float = MOST_DIFFERENCE
) -> Parity:
    """Compare calibrated probabilities of shape (num_texts, num_classes) and labels."""
    differences = np.abs(own.probabilities - exported.probabilities).max(axis=1, initial=0.0)
    is_other = (own.predicted != exported.predicted) & (find_margins(own.probabilities, threshold, rule) > bound)
    return Parity(len(differences), int(is_other.sum()), float(differences.max(initial=0.0)))


def find_margins(probabilities: NDArray[np.float64], threshold: float, rule: Rule | None) -> NDArray[np.float64]:
    """Return how far each decision is from another one, in probability or in shares of merit: shape (num_texts,)."""
    if rule is not None:
        merits = measure_merits(probabilities, rule.costs) * np.array(rule.weights)
        probabilities = merits / merits.sum(axis=1, keepdims=True)
    elif probabilities.shape[1] == 2:  # noqa: PLR2004
        return np.abs(probabilities[:, 1] - threshold)
    ranked = np.sort(probabilities, axis=1)
    return np.asarray(ranked[:, -1] - ranked[:, -2])


def check_parity(parity: Parity, *, model: str, bound: float = MOST_DIFFERENCE) -> None:
    """Raise UserError when an exported model differs from the bundle by more than rounding."""
    if parity.num_other_labels or not parity.max_difference <= bound:
        raise UserError(
            f"{model} cannot be exported: on {parity.num_texts:,} texts, the exported model gives "
            f"{parity.num_other_labels:,} other labels and a probability that differs by {parity.max_difference:.1e}; "
            f"expected the same labels and at most {bound:.0e}. Choose another format, or another model."
        )
