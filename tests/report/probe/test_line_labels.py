"""Names beside lines: apart, in order, within bounds, and not moved without need."""

from itertools import pairwise

import pytest

from tasks.report.probe.line_labels import spread


def test_places_that_are_far_apart_stay() -> None:
    assert spread([1.0, 5.0, 9.0], gap=2, low=0, high=10) == [1.0, 5.0, 9.0]


def test_equal_places_keep_their_order_from_the_top() -> None:
    assert spread([5.0, 5.0], gap=2, low=0, high=10) == [6.0, 4.0]


def test_a_group_that_would_leave_the_bounds_is_pushed_back_as_a_whole() -> None:
    assert spread([10.0, 10.0, 10.0], gap=2, low=0, high=10) == [10.0, 8.0, 6.0]


def test_a_group_that_is_pushed_back_pushes_the_next() -> None:
    places = spread([10.0, 10.0, 10.0, 5.9], gap=2, low=0, high=10)
    assert places == [10.0, 8.0, 6.0, 4.0]


@pytest.mark.parametrize("places", [[0.1] * 12, [0.1, 0.12, 0.9, 0.9, 0.91, 1.0, 1.0, 0.5, 0.53, 0.1, 0.1, 0.2]])
def test_neighbours_are_a_gap_apart(places: list[float]) -> None:
    moved = sorted(spread(places, gap=0.05, low=0, high=1.05))
    assert all(after - before >= 0.05 - 1e-9 for before, after in pairwise(moved))
    assert moved[0] >= 0
    assert moved[-1] <= 1.05


def test_nothing_is_moved_to_nothing() -> None:
    assert spread([], gap=1, low=0, high=1) == []
