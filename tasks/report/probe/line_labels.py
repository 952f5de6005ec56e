"""Where to put the names beside lines so that no name covers another."""

from collections.abc import Sequence


def spread(places: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Move places apart, as little as possible and within bounds, until neighbours are at least a gap apart.

    Equal places are ordered from the top: spread([5, 5], gap=2, low=0, high=9) -> [6, 4].
    """
    order = sorted(range(len(places)), key=lambda index: (places[index], -index))
    # A group is its middle and its size; two groups that touch are merged around their common middle.
    groups: list[tuple[float, int]] = []
    for index in order:
        middle, size = keep_within(places[index], 1, gap=gap, low=low, high=high), 1
        while groups and middle - groups[-1][0] < gap * (size + groups[-1][1]) / 2:
            other, others = groups.pop()
            middle = (middle * size + other * others) / (size + others)
            size += others
            middle = keep_within(middle, size, gap=gap, low=low, high=high)
        groups.append((middle, size))
    moved = [middle + gap * (number - (size - 1) / 2) for middle, size in groups for number in range(size)]
    return [place for _, place in sorted(zip(order, moved, strict=True))]


def keep_within(middle: float, size: int, *, gap: float, low: float, high: float) -> float:
    """Move the middle of a group so that the whole group is within the bounds."""
    reach = gap * (size - 1) / 2
    return max(low + reach, min(high - reach, middle))
