"""An exported model may differ by rounding, and by nothing else."""

import numpy as np
import pytest

from tasks.errors import UserError
from tasks.evaluate.bundle import Decided
from tasks.evaluate.metrics import predict_labels
from tasks.export.parity import Parity, check_parity, compare
from tasks.objective.facts import Rule

Rows = list[list[float]]
RULE = Rule(weights=(1.0, 1.0, 1.0), costs=((0, 1, 1), (1, 0, 1), (10, 10, 0)))


def decide(rows: Rows, *, threshold: float = 0.5, rule: Rule | None = None) -> Decided:
    probabilities = np.array(rows)
    counts = np.ones(len(rows), np.int32)
    return Decided(probabilities, predict_labels(probabilities, threshold=threshold, rule=rule), counts, counts)


@pytest.mark.parametrize(
    ("own", "exported", "num_other"),
    [
        ([[0.4, 0.6]], [[0.4, 0.6]], 0),
        # A tie at the threshold, and a difference beyond it.
        ([[0.299999, 0.700001]], [[0.300001, 0.699999]], 0),
        ([[0.29, 0.71]], [[0.31, 0.69]], 1),
        # A tie of the two likeliest, and a difference beyond it.
        ([[0.400001, 0.399999, 0.2]], [[0.399999, 0.400001, 0.2]], 0),
        ([[0.41, 0.39, 0.2]], [[0.39, 0.41, 0.2]], 1),
    ],
)
def test_labels_may_differ_in_ties_alone(own: Rows, exported: Rows, num_other: int) -> None:
    found = compare(decide(own, threshold=0.7), decide(exported, threshold=0.7), threshold=0.7)
    assert found.num_other_labels == num_other
    assert found.max_difference == pytest.approx(np.abs(np.array(own) - np.array(exported)).max())


def test_ties_of_a_rule_are_those_of_its_merits() -> None:
    """The third label is right at a probability of a tenth, because missing it costs ten times as much."""
    near, far = [[0.9, 0.0, 0.1]], [[0.85, 0.0, 0.15]]
    tie = compare(decide(near, rule=RULE), decide([[0.900001, 0.0, 0.099999]], rule=RULE), threshold=0.5, rule=RULE)
    assert tie.num_other_labels == 0
    other = compare(decide(far, rule=RULE), decide([[0.95, 0.0, 0.05]], rule=RULE), threshold=0.5, rule=RULE)
    assert other.num_other_labels == 1


@pytest.mark.parametrize("parity", [Parity(9, 1, 0.0), Parity(9, 0, 1e-3), Parity(9, 0, float("nan"))])
def test_more_than_rounding_is_refused(parity: Parity) -> None:
    with pytest.raises(UserError, match=r"lstm/f1 cannot be exported: on 9 texts.*the same labels and at most"):
        check_parity(parity, model="lstm/f1")


def test_rounding_is_accepted() -> None:
    check_parity(Parity(9, 0, 1e-6), model="lstm/f1")
    check_parity(Parity(9, 0, 1e-3), model="lstm/f1", bound=0.05)
