"""The probe's heat maps: the accuracy of every model at every distance, as numbers on coloured cells."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import altair as alt

from tasks.probe.facts import Levels, MeanAccuracy, Point
from tasks.report.frame.chart_style import layer, values
from tasks.report.probe.style import sort_models

CELL_HEIGHT: Final = 34
SMALL_CELL: Final = {"width": 34, "height": 22}
DARK_FROM: Final = 0.55


def draw_heat(rows: Sequence[MeanAccuracy], levels: Levels) -> alt.LayerChart:
    """Draw the mean accuracy of each model at each distance, and below it how many of the seeds solved the task."""
    models = sort_models(row.model for row in rows)
    cells = [{**row.model_dump(), "solved": f"{row.num_solved}/{row.num_seeds}"} for row in rows]
    base, ink = start_cells(cells, levels, models, title=title_distance(rows))
    base = base.encode(tooltip=list_tooltips())
    solved = base.mark_text(dy=9, fontSize=9, opacity=0.85).encode(text="solved:N", color=ink)
    chart = layer(color_cells(base, levels), write_percent(base, ink, dy=-5), solved)
    return chart.properties(width="container", height=CELL_HEIGHT * len(models))


def draw_overview(levels: Mapping[str, Levels], rows: Sequence[Point]) -> alt.HConcatChart:
    """Draw small heat maps of all recall tasks side by side; the models' names are left of the first."""
    models = sort_models(row.model for row in rows)
    parts: list[alt.LayerChart] = []
    for recall_task, levels_of in levels.items():
        of_task = [row for row in rows if row.recall_task == recall_task]
        if of_task:
            title = "words later" if recall_task == "later" else "words back"
            cells = [row.model_dump() for row in of_task]
            base, ink = start_cells(cells, levels_of, models, title=title, has_names=not parts)
            base = base.encode(tooltip=list_tooltips()[:3])
            part = layer(color_cells(base, levels_of), write_percent(base, ink, dy=0))
            width = SMALL_CELL["width"] * len({row.distance for row in of_task})
            name = alt.Title(recall_task, anchor="start", fontSize=13)
            parts.append(part.properties(title=name, width=width, height=SMALL_CELL["height"] * len(models)))
    return cast("alt.HConcatChart", alt.hconcat(*parts, spacing=16).resolve_scale(color="independent"))


def start_cells(
    cells: Sequence[Mapping[str, Any]],
    levels: Levels,
    models: Sequence[str],
    *,
    title: str,
    has_names: bool = True,
) -> tuple[alt.Chart, Any]:
    """Lay out cells, models by distances, and choose the text colour that is readable on each cell's colour."""
    cells = [{**cell, "percent": 100 * cell["mean"]} for cell in cells]
    names = alt.Axis(domain=False, ticks=False) if has_names else None
    base = alt.Chart(values(cells)).encode(
        x=place_distance(title),
        y=alt.Y("model:N", sort=list(models), scale=alt.Scale(domain=list(models)), title=None, axis=names),
    )
    chance = levels.chance
    is_dark = f"datum.mean > {chance + DARK_FROM * (1 - chance)}"
    return base, alt.when(is_dark).then(alt.value("#ffffff")).otherwise(alt.value("#222222"))


def place_distance(title: str) -> alt.X:
    """Give each distance a column of its own."""
    return alt.X("distance:O", title=title, axis=alt.Axis(labelAngle=0, domain=False, ticks=False))


def color_cells(base: alt.Chart, levels: Levels) -> alt.Chart:
    """Colour the cells; the lightest colour is chance, the darkest is 100%."""
    scale = alt.Scale(scheme="blues", domain=[levels.chance, 1], clamp=True)
    return cast("alt.Chart", base.mark_rect().encode(color=alt.Color("mean:Q", scale=scale, legend=None)))


def write_percent(base: alt.Chart, ink: Any, *, dy: int) -> alt.Chart:
    """Write the accuracy into the cells, in percent without the percent sign."""
    return cast("alt.Chart", base.mark_text(dy=dy).encode(text=alt.Text("percent:Q", format=".0f"), color=ink))


def title_distance(rows: Sequence[Point]) -> str:
    """Say what the distance is counted from."""
    is_later = all(row.recall_task == "later" for row in rows)
    return "words from the missing word to the country" if is_later else "words back from the end"


def list_tooltips() -> list[alt.Tooltip]:
    """List what a tooltip shows for a point or a cell."""
    return [
        alt.Tooltip("model:N"),
        alt.Tooltip("distance:Q"),
        alt.Tooltip("mean:Q", format=".1%", title="accuracy"),
        alt.Tooltip("low:Q", format=".1%", title="lowest seed"),
        alt.Tooltip("high:Q", format=".1%", title="highest seed"),
        alt.Tooltip("num_seeds:Q", title="seeds"),
        alt.Tooltip("num_solved:Q", title="seeds that solved the task"),
    ]
