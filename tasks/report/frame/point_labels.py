"""Where to put the names beside points so that no name covers another name or point."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

LETTER_WIDTH: Final = 6.0
LINE_HEIGHT: Final = 12.0
POINT_RADIUS: Final = 5.0


class Placement(NamedTuple):
    """The place of a name beside its point: which end of the name is nearest, and its offset in pixels."""

    align: Literal["left", "right", "center"]
    dx: int
    dy: int


# In order of preference.
PLACEMENTS: Final = (
    Placement("left", 8, -6),
    Placement("left", 8, 7),
    Placement("right", -8, -6),
    Placement("right", -8, 7),
    Placement("center", 0, -14),
    Placement("center", 0, 15),
    Placement("right", 4, -14),
    Placement("right", 4, 15),
    Placement("left", -4, -14),
    Placement("left", -4, 15),
)


class Box(NamedTuple):
    """A rectangle in pixels, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Tell whether two rectangles share some area."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)


def place_names(
    points: Sequence[tuple[float, float]], names: Sequence[str], *, width: float
) -> Iterator[Placement | None]:
    """Place the name of each point, in their order; None where there is no room for it.

    Points are in pixels, x from 0 to `width`, y downwards.
    """
    taken = [Box(x - POINT_RADIUS, y - POINT_RADIUS, x + POINT_RADIUS, y + POINT_RADIUS) for x, y in points]
    for point, name in zip(points, names, strict=True):
        boxes = {placement: find_box(point, name, placement) for placement in PLACEMENTS}
        free = (
            placement
            for placement, box in boxes.items()
            if box.left >= 0 and box.right <= width and not any(box.overlaps(other) for other in taken)
        )
        chosen = next(free, None)
        if chosen:
            taken.append(boxes[chosen])
        yield chosen


def find_box(point: tuple[float, float], name: str, placement: Placement) -> Box:
    """Find the rectangle that a name covers."""
    size = LETTER_WIDTH * len(name)
    before = {"left": 0.0, "center": size / 2, "right": size}[placement.align]
    left, middle = point[0] + placement.dx - before, point[1] + placement.dy
    return Box(left, middle - LINE_HEIGHT / 2, left + size, middle + LINE_HEIGHT / 2)
