"""How the charts of all pages look, and the parts that several of them share."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import altair as alt

from tasks.compare.facts import Comparison
from tasks.compare.results import BASELINE, CONSTANT, ENSEMBLE, STACKED
from tasks.train.variants import (
    CONTENDERS_GROUP,
    LONG_GROUP,
    MORE_GROUP,
    OWN_GROUP,
    PRETRAINED_GROUP,
    SEED_GROUP,
    STUDENTS_GROUP,
)

# The colours are distinct on a white and on a nearly black page, also for readers who cannot tell red from green.
COLORS: Final = {
    BASELINE: "#d9690f",
    SEED_GROUP: "#2f86d1",
    LONG_GROUP: "#1a9e77",
    MORE_GROUP: "#c2497f",
    CONTENDERS_GROUP: "#8f7a00",
    STUDENTS_GROUP: "#6f63d9",
    PRETRAINED_GROUP: "#64788c",
    OWN_GROUP: "#6f9a1e",
    STACKED: "#3fa7a3",
    ENSEMBLE: "#a873c4",
}
SHAPES: Final = {
    BASELINE: "square",
    SEED_GROUP: "circle",
    LONG_GROUP: "triangle-up",
    MORE_GROUP: "cross",
    CONTENDERS_GROUP: "triangle-down",
    STUDENTS_GROUP: "triangle-right",
    PRETRAINED_GROUP: "wedge",
    OWN_GROUP: "triangle-left",
    STACKED: "stroke",
    ENSEMBLE: "diamond",
}
GREY: Final = "#8a8f98"
ROW_HEIGHT: Final = 24
# Colouring models that are further behind the best than this share would hide the differences between the others.
FAR_BEHIND: Final = 0.15
CONFIG: Final = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 220},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "top", "labelLimit": 220},
    "text": {"fontSize": 11},
}


def values(rows: Sequence[Mapping[str, Any]]) -> alt.Data:
    """Put rows into a chart as inline data."""
    return cast("alt.Data", alt.InlineData(values=list(rows)))


def layer(*charts: alt.Chart) -> alt.LayerChart:
    """Put charts on top of each other; the type of Altair's own function also allows a facet."""
    return cast("alt.LayerChart", alt.layer(*charts))


def list_models(metrics: Comparison, *, without: Sequence[str] = ()) -> list[str]:
    """List the models that trained, best first."""
    rows = [row for row in metrics.variants if row.accuracy and row.group != ENSEMBLE]
    return [row.name for row in rows if row.name not in without]


def color_by_group(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Encode the group of a model as colour and shape."""
    groups = [group for group in COLORS if group in {row["group"] for row in rows}]
    return {
        "color": alt.Color(
            "group:N", scale=alt.Scale(domain=groups, range=[COLORS[group] for group in groups]), title=None
        ),
        "shape": alt.Shape(
            "group:N", scale=alt.Scale(domain=groups, range=[SHAPES[group] for group in groups]), title=None
        ),
    }


def choose_model(metrics: Comparison, *, without: Sequence[str] = (CONSTANT,)) -> alt.Parameter:
    """Let the reader choose one model; the recommended one is preselected."""
    models = list_models(metrics, without=without)
    recommended = metrics.recommendation
    first = recommended.name if recommended and recommended.name in models else models[0]
    return alt.param(name="model", value=first, bind=alt.binding_select(options=models, name="Model: "))


def color_cells(base: alt.Chart, field: str, *, rows: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """Colour cells by a share, darker for higher, and write it into them; those far behind have the lightest colour."""
    high = max(row[field] for row in rows)
    low = min(high - 0.01, max(min(row[field] for row in rows), high - FAR_BEHIND))
    scale = alt.Scale(scheme="blues", domain=[low, high], clamp=True)
    color = alt.Color(f"{field}:Q", scale=scale, legend=None)
    is_dark = f"datum.{field} > {low + 0.55 * (high - low)}"
    ink = alt.when(is_dark).then(alt.value("#ffffff")).otherwise(alt.value("#222222"))
    text = base.mark_text().encode(text=alt.Text(f"{field}:Q", format=".0%"), color=ink)
    return layer(base.mark_rect().encode(color=color), text)


def matrix_size(num_rows: int) -> dict[str, Any]:
    """Return the size of a chart with this number of rows."""
    return {"width": "container", "height": ROW_HEIGHT * num_rows}
