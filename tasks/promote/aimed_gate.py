"""The gate of a run that aims at another metric than accuracy: the same two tests, of differences in that metric."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.objective.decisions import evaluate
from tasks.objective.facts import Objective
from tasks.objective.tally import count_kinds, draw_reviews, measure
from tasks.promote.facts import Gap, GateComparison, Rates, Ruling, SliceGap
from tasks.promote.gate import (
    TAIL,
    Slice,
    SliceMeasure,
    correct_gaps,
    count_alone,
    find_place,
    measure_gap,
    measure_slice,
    rule,
    show_points,
)
from tasks.promote.rules import Margins

# Enough for the level of one of a hundred slices.
NUM_DRAWS: Final = 20_000
# A metric of all labels weighs them by itself, and giving up some of one for another is what it is chosen for.
LABEL: Final = "label"

Labels = NDArray[np.integer[Any]]


class Answers(NamedTuple):
    """The labels of the test reviews and the answers of both models, all of shape (num_reviews,)."""

    labels: Labels
    candidate: Labels
    champion: Labels
    num_classes: int

    def of_reviews(self, mask: NDArray[np.bool_]) -> "Answers":
        """Keep some of the reviews."""
        return Answers(self.labels[mask], self.candidate[mask], self.champion[mask], self.num_classes)

    @property
    def hits(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which reviews the candidate and the champion get right."""
        return self.candidate == self.labels, self.champion == self.labels


def judge_aimed(answers: Answers, slices: Sequence[Slice], margins: Margins, objective: Objective) -> Ruling:
    """Judge a candidate as `judge` does, by the metric that decides; there are no slices of labels.

    A recall is the share of right answers to the reviews of a label, so its bounds are those of an accuracy. Those of
    other metrics are from a bootstrap.
    """
    if objective.place is not None:
        mine = answers.labels == objective.place
        if not mine.any():
            raise UserError(f"no test review has the label {objective.label!r}, whose recall decides; expected some.")
        answers = answers.of_reviews(mine)
        slices = [part._replace(inside=part.inside[mine]) for part in slices]
    members = [part for part in slices if part.inside.any() and part.group != LABEL]
    whole = measure_aimed(answers, objective, margin=margins.overall)
    gaps = correct_gaps(
        [measure_aimed(answers.of_reviews(part.inside), objective, margin=margins.per_slice) for part in members]
    )
    candidate, champion = answers.hits
    comparison = GateComparison(
        accuracy=Rates(candidate=float(candidate.mean()), champion=float(champion.mean())),
        metric=objective.title,
        scores=measure_both(answers, objective),
        slices=tuple(
            SliceGap(group=part.group, name=part.name, **gap.model_dump())
            for part, gap in zip(members, gaps, strict=True)
        ),
        **whole.bound(TAIL).model_dump(),
    )
    return rule(explain_aimed(comparison, margins.overall), comparison, margins)


def measure_both(answers: Answers, objective: Objective) -> Rates:
    """Measure the metric of both models; costs are positive."""
    candidate, champion = (
        objective.sign * evaluate(it, answers.labels, answers.num_classes, objective)
        for it in (answers.candidate, answers.champion)
    )
    return Rates(candidate=candidate, champion=champion)


def measure_aimed(answers: Answers, objective: Objective, *, margin: float) -> SliceMeasure:
    """Measure the difference in the metric on some reviews."""
    if objective.place is not None:
        candidate, champion = answers.hits
        measured = measure_slice(candidate, champion, margin=margin)
        return measured._replace(bound=lambda tail: measure_gap(candidate, champion, margin=margin, tail=tail))
    scores = measure_both(answers, objective)
    difference = objective.sign * (scores.candidate - scores.champion)
    lows, highs = (draw_differences(answers, objective, in_favour=it) for it in ("champion", "candidate"))

    def bound(tail: float) -> Gap:
        low, high = (
            min(float(np.quantile(lows, tail)), difference),
            max(float(np.quantile(highs, 1 - tail)), difference),
        )
        only_candidate, only_champion = count_alone(*answers.hits)
        return Gap(
            num_reviews=len(answers.labels),
            only_candidate=only_candidate,
            only_champion=only_champion,
            difference=difference,
            low=low,
            high=high,
            place=find_place(low, high, margin),
        )

    return SliceMeasure(bound, (-margin - difference) / max(float(highs.std()), 1e-12))


def draw_differences(answers: Answers, objective: Objective, *, in_favour: str) -> NDArray[np.float64]:
    """Resample the reviews and measure the candidate's metric minus the champion's: shape (NUM_DRAWS,).

    To each label a review is added that only one of the two gets right, the model in whose favour the bound shall err.
    Otherwise two models that agree on all of 20 reviews would seem to be equal with certainty.
    """
    answered = np.stack([answers.labels, answers.candidate, answers.champion])
    kinds, counts = np.unique(answered, axis=1, return_counts=True)
    present = np.unique(answers.labels)
    wrong = choose_wrong(present, answers.num_classes, objective)
    added = (present, wrong, present) if in_favour == "champion" else (present, present, wrong)
    kinds = np.hstack([kinds, np.stack(added)])
    counts = np.concatenate([counts, np.ones(len(present), counts.dtype)])
    drawn = []
    for part in draw_reviews(counts, NUM_DRAWS):
        candidate, champion = (
            measure(count_kinds(part, kinds[0], row, answers.num_classes, objective), objective) for row in kinds[1:]
        )
        drawn.append(candidate - champion)
    return np.concatenate(drawn)


def choose_wrong(labels: Labels, num_classes: int, objective: Objective) -> Labels:
    """Choose a wrong answer to each label: the most expensive one if costs are known, otherwise the next label."""
    if objective.costs is None:
        return (labels + 1) % num_classes
    return np.asarray(np.array(objective.costs)[labels].argmax(axis=1))


def explain_aimed(comparison: GateComparison, margin: float) -> str:
    """Say how the two compare over all reviews, and which bound decides."""
    unit, scores = comparison.unit, comparison.scores or comparison.accuracy
    measured = (
        f"On {comparison.num_reviews:,} test reviews, the candidate's {comparison.metric} is {scores.candidate:.4f} "
        f"and the champion's {scores.champion:.4f}. The candidate's advantage is "
        f"{show_points(comparison.difference, unit)}"
    )
    allowed = f"the margin of {100 * margin:g} {unit}"
    match comparison.place:
        case "kept":
            low = show_points(comparison.low, unit)
            return f"{measured} and with 95% confidence at least {low}, which is within {allowed}."
        case "worse":
            high = show_points(comparison.high, unit)
            return f"{measured} and with 95% confidence at most {high}, which is beyond {allowed}."
        case "open":
            low = show_points(comparison.low, unit)
            return f"{measured}, and its lower bound at 95% confidence is {low}, which is beyond {allowed}."
