"""Names beside points cover neither each other nor points."""

import numpy as np
import pytest

from tasks.report.frame.point_labels import POINT_RADIUS, Box, find_box, place_names


def test_single_name_lies_to_the_right() -> None:
    (place,) = place_names([(50, 50)], ["lstm"], width=280)
    assert place is not None
    assert place.align == "left"


def test_name_at_the_edge_lies_to_the_left() -> None:
    (place,) = place_names([(275, 50)], ["lstm"], width=280)
    assert place is not None
    assert place.align == "right"


def test_name_without_room_is_left_out_and_the_first_ones_are_not() -> None:
    places = list(place_names([(100, 100)] * 9, ["stacked-bilstm"] * 9, width=280))
    assert None not in places[:4]
    assert places[-1] is None


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_covered(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = [(float(x), float(y)) for x, y in random.uniform((20, 20), (260, 300), size=(30, 2))]
    names = ["stacked-bilstm"[: random.integers(4, 15)] for _ in points]
    places = list(place_names(points, names, width=280))
    boxes = [find_box(*given) for given in zip(points, names, places, strict=True) if given[2]]  # type: ignore[arg-type]
    dots = [Box(x - POINT_RADIUS, y - POINT_RADIUS, x + POINT_RADIUS, y + POINT_RADIUS) for x, y in points]
    assert len(boxes) > 10
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in [*boxes[:index], *dots])
