"""Pareto fronts: who is neither cheaper nor better than somebody else is not on them."""

from tasks.compare.cost import COSTS, find_front, find_pareto_fronts
from tasks.compare.leaderboard_facts import LeaderboardRow, Spread


def make_row(name: str, accuracy: float | None, seconds: float | None, jobs: int | None = None) -> LeaderboardRow:
    spread = None if accuracy is None else Spread(mean=accuracy, sd=None, low=accuracy, high=accuracy)
    return LeaderboardRow.model_construct(name=name, accuracy=spread, jobs=jobs, **dict.fromkeys(COSTS, seconds))


ROWS = [
    make_row("good and dear", 0.9, 100.0),
    make_row("fair and cheap", 0.8, 10.0),
    make_row("bad and dear", 0.7, 90.0),
    make_row("bad and cheapest", 0.6, 5.0),
    make_row("failed", None, 1.0),
    make_row("without a number", 0.99, None),
]


def test_front_goes_from_cheap_to_dear() -> None:
    front = find_front(ROWS, "train_seconds", less_is_better=True)
    assert front == ("bad and cheapest", "fair and cheap", "good and dear")


def test_front_of_speeds_goes_from_fast_to_slow() -> None:
    assert find_front(ROWS, "predict_reviews_per_second", less_is_better=False) == ("good and dear",)


def test_equal_cost_keeps_the_better_one() -> None:
    rows = [make_row("a", 0.7, 1.0), make_row("b", 0.8, 1.0)]
    assert find_front(rows, "train_seconds", less_is_better=True) == ("b",)


def test_every_cost_has_its_front() -> None:
    assert find_pareto_fronts(ROWS).keys() == COSTS.keys()


def test_training_times_under_different_loads_have_no_front() -> None:
    rows = [make_row("alone", 0.7, 1.0, jobs=1), make_row("beside another", 0.8, 2.0, jobs=2)]
    assert find_pareto_fronts([*rows, make_row("ensemble", 0.6, None)]) == {
        **dict.fromkeys(COSTS, ("alone", "beside another")),
        "predict_reviews_per_second": ("beside another",),
        "predict_single_per_second": ("beside another",),
        "train_seconds": (),
        "epoch_seconds": (),
    }
    same = [make_row("a", 0.7, 1.0, jobs=2), make_row("b", 0.8, 2.0, jobs=2)]
    assert find_pareto_fronts(same)["epoch_seconds"] == ("a", "b")
