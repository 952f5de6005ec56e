"""How far back a model reaches on a recall task.

It reaches the longest distance such that at this distance, and at every shorter one that was tried, at least half of
the seeds solved the task.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from tasks.ingest.sources.recall import RecallTask
from tasks.probe.facts import MeanAccuracy, Point

# For each recall task and model, a distance in words.
Reaches = Mapping[str, Mapping[str, int]]

# In `later`, the distance is not counted from the end of the text.
FROM_END: Final[tuple[RecallTask, ...]] = ("plain", "decoys", "order")


def find_reaches(rows: Sequence[MeanAccuracy]) -> dict[str, dict[str, int]]:
    """Find how far each model reaches on each recall task; 0 if it did not solve even the shortest distance."""
    reaches: dict[str, dict[str, int]] = {}
    lost: set[tuple[str, str]] = set()
    for row in sorted((row for row in rows if not row.upto), key=lambda row: row.distance):
        of_task = reaches.setdefault(row.recall_task, {})
        of_task.setdefault(row.model, 0)
        if not row.is_solved:
            lost.add((row.recall_task, row.model))
        elif (row.recall_task, row.model) not in lost:
            of_task[row.model] = row.distance
    return reaches


def find_solved_beyond(rows: Sequence[MeanAccuracy], model: str) -> dict[str, list[int]]:
    """Find the distances beyond a model's reach at which it nevertheless solves the task."""
    reaches = find_reaches(rows)
    beyond: dict[str, list[int]] = {}
    for row in rows:
        if row.model == model and not row.upto and row.distance > reaches[row.recall_task][model] and row.is_solved:
            beyond.setdefault(row.recall_task, []).append(row.distance)
    return beyond


def find_furthest(rows: Sequence[Point]) -> dict[str, dict[str, int]]:
    """Find the longest distance at which each model was tried on each recall task."""
    furthest: dict[str, dict[str, int]] = {}
    for row in rows:
        if not row.upto:
            of_task = furthest.setdefault(row.recall_task, {})
            of_task[row.model] = max(of_task.get(row.model, 0), row.distance)
    return furthest


def select(reaches: Reaches, *models: str) -> dict[str, Mapping[str, int]]:
    """Select the recall tasks with distances from the end on which all of the models were trained."""
    return {
        recall_task: of_task
        for recall_task, of_task in reaches.items()
        if recall_task in FROM_END and all(model in of_task for model in models)
    }


def describe_reach(rows: Sequence[MeanAccuracy], model: str) -> str:
    """Say how far a model reaches: "110 of 380 words back in plain, 80 of 380 in order (and at 380 again)"."""
    furthest, beyond = find_furthest(rows), find_solved_beyond(rows, model)
    found = select(find_reaches(rows), model)
    parts = [f"{reach[model]} of {furthest[task][model]} in {task}" for task, reach in found.items()]
    again = [f" (and at {', '.join(map(str, beyond[task]))} again)" if task in beyond else "" for task in found]
    parts = [part + more for part, more in zip(parts, again, strict=True)]
    return ", ".join(parts).replace(" in ", " words back in ", 1) or "not trained"
