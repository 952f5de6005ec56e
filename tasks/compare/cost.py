"""What accuracy costs: for each kind of cost, the Pareto front of cost and accuracy."""

from collections.abc import Mapping, Sequence
from typing import Final

from tasks.compare.leaderboard_facts import LeaderboardRow

# Whether less is better, and the name that a reader sees.
COSTS: Final[Mapping[str, tuple[bool, str]]] = {
    "train_seconds": (True, "seconds to train"),
    "epoch_seconds": (True, "seconds per epoch"),
    "predict_reviews_per_second": (False, "reviews/s in batches of 512"),
    "predict_single_per_second": (False, "reviews/s one at a time"),
    "num_params": (True, "parameters"),
    "file_bytes": (True, "bytes on disk"),
    "peak_memory_mb": (True, "peak memory of training, MB"),
}
TRAINING_TIMES: Final = {"train_seconds", "epoch_seconds"}


def find_pareto_fronts(rows: Sequence[LeaderboardRow]) -> dict[str, tuple[str, ...]]:
    """Find the Pareto front for each cost: the rows to which no other row is superior.

    A superior row is at least as accurate and as cheap, and better in one of the two. Names come cheapest first; rows
    without the number are left out, and of equal rows only the first name is kept. There is no front of training times
    if not all models were trained with the same number of jobs, because a time depends on what else runs.
    """
    mixed = len({row.jobs for row in rows if row.jobs is not None}) > 1
    return {
        cost: () if mixed and cost in TRAINING_TIMES else find_front(rows, cost, less_is_better=less)
        for cost, (less, _) in COSTS.items()
    }


def find_front(rows: Sequence[LeaderboardRow], cost: str, *, less_is_better: bool) -> tuple[str, ...]:
    """Find one front: from the cheapest row on, keep every row that is more accurate than all before it."""
    points = [
        ((1 if less_is_better else -1) * amount, -row.accuracy.mean, row.name)
        for row in rows
        if row.accuracy and (amount := row.metric(cost)) is not None
    ]
    front: list[str] = []
    best = 0.0
    for _, negative_accuracy, name in sorted(points):
        if negative_accuracy < best or not front:
            best = negative_accuracy
            front.append(name)
    return tuple(front)
