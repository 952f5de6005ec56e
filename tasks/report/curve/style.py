"""How models look in the chart of learning curves: each has a colour and a shape, by its place in the list."""

from collections.abc import Sequence
from typing import Final

from tasks.report.frame.chart_style import COLORS
from tasks.report.probe.style import DASHES, SHAPES, Style

# The colours of the groups, which can be told apart; with more models, colours return with another shape.
PALETTE: Final = tuple(COLORS.values())


def style_models(names: Sequence[str]) -> list[Style]:
    """Style each model."""
    shapes = list(SHAPES)
    return [
        Style(name, PALETTE[index % len(PALETTE)], DASHES[0], shapes[(index + index // len(PALETTE)) % len(shapes)])
        for index, name in enumerate(names)
    ]
