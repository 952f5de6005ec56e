"""The course note's sentences and the expectations of the literature, held against what the probe measured.

How far a model reaches on a task: the longest distance such that at it, and at every shorter one that was tried, at
least half of the seeds solved the task.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from tasks.ingest.recall import Task

Verdict = Literal["confirmed", "refuted", "depends", "not measured"]
Reaches = Mapping[Task, Mapping[str, int]]

# In `later` the distance is not that from the end.
FROM_END: Final[tuple[Task, ...]] = ("plain", "decoys", "order")
# At most so far above chance, in share, is no better than chance: about three standard errors of 1,000 texts.
CHANCE_MARGIN: Final = 0.05


@dataclass(frozen=True)
class Judgement:
    """A sentence, what was measured, the verdict and what it hangs on."""

    claim: str
    measured: str
    verdict: Verdict
    reason: str


def find_reaches(rows: Sequence[Mapping[str, Any]]) -> dict[Task, dict[str, int]]:
    """Find how far each model reaches on each task; 0 if it solved not even the shortest distance."""
    reaches: dict[Task, dict[str, int]] = {}
    lost: set[tuple[Task, str]] = set()
    for row in sorted((row for row in rows if not row["upto"]), key=lambda row: int(row["distance"])):
        of_task = reaches.setdefault(row["task"], {})
        of_task.setdefault(row["model"], 0)
        if 2 * row["num_solved"] < row["num_seeds"]:
            lost.add((row["task"], row["model"]))
        elif (row["task"], row["model"]) not in lost:
            of_task[row["model"]] = row["distance"]
    return reaches


def judge_note(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Judge the note's sentences."""
    reaches = find_reaches(rows)
    return [asdict(judgement) for judgement in (judge_loss(reaches, rows), judge_keeping(reaches), judge_later(rows))]


def judge_loss(reaches: Reaches, rows: Sequence[Mapping[str, Any]]) -> Judgement:
    """Does a plain recurrent network lose what lies far back?"""
    claim = "The word that decides lies very far from where it is needed: a plain recurrent network loses it"
    furthest = find_furthest(rows)
    lost = [of_task["simple-rnn"] < furthest[task] for task, of_task in select(reaches, "simple-rnn").items()]
    return Judgement(
        claim,
        describe_reach(reaches, "simple-rnn"),
        decide(lost),
        "Keras begins the recurrent matrix as a rotation, which neither swells nor fades what it carries. Begun at "
        f"random (random-rnn): {describe_reach(reaches, 'random-rnn')}.",
    )


def judge_keeping(reaches: Reaches) -> Judgement:
    """Does the cell state keep it?"""
    claim = "The cell state keeps context from earlier tokens relevant to later ones: an LSTM reaches further"
    both = select(reaches, "simple-rnn", "lstm")
    measured = f"lstm: {describe_reach(reaches, 'lstm')}; simple-rnn: {describe_reach(reaches, 'simple-rnn')}"
    return Judgement(
        claim,
        measured,
        decide([of_task["lstm"] > of_task["simple-rnn"] for of_task in both.values()]),
        "With Keras's first bias of the forget gate, 1, a cell keeps 73% from word to word, 4% over ten words. Begun "
        f"with spans up to the whole text (chrono-lstm): {describe_reach(reaches, 'chrono-lstm')}.",
    )


def judge_later(rows: Sequence[Mapping[str, Any]]) -> Judgement:
    """Can later words act on earlier ones, if both directions are read?"""
    claim = "The cell state can be bi-directional: later contexts can impact earlier ones"
    one_way = [row for row in rows if row["model"] == "lstm-at-place"]
    both_ways = [row for row in rows if row["model"] == "bilstm-at-place"]
    if not one_way or not both_ways:
        return Judgement(
            claim, "not trained", "not measured", "This run has no model that answers at the missing word."
        )
    is_blind = all(row["high"] <= 0.1 + CHANCE_MARGIN for row in one_way)
    helped = [row["mean"] > 0.1 + CHANCE_MARGIN for row in both_ways]
    shown = ", ".join(f"{row['distance']} words later {row['mean']:.0%}" for row in both_ways)
    return Judgement(
        claim,
        f"asked at the missing word, the LSTM of one direction gets {max(row['mean'] for row in one_way):.0%} at best, "
        f"the bidirectional one, with the country {shown}",
        decide(helped) if is_blind else "refuted",
        "Only who answers before the end needs it: whoever answers after the last word has read the later ones. There "
        f"{count_solved(rows, 'lstm')} by lstm, {count_solved(rows, 'bilstm')} by bilstm, which begins at both ends.",
    )


def count_solved(rows: Sequence[Mapping[str, Any]], model: str) -> str:
    """Say at how many distances of `later` at least half of a model's seeds solve it: "3 of 4 distances are solved"."""
    found = [
        2 * row["num_solved"] >= row["num_seeds"] for row in rows if (row["task"], row["model"]) == ("later", model)
    ]
    return f"{sum(found)} of {len(found)} distances are solved"


def decide(holds: Sequence[bool]) -> Verdict:
    """Reduce the tasks' answers: decide([True, False]) -> "depends"."""
    if not holds:
        return "not measured"
    return "depends" if len(set(holds)) > 1 else "confirmed" if holds[0] else "refuted"


def select(reaches: Reaches, *models: str) -> dict[Task, Mapping[str, int]]:
    """Select the tasks, of those whose distance is from the end, that all the models were trained on."""
    return {
        task: of_task
        for task, of_task in reaches.items()
        if task in FROM_END and all(model in of_task for model in models)
    }


def find_furthest(rows: Sequence[Mapping[str, Any]]) -> dict[Task, int]:
    """Find the longest distance that was tried on each task."""
    furthest: dict[Task, int] = {}
    for row in rows:
        if not row["upto"]:
            furthest[row["task"]] = max(furthest.get(row["task"], 0), row["distance"])
    return furthest


def describe_reach(reaches: Reaches, model: str) -> str:
    """Say how far a model reaches: "40 words back in plain, 110 in order"."""
    parts = [f"{of_task[model]} words back in {task}" for task, of_task in select(reaches, model).items()]
    return ", ".join(parts) or "not trained"
