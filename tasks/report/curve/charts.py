"""The chart of learning curves: points with intervals, laws with bands, dashed beyond the reviews that there are."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from tasks.compare.results import CONSTANT
from tasks.curve.facts import Growth, Point
from tasks.report.curve.style import style_models
from tasks.report.frame.chart_style import GREY, layer, values
from tasks.report.probe.line_labels import spread
from tasks.report.probe.style import Style

HEIGHT: Final = 380
# Room for the models' names to the right of the lines, and the least distance between names, in pixels.
NAMES_WIDTH: Final = 130
NAME_SPACING: Final = 15
# A part of the vertical axis is left free above and below.
MARGIN: Final = 0.06
Bounds = tuple[float, float]
ANY_LIT: Final = "lit == '' || datum.model == lit"


def draw_curves(points: Sequence[Point], growths: Sequence[Growth]) -> alt.LayerChart:
    """Draw accuracy against the number of training reviews; the constant answer is a dashed grey line.

    A law is drawn up to twice the largest size, and dashed beyond that size.
    """
    rows = select_drawn(points)
    looks = encode_models(style_models(list_drawn(points)))
    sizes = sorted({point.num_train for point in rows})
    end = max([sizes[-1], *(growth.expected[-1].num_train for growth in growths)])
    bounds = bound_axis(rows, growths)
    x = alt.X(
        "num_train:Q",
        title="training reviews (logarithmic)",
        scale=alt.Scale(type="log", domain=[sizes[0], max(end, sizes[0] + 1)], range=[10, from_right()], nice=False),
        axis=alt.Axis(values=sorted({*sizes, end}), format=",d", grid=False),
    )
    laws = [
        {"model": growth.model, "is_measured": part, **expected.model_dump()}
        for growth in growths
        for part in (True, False)
        for expected in growth.expected
        if (expected.num_train <= sizes[-1] if part else expected.num_train >= sizes[-1])
    ]
    return (
        layer(
            *draw_laws(laws, x, bounds, looks),
            *draw_points(rows, x, bounds, looks),
            *draw_constant(points, bounds),
            *name_lines(rows, growths, bounds, looks),
        )
        .add_params(alt.param(name="lit", value=""))
        .properties(width="container", height=HEIGHT)
    )


def select_drawn(points: Sequence[Point]) -> list[Point]:
    """Select the points of all models but the constant answer, unless there is no other model."""
    return [point for point in points if point.model != CONSTANT] or list(points)


def list_drawn(points: Sequence[Point]) -> list[str]:
    """List the models that are drawn, in the order of their colours."""
    return list(dict.fromkeys(point.model for point in select_drawn(points)))


def bound_axis(points: Sequence[Point], growths: Sequence[Growth]) -> Bounds:
    """Return the lowest and highest accuracy that the chart shows, within 0 and 1."""
    means = [point.mean for point in points] + [growth.expected[-1].mean for growth in growths]
    low, high = min([*means, *(point.low for point in points)]), max([*means, *(point.high for point in points)])
    margin = max(MARGIN * (high - low), 0.01)
    return max(0.0, low - margin), min(1.0, high + margin)


def place(field: str, bounds: Bounds) -> alt.Y:
    """Put an accuracy on the vertical axis, which all parts of the chart share."""
    return alt.Y(
        f"{field}:Q",
        title="accuracy on test",
        scale=alt.Scale(domain=list(bounds), nice=False, zero=False),
        axis=alt.Axis(format=".0%", tickCount=8),
    )


def from_right(pixels: int = NAMES_WIDTH) -> alt.ExprRef:
    """Return the position this many pixels left of the chart's right edge, whatever its width."""
    return alt.ExprRef(f"width - {pixels}")


def encode_models(styles: Sequence[Style]) -> dict[str, Any]:
    """Encode the model as colour and shape."""
    names = [style.name for style in styles]
    return {
        "color": alt.Color(
            "model:N", legend=None, scale=alt.Scale(domain=names, range=[style.color for style in styles])
        ),
        "shape": alt.Shape(
            "model:N", legend=None, scale=alt.Scale(domain=names, range=[style.shape for style in styles])
        ),
    }


def fade(*, other: float, own: float = 1) -> Any:
    """Fade the marks of all models but the highlighted one."""
    return alt.when(ANY_LIT).then(alt.value(own)).otherwise(alt.value(other))


def draw_laws(laws: Sequence[dict[str, Any]], x: alt.X, bounds: Bounds, looks: dict[str, Any]) -> list[alt.Chart]:
    """Draw the laws as lines, and their bands; nothing without a law."""
    if not laws:
        return []
    base = alt.Chart(values(laws)).encode(x=x, color=looks["color"], detail=["model:N", "is_measured:N"])
    strength = alt.when("datum.model == lit").then(alt.value(0.3)).when("lit == ''").then(alt.value(0.08))
    band = base.mark_area(clip=True).encode(
        y=place("low", bounds), y2="high:Q", opacity=strength.otherwise(alt.value(0))
    )
    dashes = alt.StrokeDash("is_measured:N", legend=None, scale=alt.Scale(domain=[True, False], range=[[1, 0], [5, 4]]))
    line = base.mark_line(clip=True, strokeWidth=1.8).encode(
        y=place("mean", bounds), strokeDash=dashes, opacity=fade(other=0.12)
    )
    return [band, line]


def draw_points(points: Sequence[Point], x: alt.X, bounds: Bounds, looks: dict[str, Any]) -> list[alt.Chart]:
    """Draw what was measured, with intervals."""
    base = alt.Chart(values([point.model_dump() for point in points])).encode(x=x, color=looks["color"])
    bars = base.mark_rule(clip=True).encode(y=place("low", bounds), y2="high:Q", opacity=fade(own=0.6, other=0.06))
    tooltip = [
        alt.Tooltip("model:N"),
        alt.Tooltip("num_train:Q", title="training reviews", format=",d"),
        alt.Tooltip("mean:Q", title="accuracy", format=".1%"),
        alt.Tooltip("low:Q", title="from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
        alt.Tooltip("num_seeds:Q", title="seeds"),
    ]
    marks = base.mark_point(filled=True, size=55).encode(
        y=place("mean", bounds), shape=looks["shape"], opacity=fade(other=0.12), tooltip=tooltip
    )
    return [bars, marks]


def draw_constant(points: Sequence[Point], bounds: Bounds) -> list[alt.Chart]:
    """Draw a named dashed line at the accuracy of the constant answer, if it is within the chart."""
    level = next((point.mean for point in points if point.model == CONSTANT), None)
    if level is None or not bounds[0] <= level <= bounds[1]:
        return []
    base = alt.Chart(values([{"level": level, "name": f"constant answer: {level:.0%}"}])).encode(
        y=place("level", bounds)
    )
    rule = base.mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=alt.value(0), x2=alt.value(from_right()))
    name = base.mark_text(align="right", dy=9).encode(x=alt.value(from_right(NAMES_WIDTH + 4)), text="name:N")
    return [rule, name.properties(name="names_of_levels")]


def name_lines(
    points: Sequence[Point], growths: Sequence[Growth], bounds: Bounds, looks: dict[str, Any]
) -> list[alt.Chart]:
    """Write the models' names to the right of their lines, or of their last points."""
    low, high = bounds
    ends = {point.model: (point.num_train, point.mean) for point in sorted(points, key=lambda it: it.num_train)}
    ends |= {it.model: (it.expected[-1].num_train, it.expected[-1].mean) for it in growths if it.model in ends}
    gap = NAME_SPACING * (high - low) / HEIGHT
    places = spread([mean for _, mean in ends.values()], gap=gap, low=low, high=high)
    rows = [
        {"model": model, "num_train": num_train, "mean": mean, "place": place}
        for (model, (num_train, mean)), place in zip(ends.items(), places, strict=True)
    ]
    base = alt.Chart(values(rows))
    leaders = base.mark_rule().encode(
        x="num_train:Q",
        x2=alt.value(from_right(NAMES_WIDTH - 24)),
        y=place("mean", bounds),
        y2="place:Q",
        color=looks["color"],
        opacity=fade(own=0.7, other=0.1),
    )
    names = base.mark_text(align="left", baseline="middle").encode(
        x=alt.value(from_right(NAMES_WIDTH - 27)),
        y=place("place", bounds),
        text="model:N",
        opacity=fade(other=0.25),
    )
    return [leaders, names.properties(name="names")]
