"""Whether a candidate may replace the champion: the difference on the same reviews, compared with two margins."""

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tasks.compare.power import POWER
from tasks.evaluate.intervals import CONFIDENCE
from tasks.promote.bounds import bound_difference, measure_deviation
from tasks.promote.facts import Gap, GateComparison, Rates, Ruling, SliceGap
from tasks.promote.rules import Margins

TAIL: Final = 1.0 - CONFIDENCE


class Slice(NamedTuple):
    """Some of the reviews, named; `inside` has shape (num_reviews,)."""

    group: str
    name: str
    inside: NDArray[np.bool_]


def judge(
    candidate: NDArray[np.bool_], champion: NDArray[np.bool_], slices: Sequence[Slice], margins: Margins
) -> Ruling:
    """Judge hits of shape (num_reviews,) over all reviews and in each slice.

    Over all reviews, the candidate has to show that it is not worse by more than the margin: the lower bound of the
    difference, which is too high in 5% of cases, has to be above minus the margin. Only an error in this direction
    matters, so the test is one-sided; a candidate that is worse by more than the margin passes in at most 5% of cases.

    In the slices, the burden of proof is reversed, because a slice of 50 reviews could never show this: a slice speaks
    against the candidate if its upper bound is below minus its margin. The 5% are shared among the slices by Holm's
    method, so that at most 5% of candidates that are within the margin on every slice are rejected by chance.
    """
    whole = measure_gap(candidate, champion, margin=margins.overall, tail=TAIL)
    members = [part for part in slices if part.inside.any()]
    gaps = correct_gaps(
        [measure_slice(candidate[part.inside], champion[part.inside], margin=margins.per_slice) for part in members]
    )
    rates = Rates(candidate=float(candidate.mean()), champion=float(champion.mean()))
    return rule(
        explain_whole(whole, rates, margins.overall),
        GateComparison(
            accuracy=rates,
            slices=tuple(
                SliceGap(group=part.group, name=part.name, **gap.model_dump())
                for part, gap in zip(members, gaps, strict=True)
            ),
            **whole.model_dump(),
        ),
        margins,
    )


def rule(about_whole: str, comparison: GateComparison, margins: Margins) -> Ruling:
    """Let a candidate pass if it is shown not to be worse over all reviews, and is not worse in any slice."""
    worse = [part for part in comparison.slices if part.place == "worse"]
    unit = comparison.unit
    return Ruling(
        passes=comparison.place == "kept" and not worse,
        reasons=(
            about_whole,
            *(explain_slice(part, margins.per_slice, unit) for part in worse),
            *([] if worse else [explain_slices(len(comparison.slices), margins.per_slice, unit)]),
        ),
        comparison=comparison,
    )


class SliceMeasure(NamedTuple):
    """The gap in a slice at any level, and by how many standard errors the candidate loses more than the margin."""

    bound: Callable[[float], Gap]
    loss: float


def correct_gaps(measures: Sequence[SliceMeasure]) -> list[Gap]:
    """Measure the gap in each slice, with bounds that are corrected for the number of slices (Holm 1979).

    The most certain loss has to show at the 5% divided by the number of slices, the next one at the 5% divided by one
    less, and so on, until one does not show; the bounds of that one and of all others have its level.
    """
    undecided = sorted(range(len(measures)), key=lambda index: -measures[index].loss)
    gaps = {index: measures[index].bound(TAIL / len(measures)) for index in undecided}
    while undecided and gaps[undecided[0]].place == "worse":
        undecided = undecided[1:]
        gaps |= {index: measures[index].bound(TAIL / len(undecided)) for index in undecided}
    return [gaps[index] for index in range(len(measures))]


def measure_slice(candidate: NDArray[np.bool_], champion: NDArray[np.bool_], *, margin: float) -> SliceMeasure:
    """Measure a slice by hits of shape (num_reviews,)."""
    return SliceMeasure(
        lambda tail: measure_gap(candidate, champion, margin=margin, tail=tail),
        measure_loss(candidate, champion, margin=margin),
    )


def measure_loss(candidate: NDArray[np.bool_], champion: NDArray[np.bool_], *, margin: float) -> float:
    """Return by how many standard errors the candidate loses more than the margin."""
    only_candidate, only_champion = count_alone(candidate, champion)
    return measure_deviation(only_champion, only_candidate, len(candidate), difference=margin)


def count_alone(candidate: NDArray[np.bool_], champion: NDArray[np.bool_]) -> tuple[int, int]:
    """Count the reviews that only the candidate and only the champion got right."""
    return int((candidate & ~champion).sum()), int((champion & ~candidate).sum())


def measure_gap(candidate: NDArray[np.bool_], champion: NDArray[np.bool_], *, margin: float, tail: float) -> Gap:
    """Measure the difference between hits of shape (num_reviews,) and compare its bounds with the margin."""
    only_candidate, only_champion = count_alone(candidate, champion)
    low, high = bound_difference(only_candidate, only_champion, len(candidate), tail=tail)
    return Gap(
        num_reviews=len(candidate),
        only_candidate=only_candidate,
        only_champion=only_champion,
        difference=(only_candidate - only_champion) / len(candidate),
        low=low,
        high=high,
        place=find_place(low, high, margin),
    )


def find_place(low: float, high: float, margin: float) -> Literal["worse", "kept", "open"]:
    """Tell what the bounds of a difference show: "worse" beyond the margin, "kept" within it, or neither."""
    return "worse" if high < -margin else "kept" if low > -margin else "open"


def explain_whole(gap: Gap, rates: Rates, margin: float) -> str:
    """Say how the two compare over all reviews, and which bound decides."""
    measured = (
        f"On {gap.num_reviews:,} test reviews, the candidate gets {rates.candidate:.2%} right and the champion "
        f"{rates.champion:.2%}. The difference is {show_points(gap.difference)}"
    )
    allowed = f"the margin of {100 * margin:g} points"
    match gap.place:
        case "kept":
            return f"{measured} and with 95% confidence at least {show_points(gap.low)}, which is within {allowed}."
        case "worse":
            return f"{measured} and with 95% confidence at most {show_points(gap.high)}, which is beyond {allowed}."
        case "open":
            return (
                f"{measured}, and its lower bound at 95% confidence is {show_points(gap.low)}, which is beyond "
                f"{allowed}.{recommend_reviews(gap, margin)}"
            )


def recommend_reviews(gap: Gap, margin: float) -> str:
    """Say how many test reviews would be needed, if that is more than there are."""
    if not margin:
        return " With a margin of 0, the candidate has to be significantly better."
    differing = max((gap.only_candidate + gap.only_champion) / gap.num_reviews, margin)
    needed = (norm.ppf(1.0 - TAIL) + norm.ppf(POWER)) ** 2 * differing / margin**2 + 1.0 / margin
    if needed <= gap.num_reviews:
        return ""
    rounded = math.ceil(needed / 100) * 100
    return f" An equally good candidate would pass in {POWER:.0%} of cases with about {rounded:,} test reviews."


def explain_slice(part: SliceGap, margin: float, unit: str) -> str:
    """Say how much worse the candidate is in a slice."""
    return (
        f"In the slice {part.group}: {part.name} ({part.num_reviews:,} reviews), the candidate is significantly worse. "
        f"The difference is {show_points(part.difference, unit)} and with 95% confidence over all slices at most "
        f"{show_points(part.high, unit)}, which is beyond the margin of {100 * margin:g} {unit}."
    )


def explain_slices(num_slices: int, margin: float, unit: str) -> str:
    """Say that no slice speaks against the candidate."""
    return (
        f"The candidate is not significantly worse by more than the margin of {100 * margin:g} {unit} in any of "
        f"{num_slices} slices."
    )


def show_points(difference: float, unit: str = "points") -> str:
    """Show a difference between shares in percentage points: show_points(-0.0123) -> "-1.23 points"."""
    return f"{100 * difference:+.2f} {unit}"
