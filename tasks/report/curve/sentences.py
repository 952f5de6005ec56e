"""What learning curves say in sentences: the same in the terminal, on the pages and in Markdown."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from tasks.curve.facts import Estimate, Findings, Growth, Winner
from tasks.formatting.texts import join

QUESTION: Final = "What would more data bring?"
# A smaller gain is hardly worth the labels.
LEVEL: Final = 0.0005
METHOD: Final = {
    "sizes": (
        "Each label keeps its share at every size, and smaller sets lie in larger ones. The validation split, by which "
        "epochs, temperatures and thresholds are chosen, shrinks with the training split; the test split is always "
        "the whole one. Each seed draws its own sets and trains its own models, so that the intervals also cover which "
        "reviews happen to be in a set. On the whole split, seeds differ only in the training, and a baseline is "
        "fitted once."
    ),
    "law": (
        "The lines are power laws, error = a + b n^-c, where n is the number of training reviews and neither a nor b "
        "is negative, fitted by weighted least squares. Bands and intervals (95%) come from a bootstrap of 2,000 draws "
        "over the test reviews, the same ones at all sizes, and over the seeds, whose spread is estimated from all "
        "sizes together; they are widened where the points scatter more around the law than that explains. They do not "
        "cover that growth may follow another law."
    ),
    "check": (
        "Each law is tested: it is fitted without the largest size, and what it then expects there is compared with "
        "what was measured. A law passes if the interval of the difference contains zero."
    ),
    "winners": (
        "A model differs from the most accurate one at its size by the test of the leaderboard: McNemar's exact test "
        "with Holm's correction over all pairs, and an interval of the difference, over reviews and seeds, that "
        "excludes zero. Where some are not told apart, the table says how many test reviews would tell the two best "
        "apart in 80 of 100 cases, if they differ as much as here."
    ),
}


def describe_curve(curves: Findings) -> list[str]:
    """Say what twice the training reviews would bring, how far to trust that, and which model is best at which size."""
    return [line for line in (describe_gain(curves), describe_trust(curves), describe_winners(curves)) if line]


def find_best(curves: Findings) -> Growth | None:
    """Find the growth of the model that is the most accurate at the largest size; None without a law for it."""
    if not curves.winners:
        return None
    best = curves.winners[-1].best
    return next((growth for growth in curves.growths if growth.model == best), None)


def describe_gain(curves: Findings) -> str:
    """Say what twice the training reviews would bring the model that is best with all of them."""
    growth = find_best(curves)
    if not curves.winners:
        return "No model was trained."
    largest = curves.winners[-1].num_train
    if not any(winner.beats_chance for winner in curves.winners):
        return f"No model beats the constant answer with up to {largest:,} training reviews."
    if growth is None:
        return (
            f"What more than {largest:,} training reviews would bring {curves.winners[-1].best} is unknown; it takes "
            "at least three sizes."
        )
    about = f"Twice the {largest:,} training reviews would bring {growth.model}"
    if growth.gain.high < LEVEL:
        return f"{about} nothing: its accuracy does not grow with the number of reviews."
    return f"{about} about {show_gain(growth.gain)}."


def describe_trust(curves: Findings) -> str:
    """Say how far to trust the forecast; empty if there is none."""
    growth = find_best(curves)
    if growth is None or not curves.winners[-1].beats_chance:
        return ""
    seeds = {point.num_seeds for point in curves.points if point.model == growth.model}
    alone = (
        " With one seed, the interval covers little of the choice of the training reviews: use --seeds 3."
        if seeds == {1}
        else ""
    )
    check = growth.check
    if check is None:
        return f"That is a guess: the law that it follows from can be tested with four sizes or more.{alone}"
    expected = (
        f"expected {show_accuracy(check.expected)} with {check.num_train:,}, and {check.measured:.1%} was measured"
    )
    if check.is_foreseen:
        return f"The same law, fitted without the largest size, foresaw it: it {expected}.{alone}"
    return (
        f"Do not rely on that: the same law, fitted without the largest size, {expected}, "
        f"{abs(100 * check.gap.mean):.1f} points {'less' if check.gap.mean > 0 else 'more'}.{alone}"
    )


def describe_winners(curves: Findings) -> str:
    """Say which model is best at which size: "nb-svm with 1,125 to 11,250 training reviews; lstm with 22,500."."""
    if not curves.winners:
        return ""
    spans = [
        f"{name_winner(best)} with {show_span([winner.num_train for winner in winners])}"
        for best, winners in (
            (best, list(group))
            for best, group in groupby(curves.winners, key=lambda it: it.best if it.beats_chance else "")
        )
    ]
    first, *others = spans
    return "; ".join([f"The most accurate on test: {first} training reviews", *others]) + "."


def name_winner(best: str) -> str:
    """Name the best model of a size, or say that there is none."""
    return best or "no model (none beats the constant answer)"


def show_span(sizes: Sequence[int]) -> str:
    """Show the sizes from the first to the last: [1125, 2250] -> "1,125 to 2,250"."""
    return f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"


def describe_tie(winner: Winner) -> str:
    """Say which models do not differ from the best of a size significantly."""
    return join(winner.tied) if winner.tied else "no other"


def show_gain(gain: Estimate) -> str:
    """Show a gain in points: "+0.6 points (95% interval 0.2 to 1.1)"."""
    return f"+{100 * gain.mean:.1f} points of accuracy (95% interval {100 * gain.low:.1f} to {100 * gain.high:.1f})"


def show_accuracy(accuracy: Estimate) -> str:
    """Show an accuracy with its interval: "91.5% (91.1-91.9%)"."""
    return f"{accuracy.mean:.1%} ({100 * accuracy.low:.1f}-{accuracy.high:.1%})"
