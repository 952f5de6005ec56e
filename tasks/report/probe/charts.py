"""The probe's line charts, one for each recall task. The page highlights a model through the parameter `lit`."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from tasks.probe.facts import Levels, MeanAccuracy
from tasks.report.frame.chart_style import GREY, layer, values
from tasks.report.probe.heat import list_tooltips, title_distance
from tasks.report.probe.line_labels import spread
from tasks.report.probe.style import scale_styles, sort_models

HEIGHT: Final = 330
UPDATES_HEIGHT: Final = 240
# The axis ends above 100%, which leaves room for the name of a level at 100%.
TOP: Final = 1.07
# Room for the models' names to the right of the lines, and the least distance between names, in pixels.
NAMES_WIDTH: Final = 116
NAME_SPACING: Final = 15
BASELINE_OF_EDGE: Final = HEIGHT - 8
ANY_LIT: Final = "lit == '' || datum.model == lit"


def draw_accuracy(rows: Sequence[MeanAccuracy], levels: Levels, *, trained_to: int | None = None) -> alt.LayerChart:
    """Draw mean accuracy against distance, a line per model; bands range from the lowest to the highest seed.

    Dashed lines mark chance and the best accuracy of a bag of words; a dotted line marks the longest training distance.
    """
    base = start_chart(rows, axis_of=rows)
    y = alt.Y(
        "mean:Q",
        title="accuracy on test",
        scale=alt.Scale(domain=[0, TOP], nice=False),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    return finish(
        [
            *draw_band(base, rows),
            *mark_levels(levels),
            *(mark_edge(trained_to) if trained_to is not None else []),
            *draw_lines(base, y, rows),
            *name_lines(rows),
        ],
        height=HEIGHT,
    )


def draw_updates(rows: Sequence[MeanAccuracy]) -> alt.LayerChart | None:
    """Draw the weight updates until the task was solved, by distance; None if no seed solved it."""
    solved = [row for row in rows if row.updates]
    if not solved:
        return None
    base = start_chart(solved, axis_of=rows, names_width=12)
    counts = [row.updates for row in solved if row.updates]
    low, high = min(counts), max(counts)
    y = alt.Y(
        "updates:Q",
        title="updates (logarithmic)",
        scale=alt.Scale(type="log", domain=[low / 1.3, high * 1.3], nice=False),
        axis=alt.Axis(format="~s", values=list_ticks(low / 1.3, high * 1.3)),
    )
    updates = alt.Tooltip("updates:Q", title="updates (median)", format=",.0f")
    return finish(draw_lines(base, y, rows, tooltips=[updates]), height=UPDATES_HEIGHT)


def list_ticks(low: float, high: float) -> list[int]:
    """List the round numbers between two others: list_ticks(300, 2500) -> [500, 1000, 2000]."""
    round_numbers = (digit * 10**power for power in range(9) for digit in (1, 2, 5))
    return [number for number in round_numbers if low <= number <= high]


def finish(parts: Sequence[alt.Chart], *, height: int) -> alt.LayerChart:
    """Layer the parts of a chart and give it the parameter that highlights a model."""
    return layer(*parts).add_params(alt.param(name="lit", value="")).properties(width="container", height=height)


def start_chart(
    rows: Sequence[MeanAccuracy], *, axis_of: Sequence[MeanAccuracy], names_width: int = NAMES_WIDTH
) -> alt.Chart:
    """Start a chart of rows; its horizontal axis has the distances of all rows, also of those that are not shown."""
    data = values([row.model_dump() for row in rows])
    return alt.Chart(data).encode(x=scale_distance(axis_of, names_width=names_width), detail="model:N")


def scale_distance(rows: Sequence[MeanAccuracy], *, names_width: int) -> alt.X:
    """Put distances on a logarithmic axis that ends where the names begin."""
    distances = sorted({row.distance for row in rows})
    low, high = distances[0], max(distances[-1], distances[0] + 1)
    return alt.X(
        "distance:Q",
        title=title_distance(rows),
        scale=alt.Scale(type="log", domain=[low, high], range=[10, from_right(names_width)], nice=False),
        axis=alt.Axis(values=distances, format="d", grid=False),
    )


def from_right(pixels: int) -> alt.ExprRef:
    """Return the position this many pixels left of the chart's right edge, whatever its width."""
    return alt.ExprRef(f"width - {pixels}")


def encode_models(rows: Sequence[MeanAccuracy]) -> dict[str, Any]:
    """Encode the model as colour, dash pattern and shape."""
    scales = scale_styles(sort_models(row.model for row in rows))
    return {
        "color": alt.Color("model:N", legend=None, scale=alt.Scale(**scales["color"])),
        "dash": alt.StrokeDash("model:N", legend=None, scale=alt.Scale(**scales["dash"])),
        "shape": alt.Shape("model:N", legend=None, scale=alt.Scale(**scales["shape"])),
    }


def fade(*, other: float, own: float = 1) -> Any:
    """Fade the marks of all models but the highlighted one."""
    return alt.when(ANY_LIT).then(alt.value(own)).otherwise(alt.value(other))


def draw_band(base: alt.Chart, rows: Sequence[MeanAccuracy]) -> list[alt.Chart]:
    """Draw a band from the lowest to the highest seed; nothing if there is one seed."""
    if all(row.low == row.high for row in rows):
        return []
    strength = alt.when("datum.model == lit").then(alt.value(0.3)).when("lit == ''").then(alt.value(0.1))
    color = encode_models(rows)["color"]
    return [base.mark_area().encode(y="low:Q", y2="high:Q", color=color, opacity=strength.otherwise(alt.value(0)))]


def draw_lines(
    base: alt.Chart, y: alt.Y, rows: Sequence[MeanAccuracy], *, tooltips: Sequence[alt.Tooltip] = ()
) -> list[alt.Chart]:
    """Draw a line with points per model; the points have the tooltips of the heat maps and those given here."""
    shown = [*list_tooltips(), *tooltips]
    looks = encode_models(rows)
    width = alt.when("datum.model == lit").then(alt.value(3.5)).otherwise(alt.value(1.8))
    line = base.mark_line().encode(
        y=y, color=looks["color"], strokeDash=looks["dash"], opacity=fade(other=0.12), strokeWidth=width
    )
    points = base.mark_point(filled=True, size=55).encode(
        y=y, color=looks["color"], shape=looks["shape"], opacity=fade(other=0.12), tooltip=shown
    )
    return [line, points]


def name_lines(rows: Sequence[MeanAccuracy]) -> list[alt.Chart]:
    """Write names to the right of the lines that reach the longest distance, each joined to the end of its line."""
    furthest = max(row.distance for row in rows)
    ends = [row for row in rows if row.distance == furthest]
    gap = NAME_SPACING * TOP / HEIGHT
    places = spread([row.mean for row in ends], gap=gap, low=0, high=TOP - gap / 2)
    base = alt.Chart(values([{**row.model_dump(), "place": place} for row, place in zip(ends, places, strict=True)]))
    leaders = base.mark_rule().encode(
        x="distance:Q",
        x2=alt.value(from_right(NAMES_WIDTH - 24)),
        y="mean:Q",
        y2="place:Q",
        color=encode_models(rows)["color"],
        opacity=fade(own=0.7, other=0.1),
    )
    names = base.mark_text(align="left", baseline="middle").encode(
        x=alt.value(from_right(NAMES_WIDTH - 27)), y="place:Q", text="model:N", opacity=fade(other=0.25)
    )
    return [leaders, names.properties(name="names")]


def mark_levels(levels: Levels) -> list[alt.Chart]:
    """Draw named dashed lines at chance and at the best accuracy of a bag of words."""
    chance, bag = levels.chance, levels.bag_of_words
    names = {chance: f"chance: {chance:.0%}"} | {bag: f"bag of words at most: {bag:.0%}"}
    if chance == bag:
        names = {chance: f"chance and bag of words: {chance:.0%}"}
    marks = [{"level": level, "name": name, "dy": -8 if level == 1 else 9} for level, name in names.items()]
    base = alt.Chart(values(marks)).encode(y="level:Q", x=alt.value(0))
    rule = base.mark_rule(color=GREY, strokeDash=[4, 3]).encode(x2=alt.value(from_right(NAMES_WIDTH)))
    name = base.mark_text(align="left", dx=12, dy=alt.ExprRef("datum.dy")).encode(text="name:N")
    return [rule, name.properties(name="names_of_levels")]


def mark_edge(trained_to: int) -> list[alt.Chart]:
    """Draw a dotted line at the longest distance in training, and say what is on either side of it."""
    sides = [{"edge": trained_to, "before": "in training", "after": "only in test"}]
    base = alt.Chart(values(sides)).encode(x="edge:Q")
    rule = base.mark_rule(color=GREY, strokeDash=[2, 3], strokeWidth=1.5)
    at_bottom = alt.value(BASELINE_OF_EDGE)
    before = base.mark_text(align="right", dx=-6).encode(y=at_bottom, text="before:N").properties(name="names_before")
    after = base.mark_text(align="left", dx=6).encode(y=at_bottom, text="after:N").properties(name="names_after")
    return [rule, before, after]
