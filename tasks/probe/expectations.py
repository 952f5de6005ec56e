"""What the literature leads one to expect of the probe, compared with what it measured."""

from collections.abc import Sequence
from typing import Final

from tasks.probe.facts import Judgement, MeanAccuracy
from tasks.probe.reach import describe_reach, find_furthest, find_reaches, select
from tasks.probe.verdicts import CHANCE_MARGIN, decide

FADES_BETWEEN: Final = (20, 50)
HOLDS_PAST: Final = 100
CONV_WIDTH: Final = 5
# What a bag of words can reach on the recall tasks in which single words tell nothing.
BAG_LIMITS: Final = {"decoys": 0.1, "order": 0.5}


def judge_expectations(rows: Sequence[MeanAccuracy]) -> tuple[Judgement, ...]:
    """Judge each expectation and name its source."""
    return (
        judge_fading(rows),
        *(judge_holding(rows, name) for name in ("lstm", "gru")),
        judge_convolution(rows),
        judge_pooling(rows),
        judge_attention(rows),
    )


def judge_fading(rows: Sequence[MeanAccuracy]) -> Judgement:
    """Bengio et al. 1994: the gradients of a plain recurrent network vanish."""
    low, high = FADES_BETWEEN
    found = select(find_reaches(rows), "simple-rnn")
    return Judgement(
        claim=f"simple-rnn forgets between {low} and {high} words back",
        measured=describe_reach(rows, "simple-rnn"),
        verdict=decide([low <= of_task["simple-rnn"] <= high for of_task in found.values()]),
        reason="Bengio, Simard & Frasconi 1994. Networks whose recurrent matrix is initialised as a rotation have been "
        "shown to reach hundreds of steps (Le, Jaitly & Hinton 2015; Henaff, Szlam & LeCun 2016).",
    )


def judge_holding(rows: Sequence[MeanAccuracy], model: str) -> Judgement:
    """Hochreiter & Schmidhuber 1997; Cho et al. 2014."""
    found = select(find_reaches(rows), model)
    return Judgement(
        claim=f"{model} remembers more than {HOLDS_PAST} words back, depending on the seed",
        measured=describe_reach(rows, model),
        verdict=decide([of_task[model] > HOLDS_PAST for of_task in found.values()]),
        reason="The LSTM of Hochreiter & Schmidhuber 1997 had no forget gate. In one that has it, the gate's initial "
        "bias sets the span (Gers et al. 2000; Jozefowicz et al. 2015; Tallec & Ollivier 2018).",
    )


def judge_convolution(rows: Sequence[MeanAccuracy]) -> Judgement:
    """A maximum over windows tells which windows occur, but not in which order."""
    furthest, of_model = find_furthest(rows), select(find_reaches(rows), "conv-max")
    answers = []
    if "plain" in of_model:
        answers.append(of_model["plain"]["conv-max"] == furthest["plain"]["conv-max"])
    if "order" in of_model:
        answers.append(of_model["order"]["conv-max"] <= CONV_WIDTH)
    return Judgement(
        claim=f"conv-max solves plain at any distance and fails order beyond its width of {CONV_WIDTH} words",
        measured=describe_reach(rows, "conv-max"),
        verdict=decide(answers),
        reason="Kim 2014: the maximum over all windows discards their positions. At 110 words back, the text has no "
        "room for 12 words between the two countries; the windows around them then share words, which reveals the "
        "order.",
    )


def judge_pooling(rows: Sequence[MeanAccuracy]) -> Judgement:
    """A bag of words cannot do better than its limit."""
    found = [row for row in rows if row.model == "average-pool" and row.recall_task in BAG_LIMITS]
    best = {
        recall_task: max((row.high for row in found if row.recall_task == recall_task), default=0.0)
        for recall_task in BAG_LIMITS
    }
    measured = ", ".join(f"at best {value:.0%} in {name}" for name, value in best.items()) if found else "not trained"
    return Judgement(
        claim="average-pool stays at the limit of a bag of words: 10% in decoys, 50% in order",
        measured=measured,
        verdict=decide([row.high <= BAG_LIMITS[row.recall_task] + CHANCE_MARGIN for row in found]),
        reason="This follows from how the texts are built; up to 5 points above the limit are chance.",
    )


def judge_attention(rows: Sequence[MeanAccuracy]) -> Judgement:
    """Vaswani et al. 2017: the path between any two words has length one."""
    found = [row for row in rows if row.model == "attention" and not row.upto and row.recall_task != "later"]
    return Judgement(
        claim="attention is unaffected by distance",
        measured=describe_reach(rows, "attention"),
        verdict=decide([row.is_solved for row in found]),
        reason="Vaswani et al. 2017: attention connects any two words in one step.",
    )
