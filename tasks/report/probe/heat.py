"""The probe's heat maps: every model at every distance, as numbers on colours."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import altair as alt

from tasks.report.frame.chart_style import layer, values
from tasks.report.probe.style import sort_models

Row = Mapping[str, Any]

CELL_HEIGHT: Final = 34
SMALL_CELL: Final = {"width": 34, "height": 22}
DARK_FROM: Final = 0.55


def draw_heat(rows: Sequence[Row], levels: Mapping[str, float]) -> alt.LayerChart:
    """Mean accuracy of each model at each distance in percent, and below it how many of the seeds solved the task."""
    models = sort_models(row["model"] for row in rows)
    cells = [{**row, "solved": f"{row['num_solved']}/{row['num_seeds']}"} for row in rows]
    base, ink = start_cells(cells, levels, models)
    base = base.encode(tooltip=list_tooltips())
    solved = base.mark_text(dy=9, fontSize=9, opacity=0.85).encode(text="solved:N", color=ink)
    chart = layer(color_cells(base, levels), write_percent(base, ink, dy=-5), solved)
    return chart.properties(width="container", height=CELL_HEIGHT * len(models))


def draw_overview(tasks: Mapping[str, Mapping[str, float]], rows: Sequence[Row]) -> alt.HConcatChart:
    """All tasks side by side, in small; the models' names stand left of the first."""
    models = sort_models(row["model"] for row in rows)
    parts: list[alt.LayerChart] = []
    for task, levels in tasks.items():
        of_task = [row for row in rows if row["task"] == task]
        if of_task:
            base, ink = start_cells(of_task, levels, models, has_names=not parts)
            width = SMALL_CELL["width"] * len({row["distance"] for row in of_task})
            base = base.encode(
                tooltip=list_tooltips()[:3], x=place_distance("words on" if task == "later" else "words back")
            )
            part = layer(color_cells(base, levels), write_percent(base, ink, dy=0))
            title = alt.Title(task, anchor="start", fontSize=13)
            parts.append(part.properties(title=title, width=width, height=SMALL_CELL["height"] * len(models)))
    return cast("alt.HConcatChart", alt.hconcat(*parts, spacing=16).resolve_scale(color="independent"))


def start_cells(
    rows: Sequence[Row], levels: Mapping[str, float], models: Sequence[str], *, has_names: bool = True
) -> tuple[alt.Chart, Any]:
    """Lay out cells, models by distances, and choose the ink that is read on each colour."""
    cells = [{**row, "percent": 100 * row["mean"]} for row in rows]
    names = alt.Axis(domain=False, ticks=False) if has_names else None
    base = alt.Chart(values(cells)).encode(
        x=place_distance(title_distance(rows)),
        y=alt.Y("model:N", sort=list(models), scale=alt.Scale(domain=list(models)), title=None, axis=names),
    )
    chance = levels["chance"]
    is_dark = f"datum.mean > {chance + DARK_FROM * (1 - chance)}"
    return base, alt.when(is_dark).then(alt.value("#ffffff")).otherwise(alt.value("#222222"))


def place_distance(title: str) -> alt.X:
    """Give each distance a column."""
    return alt.X("distance:O", title=title, axis=alt.Axis(labelAngle=0, domain=False, ticks=False))


def color_cells(base: alt.Chart, levels: Mapping[str, float]) -> alt.Chart:
    """Colour cells from chance, the lightest, to 100%."""
    scale = alt.Scale(scheme="blues", domain=[levels["chance"], 1], clamp=True)
    return cast("alt.Chart", base.mark_rect().encode(color=alt.Color("mean:Q", scale=scale, legend=None)))


def write_percent(base: alt.Chart, ink: Any, *, dy: int) -> alt.Chart:
    """Write the accuracy into the cells, in percent without the sign."""
    return cast("alt.Chart", base.mark_text(dy=dy).encode(text=alt.Text("percent:Q", format=".0f"), color=ink))


def title_distance(rows: Sequence[Row]) -> str:
    """Say what the distance is counted from."""
    is_later = all(row["task"] == "later" for row in rows)
    return "words from the missing word on to the country" if is_later else "words back from the end"


def list_tooltips() -> list[alt.Tooltip]:
    """What a point or a cell says of itself."""
    return [
        alt.Tooltip("model:N"),
        alt.Tooltip("distance:Q"),
        alt.Tooltip("mean:Q", format=".1%", title="accuracy"),
        alt.Tooltip("low:Q", format=".1%", title="lowest seed"),
        alt.Tooltip("high:Q", format=".1%", title="highest seed"),
        alt.Tooltip("num_seeds:Q", title="seeds"),
        alt.Tooltip("num_solved:Q", title="seeds that solved it"),
    ]
