"""The charts of the page, as Vega-Lite specifications: each function takes a run's metrics and returns one chart."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, cast

import altair as alt

from tasks.compare.cost import COSTS
from tasks.compare.results import BASELINE, CONSTANT, ENSEMBLE, TARGET_ACCURACY
from tasks.train.variants import LONG, MORE, SEED

Metrics = Mapping[str, Any]

# Each is told from the others and from a white and a nearly black page, also without the sense of red and green.
COLORS: Final = {BASELINE: "#d9690f", SEED: "#2f86d1", LONG: "#1a9e77", MORE: "#c2497f", ENSEMBLE: "#a873c4"}
SHAPES: Final = {BASELINE: "square", SEED: "circle", LONG: "triangle-up", MORE: "cross", ENSEMBLE: "diamond"}
GREY: Final = "#8a8f98"
TIED: Final = "#8a8f9833"
ROW_HEIGHT: Final = 24
# Beyond this from the best, in share, differences of colour would hide those between the others.
FAR_BEHIND: Final = 0.15
CURVE: Final = ("coverage", "accuracy")
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


def list_models(metrics: Metrics, *, without: Sequence[str] = ()) -> list[str]:
    """List the models that trained, best first."""
    rows = [row for row in metrics["variants"] if row["accuracy"] and row["group"] != ENSEMBLE]
    return [row["name"] for row in rows if row["name"] not in without]


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


def draw_cost(metrics: Metrics) -> alt.LayerChart:
    """Accuracy against each kind of cost, the models that nothing beats in both joined by a line.

    Models that are far behind the best are left out.
    """
    best = max(row["accuracy"]["mean"] for row in metrics["variants"] if row["accuracy"])
    rows = [
        {
            "model": row["name"],
            "group": row["group"],
            "cost": label,
            "amount": row[cost],
            "accuracy": row["accuracy"]["mean"],
            "low": row["accuracy"]["low"],
            "high": row["accuracy"]["high"],
            "front": row["name"] in metrics["pareto"][cost],
        }
        for cost, (_, label) in COSTS.items()
        for row in metrics["variants"]
        if row["accuracy"] and row[cost] is not None and row["accuracy"]["mean"] > best - FAR_BEHIND
    ]
    labels = [label for _, label in COSTS.values()]
    cost = alt.param(name="cost", value=labels[2], bind=alt.binding_select(options=labels, name="Cost: "))
    base = (
        alt.Chart(values(rows))
        .transform_filter("datum.cost == cost && datum.amount > 0")
        .encode(
            x=alt.X(
                "amount:Q",
                scale=alt.Scale(type="log", padding=24, nice=False),
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
    names = base.mark_text(align="left", dx=8, dy=-6).encode(y=accuracy, text="model:N").properties(name="names")
    return layer(front, interval, points, names).add_params(cost).properties(width="container", height=340)


def draw_differences(metrics: Metrics) -> alt.LayerChart:
    """How many points each model is ahead of each other; grey where the two cannot be told apart."""
    models = list_models(metrics)
    rows = [
        {"model": first, "other": second, "points": 100 * sign * pair["difference"], **pair}
        for pair in metrics["pairs"]
        for first, second, sign in ((pair["first"], pair["second"], 1), (pair["second"], pair["first"], -1))
    ]
    base = alt.Chart(values(rows)).encode(
        x=alt.X("other:N", sort=models, title="than", axis=alt.Axis(labelAngle=-50)),
        y=alt.Y("model:N", sort=models, title="how much better is"),
        tooltip=[
            alt.Tooltip("model:N"),
            alt.Tooltip("other:N"),
            alt.Tooltip("points:Q", format="+.2f"),
            alt.Tooltip("p_holm:Q", format=".2g", title="p, Holm"),
            alt.Tooltip("only_first:Q", title="right in the first alone"),
            alt.Tooltip("only_second:Q", title="right in the second alone"),
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


def matrix_size(num_rows: int) -> dict[str, Any]:
    """Size a chart of rows of text."""
    return {"width": "container", "height": ROW_HEIGHT * num_rows}


def draw_agreement(metrics: Metrics) -> alt.LayerChart:
    """On which share of the test reviews each two models answer the same."""
    errors = metrics["errors"]
    models = [name for name in list_models(metrics) if name in errors["models"]]
    rows = [
        {"model": first, "other": second, "share": share}
        for first, shares in zip(errors["models"], errors["agreement"], strict=True)
        for second, share in zip(errors["models"], shares, strict=True)
        if first != second
    ]
    base = alt.Chart(values(rows)).encode(
        x=alt.X("other:N", sort=models, title=None, axis=alt.Axis(labelAngle=-50)),
        y=alt.Y("model:N", sort=models, title=None),
        tooltip=[alt.Tooltip("model:N"), alt.Tooltip("other:N"), alt.Tooltip("share:Q", format=".1%")],
    )
    return color_cells(base, "share", rows=rows).properties(**matrix_size(len(models)))


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


def layer(*charts: alt.Chart) -> alt.LayerChart:
    """Put charts on top of each other; Altair's own function says that it may also return a facet."""
    return cast("alt.LayerChart", alt.layer(*charts))


def draw_slices(metrics: Metrics) -> alt.LayerChart:
    """Accuracy of each model on each slice of the test split."""
    models = list_models(metrics, without=[CONSTANT])
    rows = [
        {**part, "model": name, "slice": f"{part['group']}: {part['name']}"}
        for name in models
        for part in metrics["slices"]["models"][name]
    ]
    order = list(dict.fromkeys(row["slice"] for row in rows))
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


def choose_model(metrics: Metrics, *, without: Sequence[str] = (CONSTANT,)) -> alt.Parameter:
    """Let the reader choose one model; the recommended one comes first."""
    models = list_models(metrics, without=without)
    recommended = metrics["recommendation"]["name"]
    first = recommended if recommended in models else models[0]
    return alt.param(name="model", value=first, bind=alt.binding_select(options=models, name="Model: "))


def draw_reliability(metrics: Metrics) -> alt.LayerChart:
    """How often a model is right when it claims a probability, before and after calibration."""
    rows = [
        {"model": name, "stage": f"{stage} calibration", **point}
        for name, calibration in metrics["calibration"].items()
        for stage in ("before", "after")
        for point in calibration[stage]["reliability"]
    ]
    ideal = (
        alt.Chart(values([{"x": 0.0}, {"x": 1.0}])).mark_line(color=GREY, strokeDash=[4, 3]).encode(x="x:Q", y="x:Q")
    )
    curves = (
        alt.Chart(values(rows))
        .transform_filter("datum.model == model")
        .mark_line(point=alt.OverlayMarkDef(filled=True, size=50))
        .encode(
            x=alt.X("confidence:Q", scale=alt.Scale(domain=[0, 1]), title="claimed", axis=alt.Axis(format=".0%")),
            y=alt.Y("accuracy:Q", scale=alt.Scale(domain=[0, 1]), title="right", axis=alt.Axis(format=".0%")),
            color=alt.Color(
                "stage:N",
                title=None,
                scale=alt.Scale(
                    domain=["before calibration", "after calibration"], range=[COLORS[BASELINE], COLORS[SEED]]
                ),
            ),
            tooltip=[
                alt.Tooltip("stage:N"),
                alt.Tooltip("count:Q", title="reviews", format=","),
                alt.Tooltip("confidence:Q", title="claimed", format=".1%"),
                alt.Tooltip("accuracy:Q", title="right", format=".1%"),
            ],
        )
    )
    return layer(ideal, curves).add_params(choose_model(metrics)).properties(width="container", height=320)


def draw_selection(metrics: Metrics) -> alt.LayerChart:
    """How accurate each model is on the share of reviews that it is most confident of."""
    models = list_models(metrics, without=[CONSTANT])
    rows = [
        {"model": name, "coverage": coverage, "accuracy": accuracy}
        for name in models
        for coverage, accuracy in zip(*(metrics["selective"][name]["curve"][key] for key in CURVE), strict=True)
        if coverage > 0
    ]
    target = (
        alt.Chart(values([{"target": TARGET_ACCURACY}])).mark_rule(color=GREY, strokeDash=[4, 3]).encode(y="target:Q")
    )
    curves = (
        alt.Chart(values(rows))
        .mark_line()
        .encode(
            x=alt.X("coverage:Q", scale=alt.Scale(domain=[0, 1]), title="share answered", axis=alt.Axis(format=".0%")),
            y=alt.Y("accuracy:Q", scale=alt.Scale(zero=False), title="right among them", axis=alt.Axis(format=".0%")),
            color=alt.when("datum.model == model").then(alt.value(COLORS[BASELINE])).otherwise(alt.value(GREY)),
            opacity=alt.when("datum.model == model").then(alt.value(1)).otherwise(alt.value(0.45)),
            strokeWidth=alt.when("datum.model == model").then(alt.value(3)).otherwise(alt.value(1.2)),
            detail="model:N",
            tooltip=[
                alt.Tooltip("model:N"),
                alt.Tooltip("coverage:Q", format=".0%"),
                alt.Tooltip("accuracy:Q", format=".1%"),
            ],
        )
    )
    return layer(target, curves).add_params(choose_model(metrics)).properties(width="container", height=320)


def draw_training(trainings: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """Loss in training and on validation from epoch to epoch, one line per seed, the best epoch marked."""
    rows = [
        {"seed": training["seed"], "epoch": point["epoch"], "split": split, "loss": point[key]}
        for training in trainings
        for point in training["curve"]
        for split, key in (("training", "loss"), ("validation", "val_loss"))
    ]
    best = [
        {"epoch": training["best_epoch"], "loss": training["curve"][training["best_epoch"] - 1]["val_loss"]}
        for training in trainings
    ]
    curves = (
        alt.Chart(values(rows))
        .mark_line(point=alt.OverlayMarkDef(filled=True, size=20))
        .encode(
            x=alt.X("epoch:O", title="epoch", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("loss:Q", scale=alt.Scale(zero=False), title="loss"),
            color=alt.Color(
                "split:N",
                title=None,
                scale=alt.Scale(domain=["training", "validation"], range=[COLORS[SEED], COLORS[BASELINE]]),
            ),
            detail="seed:N",
            tooltip=["split:N", "seed:N", "epoch:O", alt.Tooltip("loss:Q", format=".3f")],
        )
    )
    marks = alt.Chart(values(best)).mark_point(size=110, color=COLORS[BASELINE]).encode(x="epoch:O", y="loss:Q")
    return layer(curves, marks).properties(width="container", height=150)


def draw_lengths(metrics: Metrics) -> alt.Chart:
    """How long the reviews are, as a share of each split."""
    bounds = metrics["data"]["length_bounds"]
    names = [f"{low:,}-{high - 1:,}" for low, high in pairwise(bounds)] + [f"{bounds[-1]:,}+"]
    rows = [
        {"words": name, "split": split, "share": count / facts["num_reviews"], "reviews": count}
        for split, facts in metrics["data"]["splits"].items()
        for name, count in zip(names, facts["length_histogram"], strict=True)
    ]
    chart: alt.Chart = (
        alt.Chart(values(rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("words:O", sort=names, title="words", axis=alt.Axis(labelAngle=-50)),
            y=alt.Y("share:Q", title="share of the split", axis=alt.Axis(format=".0%")),
            color=alt.Color(
                "split:N",
                title=None,
                scale=alt.Scale(
                    domain=list(metrics["data"]["splits"]), range=[COLORS[SEED], COLORS[LONG], COLORS[BASELINE]]
                ),
            ),
            tooltip=["split:N", "words:O", alt.Tooltip("share:Q", format=".1%"), alt.Tooltip("reviews:Q", format=",")],
        )
        .properties(width="container", height=240)
    )
    return chart


def draw_difficulty(metrics: Metrics) -> alt.Chart:
    """How many reviews are wrong in how many of the models."""
    counts = metrics["errors"]["wrong_models"]
    rows = [{"models": number, "share": count / sum(counts), "reviews": count} for number, count in enumerate(counts)]
    chart: alt.Chart = (
        alt.Chart(values(rows))
        .mark_bar(color=COLORS[SEED])
        .encode(
            x=alt.X("models:O", title="models that are wrong", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("share:Q", title="share of test reviews", axis=alt.Axis(format=".0%")),
            tooltip=[
                "models:O",
                alt.Tooltip("share:Q", format=".1%"),
                alt.Tooltip("reviews:Q", format=","),
            ],
        )
        .properties(width="container", height=220)
    )
    return chart
