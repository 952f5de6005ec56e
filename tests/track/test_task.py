"""The task says in its state and in the log what a tracker did not accept."""

from pathlib import Path

import pytest
from prefect.logging import disable_run_logger

from tasks.track.facts import Target
from tasks.track.task import mirror_run


@pytest.mark.parametrize(
    ("warnings", "name", "message"), [([], "Completed", "mirrored"), (["down."], "Incomplete", "down.")]
)
def test_state_is_named_after_what_happened(
    warnings: list[str], name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.track.task.mirror", lambda *_, **__: warnings)
    with disable_run_logger():
        state = mirror_run.fn(["mlflow"], Target("x", Path("artifacts")), seconds=1)
    assert (state.name, state.message) == (name, message)
