"""What a leaderboard says about the run as a whole, and how its models are evaluated."""

import threading
from pathlib import Path
from typing import Any

import pytest

from tasks.compare.results import Entrant, FailedModel
from tasks.compare.run import Candidate, attempt_all, describe_device
from tasks.errors import TrainingError
from tasks.process.gate import GATE
from tasks.process.place import PLACE
from tasks.train.facts import TrainingFacts


@pytest.mark.parametrize(
    ("instructions", "shown"),
    [("avx2", "CPU (2 cores), tensorflow, C library (avx2)"), (None, "CPU (2 cores), tensorflow")],
)
def test_instructions_of_the_library_are_named(instructions: str | None, shown: str) -> None:
    training = TrainingFacts.model_construct(device="CPU (2 cores), tensorflow", instructions=instructions)
    assert describe_device(training) == shown


def test_models_are_evaluated_side_by_side_on_all_cores_behind_one_gate(tmp_path: Path) -> None:
    meeting = threading.Barrier(2, timeout=60)
    seen: list[Any] = []

    def evaluate(_model: Any) -> Any:
        meeting.wait()
        seen.append((GATE.get(), PLACE.get().cores))
        raise TrainingError("it has no texts")

    candidates = [
        Candidate(Entrant(variant=name, group="seed", encoding="text", seed=1), lambda: Any, evaluate)
        for name in ("lstm", "flatten")
    ]
    results = attempt_all(candidates, jobs=2, locks=tmp_path)
    assert [(it.variant, isinstance(it, FailedModel) and it.reason) for it in results] == [
        ("lstm", "it has no texts"),
        ("flatten", "it has no texts"),
    ]
    assert seen == [(seen[0][0], frozenset())] * 2
    assert not list(tmp_path.iterdir())
