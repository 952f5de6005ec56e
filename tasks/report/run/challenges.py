"""How the models do on further test sets: a sentence for each set, and a table."""

from tasks.challenge.facts import Challenge, ChallengedModel
from tasks.compare.facts import Estimate
from tasks.formatting.markdown import escape_markdown, render_table
from tasks.ingest.challenge import describe_challenge
from tasks.report.run.facts import RunLeaderboard, RunMetrics
from tasks.report.run.tables import Table, make_table


def describe_challenges(metrics: RunMetrics | RunLeaderboard) -> list[str]:
    """Say for each set how the recommended model does, or the best one on the leaderboard if none is recommended."""
    return [describe_model(challenge, metrics) for challenge in metrics.challenges]


def describe_model(challenge: Challenge, metrics: RunMetrics | RunLeaderboard) -> str:
    """Say how one model does on a set: "On contrast (488 reviews), nb-svm is 78.1% accurate, 13.6 points less ..."."""
    about = f"On {challenge.reviews.name} ({challenge.reviews.num_reviews:,} reviews), "
    found = choose_model(challenge, metrics)
    if found is None:
        return f"{about}no model was tried, because none trained."
    drop = found.drop
    points = f"{100 * abs(drop.value):.1f} points {'less' if drop.value >= 0 else 'more'} than on test"
    return (
        f"{about}{found.model} is {found.accuracy.value:.1%} accurate ({show_range(found.accuracy, digits=1)}%), "
        f"{points} (95% interval of the drop: {show_range(drop, digits=1)})."
    )


def choose_model(challenge: Challenge, metrics: RunMetrics | RunLeaderboard) -> ChallengedModel | None:
    """Choose the model that the sentence is about."""
    tried = {it.model: it for it in challenge.models}
    recommended = [metrics.recommendation.name] if metrics.recommendation else []
    return next(
        (tried[name] for name in (*recommended, *(row.name for row in metrics.variants)) if name in tried), None
    )


def show_range(estimate: Estimate, *, digits: int) -> str:
    """Write an interval in percent or points: "74.2 to 81.6"."""
    return f"{100 * estimate.low:.{digits}f} to {100 * estimate.high:.{digits}f}"


def tabulate_challenges(metrics: RunMetrics) -> Table | None:
    """Tabulate every model on every set, sets side by side, models in the order of the leaderboard."""
    rows = []
    for row in metrics.variants:
        cells = {"model": row.name, "test": f"{row.accuracy.mean:.1%}" if row.accuracy else "-"}
        for challenge in metrics.challenges:
            found = next((it for it in challenge.models if it.model == row.name), None)
            if found:
                name = challenge.reviews.name
                accuracy = f"{found.accuracy.value:.1%} ({show_range(found.accuracy, digits=1)})"
                drop = f"{100 * found.drop.value:+.1f} ({show_range(found.drop, digits=1)})"
                cells |= {name: accuracy, f"{name}: drop": drop}
        if len(cells) > 2:  # noqa: PLR2004  more than the name and the accuracy on test
            rows.append(cells)
    return make_table(rows)


def render_challenges(metrics: RunMetrics) -> list[str]:
    """Render the sentences and the table as Markdown."""
    table = tabulate_challenges(metrics)
    if table is None:
        return []
    lines = [escape_markdown(line) for line in describe_challenges(metrics)]
    left_out = [escape_markdown(describe_challenge(it.reviews)) for it in metrics.challenges]
    shown = render_table([dict(row) for row in table.rows], right_aligned=set(table.numbers))
    return ["## Further test sets", *lines, shown, *left_out]
