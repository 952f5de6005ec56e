"""How the page's charts look, and what several of them are made of."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import altair as alt

from tasks.compare.facts import Comparison
from tasks.compare.results import BASELINE, CONSTANT, ENSEMBLE
from tasks.train.variants import LONG, MORE, SEED

# Each is told from the others and from a white and a nearly black page, also without the sense of red and green.
COLORS: Final = {BASELINE: "#d9690f", SEED: "#2f86d1", LONG: "#1a9e77", MORE: "#c2497f", ENSEMBLE: "#a873c4"}
SHAPES: Final = {BASELINE: "square", SEED: "circle", LONG: "triangle-up", MORE: "cross", ENSEMBLE: "diamond"}
GREY: Final = "#8a8f98"
ROW_HEIGHT: Final = 24
# Beyond this from the best, in share, differences of colour would hide those between the others.
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
    """Put rows into a chart as they are."""
    return cast("alt.Data", alt.InlineData(values=list(rows)))


def layer(*charts: alt.Chart) -> alt.LayerChart:
    """Put charts on top of each other; Altair's own function says that it may also return a facet."""
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
    """Let the reader choose one model; the recommended one comes first."""
    models = list_models(metrics, without=without)
    recommended = metrics.recommendation
    first = recommended.name if recommended and recommended.name in models else models[0]
    return alt.param(name="model", value=first, bind=alt.binding_select(options=models, name="Model: "))


def color_cells(base: alt.Chart, field: str, *, rows: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """Colour cells by a share, higher is darker, and write it into them; what is far behind has the lightest colour."""
    high = max(row[field] for row in rows)
    low = min(high - 0.01, max(min(row[field] for row in rows), high - FAR_BEHIND))
    scale = alt.Scale(scheme="blues", domain=[low, high], clamp=True)
    color = alt.Color(f"{field}:Q", scale=scale, legend=None)
    is_dark = f"datum.{field} > {low + 0.55 * (high - low)}"
    ink = alt.when(is_dark).then(alt.value("#ffffff")).otherwise(alt.value("#222222"))
    text = base.mark_text().encode(text=alt.Text(f"{field}:Q", format=".0%"), color=ink)
    return layer(base.mark_rect().encode(color=color), text)


def matrix_size(num_rows: int) -> dict[str, Any]:
    """Size a chart of rows of text."""
    return {"width": "container", "height": ROW_HEIGHT * num_rows}
