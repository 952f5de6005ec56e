"""How the probe's models look in charts: a colour per family; dash pattern and shape differ within a family."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from tasks.report.frame.chart_style import GREY

# The colours are distinct on a white and on a nearly black page, also for readers who cannot tell red from green.
FAMILIES: Final = {
    "#d9690f": ("average-pool", "flatten", "conv-max"),
    "#c2497f": ("simple-rnn", "random-rnn"),
    "#1a9e77": ("gru", "bigru"),
    "#2f86d1": ("lstm", "bilstm", "chrono-lstm", "lstm-at-place", "bilstm-at-place"),
    "#a873c4": ("attention",),
}
DASHES: Final = ((1, 0), (7, 4), (2, 3), (9, 3, 2, 3), (4, 2))
# SVG paths of radius 4 around the origin, under the names that the charts use.
SHAPES: Final = {
    "circle": "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0Z",
    "square": "M-3.5 -3.5H3.5V3.5H-3.5Z",
    "triangle-up": "M0 -4.5L4.5 4H-4.5Z",
    "diamond": "M0 -5L4.5 0L0 5L-4.5 0Z",
    "cross": "M-1.5 -4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z",
}


class Style(NamedTuple):
    """The look of one model's line."""

    name: str
    color: str
    dash: tuple[int, ...]
    shape: str

    @property
    def path(self) -> str:
        """The shape as an SVG path around the origin."""
        return SHAPES[self.shape]


def style_model(name: str) -> Style:
    """Look up the style of a model; a model of no family is grey."""
    for color, members in FAMILIES.items():
        if name in members:
            place = members.index(name)
            return Style(name, color, DASHES[place], list(SHAPES)[place])
    return Style(name, GREY, DASHES[0], "circle")


def sort_models(names: Iterable[str]) -> list[str]:
    """Sort models by family, each name once; models of no family come last."""
    places = [name for members in FAMILIES.values() for name in members]
    return sorted(dict.fromkeys(names), key=lambda name: places.index(name) if name in places else len(places))


def scale_styles(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the scales that give each model its colour, dash pattern and shape in a chart."""
    styles = [style_model(name) for name in names]
    domain = [style.name for style in styles]
    return {
        field: {"domain": domain, "range": [getattr(style, field) for style in styles]}
        for field in ("color", "dash", "shape")
    }
