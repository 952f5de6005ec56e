"""What a leaderboard says about the run as a whole."""

import pytest

from tasks.compare.run import describe_device
from tasks.train.facts import TrainingFacts


@pytest.mark.parametrize(
    ("instructions", "shown"),
    [("avx2", "CPU (2 cores), tensorflow, C library (avx2)"), (None, "CPU (2 cores), tensorflow")],
)
def test_instructions_of_the_library_are_named(instructions: str | None, shown: str) -> None:
    training = TrainingFacts.model_construct(device="CPU (2 cores), tensorflow", instructions=instructions)
    assert describe_device(training) == shown
