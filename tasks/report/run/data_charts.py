"""The charts of the reviews and of training on them: each function returns a Vega-Lite chart."""

from collections.abc import Sequence
from itertools import pairwise

import altair as alt

from tasks.compare.facts import Mistakes, Training
from tasks.compare.results import BASELINE
from tasks.report.frame.chart_style import COLORS, layer, values
from tasks.report.run.facts import RunMetrics
from tasks.train.variants import LONG_GROUP, SEED_GROUP


def draw_lengths(metrics: RunMetrics) -> alt.Chart:
    """Draw the lengths of the reviews, as a share of each split."""
    bounds = metrics.data.length_bounds
    names = [f"{low:,}-{high - 1:,}" for low, high in pairwise(bounds)] + [f"{bounds[-1]:,}+"]
    rows = [
        {"words": name, "split": split, "share": count / facts.num_reviews, "reviews": count}
        for split, facts in metrics.data.splits.items()
        for name, count in zip(names, facts.length_histogram, strict=True)
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
                    domain=list(metrics.data.splits), range=[COLORS[SEED_GROUP], COLORS[LONG_GROUP], COLORS[BASELINE]]
                ),
            ),
            tooltip=["split:N", "words:O", alt.Tooltip("share:Q", format=".1%"), alt.Tooltip("reviews:Q", format=",")],
        )
        .properties(width="container", height=240)
    )
    return chart


def draw_difficulty(errors: Mistakes) -> alt.Chart:
    """Draw the share of reviews that 0, 1, 2, ... models get wrong."""
    counts = errors.wrong_models
    rows = [{"models": number, "share": count / sum(counts), "reviews": count} for number, count in enumerate(counts)]
    chart: alt.Chart = (
        alt.Chart(values(rows))
        .mark_bar(color=COLORS[SEED_GROUP])
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


def draw_training(trainings: Sequence[Training]) -> alt.LayerChart:
    """Draw training and validation loss by epoch, one line per seed, with the best epoch marked."""
    rows = [
        {"seed": training.seed, "epoch": point.epoch, "split": split, "loss": loss}
        for training in trainings
        for point in training.curve
        for split, loss in (("training", point.loss), ("validation", point.val_loss))
    ]
    best = [
        {"epoch": training.best_epoch, "loss": min(point.val_loss for point in training.curve)}
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
                scale=alt.Scale(domain=["training", "validation"], range=[COLORS[SEED_GROUP], COLORS[BASELINE]]),
            ),
            detail="seed:N",
            tooltip=["split:N", "seed:N", "epoch:O", alt.Tooltip("loss:Q", format=".3f")],
        )
    )
    marks = alt.Chart(values(best)).mark_point(size=110, color=COLORS[BASELINE]).encode(x="epoch:O", y="loss:Q")
    return layer(curves, marks).properties(width="container", height=150)
