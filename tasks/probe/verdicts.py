"""The course note's sentences and the expectations of the literature, held against what the probe measured.

How far a model reaches on a task: the longest distance such that at it, and at every shorter one that was tried, at
least half of the seeds solved the task.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from tasks.ingest.sources.recall import Task

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
        if not is_solved(row):
            lost.add((row["task"], row["model"]))
        elif (row["task"], row["model"]) not in lost:
            of_task[row["model"]] = row["distance"]
    return reaches


def is_solved(row: Mapping[str, Any]) -> bool:
    """Tell whether at least half of the seeds solved it."""
    return bool(2 * row["num_solved"] >= row["num_seeds"])


def find_solved_beyond(rows: Sequence[Mapping[str, Any]], model: str) -> dict[Task, list[int]]:
    """Find the distances past a model's reach at which it solves the task all the same."""
    reaches = find_reaches(rows)
    beyond: dict[Task, list[int]] = {}
    for row in rows:
        if (
            row["model"] == model
            and not row["upto"]
            and row["distance"] > reaches[row["task"]][model]
            and is_solved(row)
        ):
            beyond.setdefault(row["task"], []).append(row["distance"])
    return beyond


def judge_note(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Judge the note's sentences."""
    return [asdict(judgement) for judgement in (judge_loss(rows), judge_keeping(rows), judge_later(rows))]


def judge_loss(rows: Sequence[Mapping[str, Any]]) -> Judgement:
    """Does a plain recurrent network lose what lies far back?"""
    claim = "The word that decides lies very far from where it is needed: a plain recurrent network loses it"
    furthest, found = find_furthest(rows), select(find_reaches(rows), "simple-rnn")
    beyond = find_solved_beyond(rows, "simple-rnn")
    lost = [
        furthest[task]["simple-rnn"] not in (of_task["simple-rnn"], *beyond.get(task, ()))
        for task, of_task in found.items()
    ]
    return Judgement(
        claim,
        describe_reach(rows, "simple-rnn"),
        decide(lost),
        "Keras begins the recurrent matrix as a rotation, which neither swells nor fades what it carries. Begun at "
        f"random (random-rnn): {describe_reach(rows, 'random-rnn')}.",
    )


def judge_keeping(rows: Sequence[Mapping[str, Any]]) -> Judgement:
    """Does the cell state keep it?"""
    claim = "The cell state keeps context from earlier tokens relevant to later ones: an LSTM reaches further"
    both = select(find_reaches(rows), "simple-rnn", "lstm")
    measured = f"lstm: {describe_reach(rows, 'lstm')}; simple-rnn: {describe_reach(rows, 'simple-rnn')}"
    return Judgement(
        claim,
        measured,
        decide([of_task["lstm"] > of_task["simple-rnn"] for of_task in both.values()]),
        "With Keras's first bias of the forget gate, 1, a cell keeps 73% from word to word, 4% over ten words. Begun "
        f"with spans up to the whole text (chrono-lstm): {describe_reach(rows, 'chrono-lstm')}.",
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
    found = [is_solved(row) for row in rows if (row["task"], row["model"]) == ("later", model)]
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


def find_furthest(rows: Sequence[Mapping[str, Any]]) -> dict[Task, dict[str, int]]:
    """Find the longest distance that each model was tried at on each task."""
    furthest: dict[Task, dict[str, int]] = {}
    for row in rows:
        if not row["upto"]:
            of_task = furthest.setdefault(row["task"], {})
            of_task[row["model"]] = max(of_task.get(row["model"], 0), row["distance"])
    return furthest


def describe_reach(rows: Sequence[Mapping[str, Any]], model: str) -> str:
    """Say how far a model reaches: "110 of 380 words back in plain, 80 of 380 in order (and at 380 again)"."""
    furthest, beyond = find_furthest(rows), find_solved_beyond(rows, model)
    found = select(find_reaches(rows), model)
    parts = [f"{of_task[model]} of {furthest[task][model]} in {task}" for task, of_task in found.items()]
    again = [f" (and at {', '.join(map(str, beyond[task]))} again)" if task in beyond else "" for task in found]
    parts = [part + more for part, more in zip(parts, again, strict=True)]
    return ", ".join(parts).replace(" in ", " words back in ", 1) or "not trained"
