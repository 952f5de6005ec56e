"""What the literature leads one to expect of the probe, held against what it measured."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from tasks.probe.verdicts import Judgement, decide, describe_reach, find_furthest, find_reaches, select

FADES_BETWEEN: Final = (20, 50)
HOLDS_PAST: Final = 100
CONV_WIDTH: Final = 5


def judge_expectations(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Judge each expectation, with its source."""
    judgements = (
        judge_fading(rows),
        *(judge_holding(rows, name) for name in ("lstm", "gru")),
        judge_convolution(rows),
        judge_pooling(rows),
        judge_attention(rows),
    )
    return [asdict(judgement) for judgement in judgements]


def judge_fading(rows: Sequence[Mapping[str, Any]]) -> Judgement:
    """Bengio et al. 1994: gradients of a plain network vanish."""
    low, high = FADES_BETWEEN
    fades = [low <= of_task["simple-rnn"] <= high for of_task in select(find_reaches(rows), "simple-rnn").values()]
    return Judgement(
        f"simple-rnn fades between {low} and {high} words",
        describe_reach(rows, "simple-rnn"),
        decide(fades),
        "Bengio, Simard & Frasconi 1994. A recurrent matrix that starts as a rotation was shown to reach hundreds of "
        "steps (Le, Jaitly & Hinton 2015; Henaff, Szlam & LeCun 2016).",
    )


def judge_holding(rows: Sequence[Mapping[str, Any]], model: str) -> Judgement:
    """Hochreiter & Schmidhuber 1997; Cho et al. 2014."""
    holds = [of_task[model] > HOLDS_PAST for of_task in select(find_reaches(rows), model).values()]
    return Judgement(
        f"{model} holds past {HOLDS_PAST} words, depending on the seed",
        describe_reach(rows, model),
        decide(holds),
        "Hochreiter & Schmidhuber 1997 had no forget gate; with one, its first bias sets the span (Gers et al. 2000; "
        "Jozefowicz et al. 2015; Tallec & Ollivier 2018).",
    )


def judge_convolution(rows: Sequence[Mapping[str, Any]]) -> Judgement:
    """A maximum over windows knows what is there, not in which order."""
    furthest, of_model = find_furthest(rows), select(find_reaches(rows), "conv-max")
    answers = []
    if "plain" in of_model:
        answers.append(of_model["plain"]["conv-max"] == furthest["plain"]["conv-max"])
    if "order" in of_model:
        answers.append(of_model["order"]["conv-max"] <= CONV_WIDTH)
    return Judgement(
        f"conv-max passes plain at any distance and fails order beyond its width of {CONV_WIDTH} words",
        describe_reach(rows, "conv-max"),
        decide(answers),
        "Kim 2014: the maximum over all windows forgets where they were. At 110 words back the text has no room for 12 "
        "words between the countries: windows around both share some, which gives their order away.",
    )


def judge_pooling(rows: Sequence[Mapping[str, Any]]) -> Judgement:
    """A bag of words cannot do better than its ceiling."""
    found = [row for row in rows if row["model"] == "average-pool" and row["task"] in {"decoys", "order"}]
    at_most = {"decoys": 0.1, "order": 0.5}
    answers = [row["high"] <= at_most[row["task"]] + 0.05 for row in found]
    best = {task: max((row["high"] for row in found if row["task"] == task), default=0.0) for task in at_most}
    measured = ", ".join(f"at best {value:.0%} in {task}" for task, value in best.items()) if found else "not trained"
    return Judgement(
        "average-pool stays at what a bag of words can reach: 10% in decoys, 50% in order",
        measured,
        decide(answers),
        "By construction of the texts; up to 5 points above are chance.",
    )


def judge_attention(rows: Sequence[Mapping[str, Any]]) -> Judgement:
    """Vaswani et al. 2017: the path between any two words has length one."""
    near = [row for row in rows if row["model"] == "attention" and not row["upto"] and row["task"] != "later"]
    answers = [2 * row["num_solved"] >= row["num_seeds"] for row in near]
    return Judgement(
        "attention does not mind the distance",
        describe_reach(rows, "attention"),
        decide(answers),
        "Vaswani et al. 2017: any two words are one step apart.",
    )
