"""The charts of calibration and selection: each function takes a run's metrics and returns a Vega-Lite chart."""

import altair as alt

from tasks.compare.results import BASELINE, CONSTANT, TARGET_ACCURACY
from tasks.report.frame.chart_style import COLORS, GREY, choose_model, layer, list_models, values
from tasks.report.run.facts import RunMetrics
from tasks.train.variants import SEED_GROUP


def draw_reliability(metrics: RunMetrics) -> alt.LayerChart:
    """Draw accuracy against predicted probability, before and after calibration."""
    rows = [
        {"model": name, "stage": f"{stage} calibration", **point.model_dump()}
        for name, calibration in metrics.calibration.items()
        for stage, scores in (("before", calibration.before), ("after", calibration.after))
        for point in scores.reliability
    ]
    ideal = (
        alt.Chart(values([{"x": 0.0}, {"x": 1.0}])).mark_line(color=GREY, strokeDash=[4, 3]).encode(x="x:Q", y="x:Q")
    )
    curves = (
        alt.Chart(values(rows))
        .transform_filter("datum.model == model")
        .mark_line(point=alt.OverlayMarkDef(filled=True, size=50))
        .encode(
            x=alt.X("confidence:Q", scale=alt.Scale(domain=[0, 1]), title="probability", axis=alt.Axis(format=".0%")),
            y=alt.Y("accuracy:Q", scale=alt.Scale(domain=[0, 1]), title="accuracy", axis=alt.Axis(format=".0%")),
            color=alt.Color(
                "stage:N",
                title=None,
                scale=alt.Scale(
                    domain=["before calibration", "after calibration"], range=[COLORS[BASELINE], COLORS[SEED_GROUP]]
                ),
            ),
            tooltip=[
                alt.Tooltip("stage:N"),
                alt.Tooltip("count:Q", title="reviews", format=","),
                alt.Tooltip("confidence:Q", title="probability", format=".1%"),
                alt.Tooltip("accuracy:Q", title="accuracy", format=".1%"),
            ],
        )
    )
    return layer(ideal, curves).add_params(choose_model(metrics)).properties(width="container", height=320)


def draw_selection(metrics: RunMetrics) -> alt.LayerChart:
    """Draw the accuracy of each model on the share of reviews about which it is most confident."""
    models = list_models(metrics, without=[CONSTANT])
    rows = [
        {"model": name, "coverage": coverage, "accuracy": accuracy}
        for name in models
        for curve in [metrics.selective[name].curve]
        for coverage, accuracy in zip(curve.coverage, curve.accuracy, strict=True)
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
            y=alt.Y("accuracy:Q", scale=alt.Scale(zero=False), title="their accuracy", axis=alt.Axis(format=".0%")),
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
