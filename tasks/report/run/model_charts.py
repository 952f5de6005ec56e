"""The charts that compare models with each other: each function takes a run's metrics and returns a Vega-Lite chart."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import numpy as np

from tasks.compare.cost import COSTS
from tasks.compare.facts import Mistakes
from tasks.compare.leaderboard_facts import LeaderboardRow
from tasks.compare.results import CONSTANT
from tasks.report.frame.chart_style import (
    FAR_BEHIND,
    GREY,
    color_by_group,
    color_cells,
    layer,
    list_models,
    matrix_size,
    values,
)
from tasks.report.frame.point_labels import place_names
from tasks.report.run.facts import RunMetrics
from tasks.report.run.shown_slices import choose_slices

TIED: Final = "#8a8f9833"
# In pixels: the height of the chart of costs, the room beside its points, and its width on a phone.
HEIGHT, PADDING, NARROWEST = 340, 24, 280


def draw_cost(metrics: RunMetrics) -> alt.LayerChart:
    """Draw accuracy against each kind of cost; a line joins the models that no other model beats in both.

    Models that are far behind the best are left out.
    """
    best = max(row.accuracy.mean for row in metrics.variants if row.accuracy)
    near = [row for row in metrics.variants if row.accuracy and row.accuracy.mean > best - FAR_BEHIND]
    rows = [row for cost in COSTS for row in list_costs(near, cost, front=metrics.pareto[cost])]
    labels = [label for _, label in COSTS.values()]
    cost = alt.param(name="cost", value=labels[2], bind=alt.binding_select(options=labels, name="Cost: "))
    base = (
        alt.Chart(values(rows))
        .transform_filter("datum.cost == cost && datum.amount > 0")
        .encode(
            x=alt.X(
                "amount:Q",
                scale=alt.Scale(type="log", padding=PADDING, nice=False),
                title=None,
                axis=alt.Axis(format="~s", tickCount=4, grid=False),
            )
        )
    )
    accuracy = alt.Y(
        "accuracy:Q", scale=alt.Scale(zero=False), axis=alt.Axis(format=".0%", tickCount=6), title="accuracy on test"
    )
    tooltip = [
        alt.Tooltip("model:N"),
        alt.Tooltip("accuracy:Q", format=".1%"),
        alt.Tooltip("low:Q", format=".1%"),
        alt.Tooltip("high:Q", format=".1%"),
        alt.Tooltip("amount:Q", format=",.4~g", title="cost"),
    ]
    front = base.transform_filter("datum.front").mark_line(color=GREY, strokeDash=[4, 3]).encode(y=accuracy)
    interval = base.mark_rule(strokeWidth=2, opacity=0.6).encode(
        y=alt.Y("low:Q", scale=alt.Scale(zero=False)), y2="high:Q", color=color_by_group(rows)["color"]
    )
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        y=accuracy, tooltip=tooltip, **color_by_group(rows)
    )
    names = (
        base.transform_filter("datum.align")
        .mark_text(align=alt.expr("datum.align"), dx=alt.expr("datum.dx"), dy=alt.expr("datum.dy"))
        .encode(y=accuracy, text="model:N")
        .properties(name="names")
    )
    return layer(front, interval, points, names).add_params(cost).properties(width="container", height=HEIGHT)


def list_costs(rows: Sequence[LeaderboardRow], cost: str, *, front: Sequence[str]) -> list[dict[str, Any]]:
    """List one kind of cost for the models that have it, and where their names go in the narrowest chart."""
    # The names on the Pareto front matter most, so they are placed first.
    known = [(row, amount, row.accuracy) for row in rows if (amount := row.metric(cost)) and row.accuracy is not None]
    found = sorted(known, key=lambda it: it[0].name not in front)
    if not found:
        return []
    amounts = np.log([amount for _, amount, _ in found])
    bounds = [bound for _, _, accuracy in found for bound in (accuracy.low, accuracy.high)]
    accuracies = np.array([accuracy.mean for _, _, accuracy in found])
    x = PADDING + (amounts - amounts.min()) / (np.ptp(amounts) or 1) * (NARROWEST - 2 * PADDING)
    y = (max(bounds) - accuracies) / (max(bounds) - min(bounds) or 1) * HEIGHT
    places = place_names(list(zip(x, y, strict=True)), [row.name for row, _, _ in found], width=NARROWEST)
    return [
        {
            "model": row.name,
            "group": row.group,
            "cost": COSTS[cost][1],
            "amount": amount,
            "accuracy": accuracy.mean,
            "low": accuracy.low,
            "high": accuracy.high,
            "front": row.name in front,
            **(place._asdict() if place else {}),
        }
        for (row, amount, accuracy), place in zip(found, places, strict=True)
    ]


def draw_differences(metrics: RunMetrics) -> alt.LayerChart:
    """Draw by how many points each model is ahead of each other; grey where the two do not differ significantly."""
    models = list_models(metrics)
    rows = [
        {"model": first, "other": second, "points": 100 * sign * pair.difference, **pair.model_dump()}
        for pair in metrics.pairs
        for first, second, sign in ((pair.first, pair.second, 1), (pair.second, pair.first, -1))
    ]
    base = alt.Chart(values(rows)).encode(
        x=alt.X("other:N", sort=models, title="compared with", axis=alt.Axis(labelAngle=-50)),
        y=alt.Y("model:N", sort=models, title="model"),
        tooltip=[
            alt.Tooltip("model:N"),
            alt.Tooltip("other:N"),
            alt.Tooltip("points:Q", format="+.2f"),
            alt.Tooltip("p_holm:Q", format=".2g", title="p (Holm)"),
            alt.Tooltip("only_first:Q", title="only the first is right"),
            alt.Tooltip("only_second:Q", title="only the second is right"),
        ],
    )
    scale = alt.Scale(scheme="blueorange", domain=[10, -10], clamp=True)
    color = alt.when("datum.differs").then(alt.Color("points:Q", scale=scale, legend=None)).otherwise(alt.value(TIED))
    ink = (
        alt.when("!datum.differs")
        .then(alt.value(GREY))
        .when("abs(datum.points) > 7")
        .then(alt.value("#ffffff"))
        .otherwise(alt.value("#222222"))
    )
    text = base.mark_text().encode(text=alt.Text("points:Q", format="+.1f"), color=ink)
    return layer(base.mark_rect().encode(color=color), text).properties(**matrix_size(len(models)))


def draw_agreement(metrics: RunMetrics, errors: Mistakes) -> alt.LayerChart:
    """Draw the share of test reviews on which two models give the same answer."""
    models = [name for name in list_models(metrics) if name in errors.models]
    rows = [
        {"model": first, "other": second, "share": share}
        for first, shares in zip(errors.models, errors.agreement, strict=True)
        for second, share in zip(errors.models, shares, strict=True)
        if first != second
    ]
    base = alt.Chart(values(rows)).encode(
        x=alt.X("other:N", sort=models, title=None, axis=alt.Axis(labelAngle=-50)),
        y=alt.Y("model:N", sort=models, title=None),
        tooltip=[alt.Tooltip("model:N"), alt.Tooltip("other:N"), alt.Tooltip("share:Q", format=".1%")],
    )
    return color_cells(base, "share", rows=rows).properties(**matrix_size(len(models)))


def draw_slices(metrics: RunMetrics) -> alt.LayerChart:
    """Draw the accuracy of each model on each slice of the test split."""
    models = list_models(metrics, without=[CONSTANT])
    rows = [
        {**part.model_dump(), "model": name, "slice": f"{part.group}: {part.name}"}
        for name in models
        for part in choose_slices(metrics, name)
    ]
    order = list(dict.fromkeys(str(row["slice"]) for row in rows))
    base = alt.Chart(values(rows)).encode(
        x=alt.X("model:N", sort=models, title=None, axis=alt.Axis(labelAngle=-50)),
        y=alt.Y("slice:N", sort=order, title=None),
        tooltip=[
            alt.Tooltip("model:N"),
            alt.Tooltip("slice:N"),
            alt.Tooltip("n:Q", title="reviews", format=","),
            *(alt.Tooltip(f"{field}:Q", format=".1%") for field in ("accuracy", "low", "high")),
        ],
    )
    return color_cells(base, "accuracy", rows=rows).properties(**matrix_size(len(order)))
